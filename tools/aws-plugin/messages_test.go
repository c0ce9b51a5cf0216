package main

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

const (
	alarmType = "aws:cloudwatch/metricAlarm:MetricAlarm"
	alarmURN  = "urn:pulumi:acme::tenantnet::" + alarmType + "::storage"
)

func properties(t *testing.T, fields map[string]any) *structpb.Struct {
	t.Helper()
	value, err := structpb.NewStruct(fields)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func assertEqual(t *testing.T, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestARequestReachesTheBridgeUnderItsNames(t *testing.T) {
	n := loaded(t)
	request := &pulumirpc.DiffRequest{
		Urn: alarmURN, Type: alarmType, Name: "name", Id: "name",
		Olds:          properties(t, map[string]any{"name": "a", "period": 60.0}),
		News:          properties(t, map[string]any{"name": "b", "dimensions": map[string]any{"name": "kept"}}),
		OldInputs:     properties(t, map[string]any{"name": "a"}),
		IgnoreChanges: []string{"name", "dimensions.name"},
	}
	if got := n.translateRequest(request); got != alarmType {
		t.Errorf("resource type %q", got)
	}
	assertEqual(t, request, &pulumirpc.DiffRequest{
		Urn:  "urn:pulumi:acme::tenantnet::aws:index/cloudwatchMetricAlarm:CloudwatchMetricAlarm::storage",
		Type: "aws:index/cloudwatchMetricAlarm:CloudwatchMetricAlarm", Name: "name", Id: "name",
		Olds:          properties(t, map[string]any{"alarmName": "a", "period": 60.0}),
		News:          properties(t, map[string]any{"alarmName": "b", "dimensions": map[string]any{"name": "kept"}}),
		OldInputs:     properties(t, map[string]any{"alarmName": "a"}),
		IgnoreChanges: []string{"alarmName", "dimensions.name"},
	})
}

func TestAFunctionCallIsRenamedByItsToken(t *testing.T) {
	request := &pulumirpc.InvokeRequest{Tok: "aws:kms/getKey:getKey"}
	loaded(t).translateRequest(request)
	assertEqual(t, request, &pulumirpc.InvokeRequest{Tok: "aws:index/getKmsKey:getKmsKey"})
}

func TestADiffComesBackUnderPulumisNames(t *testing.T) {
	replace := &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_UPDATE_REPLACE}
	response := &pulumirpc.DiffResponse{
		Replaces: []string{"alarmName"}, Diffs: []string{"alarmName", "period"}, Stables: []string{"alarmName"},
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{"alarmName": replace, "period": {}},
	}
	loaded(t).translateResponse(response, alarmType)
	assertEqual(t, response, &pulumirpc.DiffResponse{
		Replaces: []string{"name"}, Diffs: []string{"name", "period"}, Stables: []string{"name"},
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{"name": replace, "period": {}},
	})
}

func TestARefusedInputIsNamedAsPulumiNamesIt(t *testing.T) {
	response := &pulumirpc.CheckResponse{
		Inputs:   properties(t, map[string]any{"alarmName": nil}),
		Failures: []*pulumirpc.CheckFailure{{Property: "alarmName", Reason: "missing"}},
	}
	loaded(t).translateResponse(response, alarmType)
	assertEqual(t, response, &pulumirpc.CheckResponse{
		Inputs:   properties(t, map[string]any{"name": nil}),
		Failures: []*pulumirpc.CheckFailure{{Property: "name", Reason: "missing"}},
	})
}

func TestAHalfMadeResourceKeepsItsStateUnderPulumisNames(t *testing.T) {
	detail, err := anypb.New(&pulumirpc.ErrorResourceInitFailed{
		Id: "x", Properties: properties(t, map[string]any{"alarmName": "a"}), Reasons: []string{"alarmName is odd"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := loaded(t).translateErrorDetail(detail, alarmType); err != nil {
		t.Fatal(err)
	}
	got, err := detail.UnmarshalNew()
	if err != nil {
		t.Fatal(err)
	}
	assertEqual(t, got, &pulumirpc.ErrorResourceInitFailed{
		Id: "x", Properties: properties(t, map[string]any{"name": "a"}), Reasons: []string{"alarmName is odd"},
	})
}

func TestOtherTypesKeepTheirProperties(t *testing.T) {
	n := loaded(t)
	response := &pulumirpc.CreateResponse{Properties: properties(t, map[string]any{"alarmName": "a", "name": "b"})}
	want := proto.Clone(response)
	n.translateResponse(response, "aws:ec2/vpc:Vpc")
	assertEqual(t, response, want)
}

func TestPropertiesMayExchangeTheirNames(t *testing.T) {
	request := &pulumirpc.CreateRequest{Properties: properties(t, map[string]any{"a": 1.0, "b": 2.0})}
	translateProperties(request.ProtoReflect(), map[string]string{"a": "b", "b": "a"})
	assertEqual(t, request, &pulumirpc.CreateRequest{Properties: properties(t, map[string]any{"a": 2.0, "b": 1.0})})
}
