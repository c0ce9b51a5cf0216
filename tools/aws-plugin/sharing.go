package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// The engine attaches to a plugin that runs already where PULUMI_DEBUG_PROVIDERS names its port. Several engines may
// be attached at once, each with a stack of its own: they share the Terraform provider, which is configured once.

// attachment is one connection to this plugin, with the engine behind it once that has attached.
type attachment struct {
	engine *grpc.ClientConn
	stack  string
}

type attachmentKey struct{}

// attachments are the open connections. As a stats.Handler it sees them come and go.
type attachments struct {
	mutex sync.Mutex
	open  map[*attachment]struct{}
	gone  chan struct{} // tells that a connection was closed
}

func newAttachments() *attachments {
	return &attachments{open: map[*attachment]struct{}{}, gone: make(chan struct{}, 1)}
}

func (a *attachments) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, attachmentKey{}, &attachment{})
}

func (a *attachments) HandleConn(ctx context.Context, event stats.ConnStats) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	connection := ctx.Value(attachmentKey{}).(*attachment)
	switch event.(type) {
	case *stats.ConnBegin:
		a.open[connection] = struct{}{}
	case *stats.ConnEnd:
		delete(a.open, connection)
		if connection.engine != nil {
			_ = connection.engine.Close()
		}
		select {
		case a.gone <- struct{}{}:
		default:
		}
	}
}

func (a *attachments) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (a *attachments) HandleRPC(context.Context, stats.RPCStats) {}

// attach remembers the engine that called. The bridge must not hear of it: it would forget the engine before, and
// report to this one past the engineProxy.
func (a *attachments) attach(ctx context.Context, request frame) (frame, error) {
	message := &pulumirpc.PluginAttach{}
	if err := proto.Unmarshal(request, message); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	engine, err := dial(message.GetAddress())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	ctx.Value(attachmentKey{}).(*attachment).engine = engine
	return frame{}, nil
}

// notice learns from a call which stack the calling engine works on.
func (a *attachments) notice(ctx context.Context, urn string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if stack := stackOfURN(urn); stack != "" {
		ctx.Value(attachmentKey{}).(*attachment).stack = stack
	}
}

// engineOf gives the attached engine that works on the URN's stack, nil where there is none.
func (a *attachments) engineOf(urn string) *grpc.ClientConn {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for connection := range a.open {
		if connection.engine != nil && connection.stack == stackOfURN(urn) {
			return connection.engine
		}
	}
	return nil
}

// unused is closed once `parent` has ended and the last connection after it: what goes on without the parent may
// still need this plugin.
func (a *attachments) unused(parent io.Reader) <-chan struct{} {
	unused := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, parent)
		for a.inUse() {
			<-a.gone
		}
		close(unused)
	}()
	return unused
}

func (a *attachments) inUse() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return len(a.open) > 0
}

// stackOfURN gives `project/stack` of a URN, urn:pulumi:<stack>::<project>::<type>::<name>; "" for anything else.
func stackOfURN(urn string) string {
	parts := strings.SplitN(urn, "::", 3)
	if len(parts) != 3 {
		return ""
	}
	return parts[1] + "/" + strings.TrimPrefix(parts[0], "urn:pulumi:")
}

// configuration is what the Terraform provider was configured with. It takes one configuration in its life: a second
// one would change the credentials and the region under calls that are under way.
type configuration struct {
	mutex    sync.Mutex
	settings []byte
	response frame
}

// configure answers whoever asks for the same settings, and refuses others.
func (c *configuration) configure(request frame, forward func() (frame, error)) (frame, error) {
	settings, err := settingsOf(request)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.settings == nil {
		response, err := forward()
		if err == nil {
			c.settings, c.response = settings, response
		}
		return response, err
	}
	if string(c.settings) != string(settings) {
		return nil, status.Error(codes.FailedPrecondition, "this AWS plugin is in use with other settings "+
			"(region, profile, assumed role): start another one for these")
	}
	return c.response, nil
}

// settingsOf gives what a request configures, without the name of the resource that asks.
func settingsOf(request frame) ([]byte, error) {
	message := &pulumirpc.ConfigureRequest{}
	if err := proto.Unmarshal(request, message); err != nil {
		return nil, fmt.Errorf("reading the provider's configuration: %w", err)
	}
	message.Id, message.Urn, message.Name, message.Type = nil, nil, nil, nil
	return proto.MarshalOptions{Deterministic: true}.Marshal(message)
}
