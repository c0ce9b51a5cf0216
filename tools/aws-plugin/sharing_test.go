package main

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

const limit = 10 * time.Second

// sharedPlugin is a plugin that several engines may attach to.
type sharedPlugin struct {
	bridge   *fakeSharedBridge
	attached *attachments
	proxy    pulumirpc.EngineClient
	address  string
}

type fakeSharedBridge struct {
	pulumirpc.UnimplementedResourceProviderServer
	configured int
	fails      bool
}

func (f *fakeSharedBridge) Configure(
	context.Context, *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	if f.configured++; f.fails {
		return nil, errors.New("no credentials")
	}
	return &pulumirpc.ConfigureResponse{SupportsPreview: true}, nil
}

func (f *fakeSharedBridge) Check(context.Context, *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{}, nil
}

func (f *fakeSharedBridge) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func shared(t *testing.T) *sharedPlugin {
	t.Helper()
	fake, bridgeServer := &fakeSharedBridge{}, grpc.NewServer()
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
	b.parameterized.settle(connection, nil)
	attached := newAttachments()
	p := &provider{names: loaded(t), bridge: b, attached: attached}
	server := newServer(p.handle, grpc.StatsHandler(attached))
	t.Cleanup(server.Stop)
	address, err := listen(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := newServer((&engineProxy{names: p.names, attached: attached}).handle)
	t.Cleanup(proxy.Stop)
	return &sharedPlugin{
		bridge: fake, attached: attached, address: address, proxy: pulumirpc.NewEngineClient(connected(t, proxy)),
	}
}

// attach connects an engine that works on a stack, and gives its connection and what is reported to it.
func (s *sharedPlugin) attach(t *testing.T, stack string) (*grpc.ClientConn, *fakeEngine) {
	t.Helper()
	fake, server := &fakeEngine{}, grpc.NewServer()
	pulumirpc.RegisterEngineServer(server, fake)
	t.Cleanup(server.Stop)
	engineAddress, err := listen(server)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	client := pulumirpc.NewResourceProviderClient(connection)
	if _, err := client.Attach(t.Context(), &pulumirpc.PluginAttach{Address: engineAddress}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Check(t.Context(), &pulumirpc.CheckRequest{Urn: vpcOf(stack)}); err != nil {
		t.Fatal(err)
	}
	return connection, fake
}

func vpcOf(stack string) string {
	return "urn:pulumi:" + stack + "::tenantnet::aws:ec2/vpc:Vpc::network"
}

func configuringOf(t *testing.T, stack, region string) *pulumirpc.ConfigureRequest {
	urn := "urn:pulumi:" + stack + "::tenantnet::pulumi:providers:aws::default"
	return &pulumirpc.ConfigureRequest{Urn: &urn, Args: properties(t, map[string]any{"region": region, "a": "b"})}
}

func TestTheProviderIsConfiguredOnceForAllStacksOfARegion(t *testing.T) {
	plugin := shared(t)
	for _, stack := range []string{"acme", "globex"} {
		connection, _ := plugin.attach(t, stack)
		response, err := pulumirpc.NewResourceProviderClient(connection).
			Configure(t.Context(), configuringOf(t, stack, "eu-west-1"))
		if err != nil || !response.GetSupportsPreview() {
			t.Fatalf("%s: %v, %v", stack, response, err)
		}
	}
	if plugin.bridge.configured != 1 {
		t.Errorf("configured %d times", plugin.bridge.configured)
	}
}

func TestAnotherRegionIsRefused(t *testing.T) {
	plugin := shared(t)
	connection, _ := plugin.attach(t, "acme")
	client := pulumirpc.NewResourceProviderClient(connection)
	if _, err := client.Configure(t.Context(), configuringOf(t, "acme", "eu-west-1")); err != nil {
		t.Fatal(err)
	}
	_, err := client.Configure(t.Context(), configuringOf(t, "acme", "eu-central-1"))
	if status.Code(err) != codes.FailedPrecondition || plugin.bridge.configured != 1 {
		t.Errorf("%v after %d", err, plugin.bridge.configured)
	}
}

func TestAConfigurationThatFailedIsTriedAgain(t *testing.T) {
	plugin := shared(t)
	connection, _ := plugin.attach(t, "acme")
	client := pulumirpc.NewResourceProviderClient(connection)
	plugin.bridge.fails = true
	if _, err := client.Configure(t.Context(), configuringOf(t, "acme", "eu-west-1")); err == nil {
		t.Fatal("the failure was not passed on")
	}
	plugin.bridge.fails = false
	if _, err := client.Configure(t.Context(), configuringOf(t, "acme", "eu-west-1")); err != nil {
		t.Error(err)
	}
}

func TestEachEngineHearsOfItsOwnStack(t *testing.T) {
	plugin := shared(t)
	_, acme := plugin.attach(t, "acme")
	_, globex := plugin.attach(t, "globex")
	for stack, message := range map[string]string{"acme": "one", "globex": "two", "initech": "three"} {
		report := &pulumirpc.LogRequest{Urn: vpcOf(stack), Message: message}
		if _, err := plugin.proxy.Log(t.Context(), report); err != nil {
			t.Fatal(err)
		}
	}
	if acme.reported.GetMessage() != "one" || globex.reported.GetMessage() != "two" {
		t.Errorf("acme heard %q, globex %q", acme.reported.GetMessage(), globex.reported.GetMessage())
	}
}

func TestOneEnginesCancelAndEndLeaveTheOtherAlone(t *testing.T) {
	plugin := shared(t)
	connection, _ := plugin.attach(t, "acme")
	other, _ := plugin.attach(t, "globex")
	if _, err := pulumirpc.NewResourceProviderClient(connection).Cancel(t.Context(), &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	if err := connection.Close(); err != nil {
		t.Fatal(err)
	}
	client := pulumirpc.NewResourceProviderClient(other)
	if _, err := client.Check(t.Context(), &pulumirpc.CheckRequest{Urn: vpcOf("globex")}); err != nil {
		t.Error(err)
	}
}

func TestItIsUnusedOnceItsParentAndTheLastEngineAreGone(t *testing.T) {
	plugin := shared(t)
	connection, _ := plugin.attach(t, "acme")
	parent, end := io.Pipe()
	unused := plugin.attached.unused(parent)
	if err := end.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-unused:
		t.Fatal("an engine was still connected")
	case <-time.After(100 * time.Millisecond):
	}
	if err := connection.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-unused:
	case <-time.After(limit):
		t.Fatal("it is still in use")
	}
}

func TestSettingsAreTheSameInWhateverOrderTheyCome(t *testing.T) {
	one, err := proto.Marshal(configuringOf(t, "acme", "eu-west-1"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := settingsOf(one)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // a map is written in any order
		other, err := proto.Marshal(configuringOf(t, "globex", "eu-west-1"))
		if err != nil {
			t.Fatal(err)
		}
		if settings, err := settingsOf(other); err != nil || string(settings) != string(first) {
			t.Fatal("the same settings differ")
		}
	}
}
