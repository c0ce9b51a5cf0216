package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// fakeBridge is a provider that answers as the bridge would: it fails, with the state of a half-made alarm.
type fakeBridge struct {
	pulumirpc.UnimplementedResourceProviderServer
	created *pulumirpc.CreateRequest
}

func (f *fakeBridge) Create(_ context.Context, request *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	f.created = request
	failure, err := status.New(codes.Unknown, "half made").WithDetails(
		&pulumirpc.ErrorResourceInitFailed{Id: "x", Properties: request.GetProperties()})
	if err != nil {
		return nil, err
	}
	return nil, failure.Err()
}

func (f *fakeBridge) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{SupportsPreview: true}, nil
}

// through serves a provider over a bridge that is ready, or failed to load its Terraform provider.
func through(t *testing.T, fake *fakeBridge, loadingFailed error) pulumirpc.ResourceProviderClient {
	t.Helper()
	bridgeServer := grpc.NewServer()
	pulumirpc.RegisterResourceProviderServer(bridgeServer, fake)
	t.Cleanup(bridgeServer.Stop)
	bridgeAddress, err := listen(bridgeServer)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := dial(bridgeAddress)
	if err != nil {
		t.Fatal(err)
	}
	b := &bridge{started: newOutcome[*grpc.ClientConn](), parameterized: newOutcome[*grpc.ClientConn]()}
	b.started.settle(connection, nil)
	b.parameterized.settle(connection, loadingFailed)
	attached := newAttachments()
	p := &provider{names: loaded(t), version: "7.0.0", bridge: b, attached: attached}
	server := newServer(p.handle, grpc.StatsHandler(attached))
	t.Cleanup(server.Stop)
	return pulumirpc.NewResourceProviderClient(connected(t, server))
}

// connected serves on a port of its own and gives a connection there, as an engine or a bridge has it.
func connected(t *testing.T, server *grpc.Server) *grpc.ClientConn {
	t.Helper()
	address, err := listen(server)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

func TestAnErrorPassesThroughWithItsDetails(t *testing.T) {
	fake := &fakeBridge{}
	request := &pulumirpc.CreateRequest{Urn: alarmURN, Properties: properties(t, map[string]any{"name": "a"})}
	_, err := through(t, fake, nil).Create(t.Context(), request)

	assertEqual(t, fake.created.GetProperties(), properties(t, map[string]any{"alarmName": "a"}))
	failure := status.Convert(err)
	if failure.Code() != codes.Unknown || failure.Message() != "half made" || len(failure.Details()) != 1 {
		t.Fatalf("got %v with %v", failure, failure.Details())
	}
	assertEqual(t, failure.Details()[0].(*pulumirpc.ErrorResourceInitFailed),
		&pulumirpc.ErrorResourceInitFailed{Id: "x", Properties: request.GetProperties()})
}

func TestCallsAboutNoResourcePassThrough(t *testing.T) {
	response, err := through(t, &fakeBridge{}, nil).Configure(t.Context(), &pulumirpc.ConfigureRequest{})
	if err != nil || !response.GetSupportsPreview() {
		t.Errorf("got %v, %v", response, err)
	}
}

func TestThePluginReportsTheVersionItIsInstalledAs(t *testing.T) {
	info, err := through(t, &fakeBridge{}, nil).GetPluginInfo(t.Context(), &emptypb.Empty{})
	if err != nil || info.GetVersion() != "7.0.0" {
		t.Errorf("got %v, %v", info, err)
	}
	if got := versionOf("/home/plugins/resource-aws-v7.51.1"); got != "7.51.1" {
		t.Errorf("version %q", got)
	}
}

func TestEveryCallSaysWhyTheTerraformProviderDidNotLoad(t *testing.T) {
	client := through(t, &fakeBridge{}, errors.New("loading the Terraform provider: no such file"))
	_, err := client.Configure(t.Context(), &pulumirpc.ConfigureRequest{})
	if failure := status.Convert(err); failure.Message() != "loading the Terraform provider: no such file" {
		t.Errorf("got %v", failure)
	}
}

func TestATypeThatIsNotInTheTableIsRefusedInWords(t *testing.T) {
	client := through(t, &fakeBridge{}, nil)
	_, err := client.Check(t.Context(), &pulumirpc.CheckRequest{Urn: "urn:pulumi:a::b::aws:s3/bucket:Bucket::c"})
	if failure := status.Convert(err); !strings.Contains(failure.Message(), "aws:s3/bucket:Bucket: not among") {
		t.Errorf("got %v", failure)
	}
	_, err = client.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "aws:index/getRegion:getRegion"})
	if failure := status.Convert(err); !strings.Contains(failure.Message(), "aws:index/getRegion:getRegion: not among") {
		t.Errorf("got %v", failure)
	}
}

// fakeEngine keeps what is reported to it.
type fakeEngine struct {
	pulumirpc.UnimplementedEngineServer
	reported *pulumirpc.LogRequest
}

func (f *fakeEngine) Log(_ context.Context, request *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	f.reported = request
	return &emptypb.Empty{}, nil
}

func engineBehind(t *testing.T, engine *grpc.ClientConn) pulumirpc.EngineClient {
	t.Helper()
	server := newServer((&engineProxy{names: loaded(t), engine: engine, attached: newAttachments()}).handle)
	t.Cleanup(server.Stop)
	return pulumirpc.NewEngineClient(connected(t, server))
}

func TestWhatTheBridgeReportsIsShownAtItsResource(t *testing.T) {
	fake, server := &fakeEngine{}, grpc.NewServer()
	pulumirpc.RegisterEngineServer(server, fake)
	t.Cleanup(server.Stop)
	address, err := listen(server)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := dial(address)
	if err != nil {
		t.Fatal(err)
	}
	urn := "urn:pulumi:acme::tenantnet::aws:index/cloudwatchMetricAlarm:CloudwatchMetricAlarm::storage"
	if _, err := engineBehind(t, engine).Log(t.Context(), &pulumirpc.LogRequest{Urn: urn, Message: "odd"}); err != nil {
		t.Fatal(err)
	}
	assertEqual(t, fake.reported, &pulumirpc.LogRequest{Urn: alarmURN, Message: "odd"})
}

func TestReportsToNobodyAreNoErrors(t *testing.T) {
	if _, err := engineBehind(t, nil).Log(t.Context(), &pulumirpc.LogRequest{Message: "odd"}); err != nil {
		t.Error(err)
	}
}
