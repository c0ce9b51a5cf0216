package main

import (
	"slices"
	"testing"
)

func loaded(t *testing.T) *names {
	t.Helper()
	n, err := loadNames(namesJSON)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTokensBecomeWhatTheBridgeDerivesFromTerraformTypes(t *testing.T) {
	n := loaded(t)
	for token, want := range map[string]string{
		"aws:ec2/vpc:Vpc": "aws:index/vpc:Vpc",
		"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "aws:index/vpcSecurityGroupIngressRule:VpcSecurityGroupIngressRule",
		"aws:route53/zone:Zone":     "aws:index/route53Zone:Route53Zone",
		"aws:ec2/getVpc:getVpc":     "aws:index/getVpc:getVpc",
		"aws:kms/getKey:getKey":     "aws:index/getKmsKey:getKmsKey",
		"pulumi:providers:aws":      "pulumi:providers:aws",
		"aws:s3/bucketV2:Bucket":    "aws:s3/bucketV2:Bucket",
		"tenantnet:network:Network": "tenantnet:network:Network",
	} {
		if got := translate(n.toBridge, token); got != want {
			t.Errorf("%s became %s, want %s", token, got, want)
		}
	}
}

func TestNoTwoResourcesShareABridgeToken(t *testing.T) {
	n := loaded(t)
	for token, back := range n.fromBridge {
		if n.toBridge[back] != token {
			t.Errorf("%s leads back to %s, which stands for %s", token, back, n.toBridge[back])
		}
	}
}

func TestTerraformTypesAreListedOnceAndSorted(t *testing.T) {
	types := loaded(t).terraformTypes
	if !slices.IsSorted(types) || len(slices.Compact(slices.Clone(types))) != len(types) {
		t.Errorf("not sorted, or some twice: %v", types)
	}
}

func TestOnlyTheResourcesOwnTypeChangesInAURN(t *testing.T) {
	n := loaded(t)
	const (
		ours     = "urn:pulumi:acme::tenantnet::tenantnet:index:Network$aws:ec2/vpc:Vpc$aws:ec2/subnet:Subnet::hosts::x"
		bridge   = "urn:pulumi:acme::tenantnet::tenantnet:index:Network$aws:ec2/vpc:Vpc$aws:index/subnet:Subnet::hosts::x"
		notAURN  = "urn:pulumi:acme"
		ourRoot  = "urn:pulumi:acme::tenantnet::aws:ec2/vpc:Vpc::v"
		rootType = "aws:ec2/vpc:Vpc"
	)
	if got := translateURN(n.toBridge, ours); got != bridge {
		t.Errorf("got %s", got)
	}
	if got := translateURN(n.fromBridge, bridge); got != ours {
		t.Errorf("back: got %s", got)
	}
	if got := translateURN(n.toBridge, notAURN); got != notAURN {
		t.Errorf("got %s", got)
	}
	if got := typeOfURN(ourRoot); got != rootType {
		t.Errorf("type %q", got)
	}
	if got := typeOfURN(notAURN); got != "" {
		t.Errorf("type %q of what is no URN", got)
	}
}

func TestOnlyTheFirstStepOfAPathIsRenamed(t *testing.T) {
	renamed := map[string]string{"name": "alarmName"}
	for path, want := range map[string]string{
		"name":          "alarmName",
		"name.name":     "alarmName.name",
		`name["name"]`:  `alarmName["name"]`,
		"names":         "names",
		"dimensions[0]": "dimensions[0]",
		"":              "",
	} {
		if got := translatePath(renamed, path); got != want {
			t.Errorf("%q became %q, want %q", path, got, want)
		}
	}
}
