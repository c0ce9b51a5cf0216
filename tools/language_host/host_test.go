package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// cloneWith lays out a clone whose virtual environment holds the given files under site-packages.
func cloneWith(t *testing.T, files map[string]string) string {
	t.Helper()
	clone := t.TempDir()
	for name, text := range files {
		path := filepath.Join(clone, ".venv", "lib", "python3.11", "site-packages", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return clone
}

func TestItReportsTheVersionOfTheInstalledPulumiPackage(t *testing.T) {
	clone := cloneWith(t, map[string]string{
		"pulumi-3.272.0.dist-info/METADATA":    "",
		"pulumi_aws-7.51.1.dist-info/METADATA": "",
	})
	info, err := newHost(clone, "").GetPluginInfo(context.Background(), nil)
	if err != nil || info.Version != "3.272.0" {
		t.Fatalf("version %q, error %v", info.GetVersion(), err)
	}
}

func TestItListsThePluginsThatInstalledPackagesNeed(t *testing.T) {
	clone := cloneWith(t, map[string]string{
		"pulumi_aws/pulumi-plugin.json":    `{"resource": true, "name": "aws", "version": "7.51.1"}`,
		"pulumi_policy/pulumi-plugin.json": `{"resource": false, "name": "policy"}`,
	})
	request := &pulumirpc.GetRequiredPackagesRequest{Info: &pulumirpc.ProgramInfo{}}
	response, err := newHost(clone, "").GetRequiredPackages(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	if len(response.Packages) != 1 || response.Packages[0].Name != "aws" {
		t.Fatalf("packages: %v", response.Packages)
	}
}

func TestAVirtualEnvironmentThatIsNotThereIsNamedToTheUser(t *testing.T) {
	options, err := structpb.NewStruct(map[string]any{"virtualenv": "nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	info := &pulumirpc.ProgramInfo{RootDirectory: t.TempDir(), Options: options}
	_, err = newHost("", "").virtualenv(info)
	if status.Code(err) != codes.FailedPrecondition {
		t.Fatalf("error: %v", err)
	}
}
