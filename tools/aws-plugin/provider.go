package main

import (
	"context"
	"encoding/json"
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const providerService = "/pulumirpc.ResourceProvider/"

// resourceMessages creates the request and the response of each call that names a resource or a function. All
// other calls pass through unread.
var resourceMessages = map[string]func() (request, response proto.Message){
	"Check":  func() (proto.Message, proto.Message) { return &pulumirpc.CheckRequest{}, &pulumirpc.CheckResponse{} },
	"Diff":   func() (proto.Message, proto.Message) { return &pulumirpc.DiffRequest{}, &pulumirpc.DiffResponse{} },
	"Create": func() (proto.Message, proto.Message) { return &pulumirpc.CreateRequest{}, &pulumirpc.CreateResponse{} },
	"Read":   func() (proto.Message, proto.Message) { return &pulumirpc.ReadRequest{}, &pulumirpc.ReadResponse{} },
	"Update": func() (proto.Message, proto.Message) { return &pulumirpc.UpdateRequest{}, &pulumirpc.UpdateResponse{} },
	"Delete": func() (proto.Message, proto.Message) { return &pulumirpc.DeleteRequest{}, nil },
	"Invoke": func() (proto.Message, proto.Message) { return &pulumirpc.InvokeRequest{}, &pulumirpc.InvokeResponse{} },
	"Call":   func() (proto.Message, proto.Message) { return &pulumirpc.CallRequest{}, &pulumirpc.CallResponse{} },
}

// provider serves Pulumi's provider protocol under pulumi_aws's names and passes the work on to the bridge.
type provider struct {
	names   *names
	version string
	bridge  *bridge

	attached   *attachments
	configured configuration
}

func (p *provider) handle(ctx context.Context, method string, request frame) (frame, error) {
	switch method {
	case "GetPluginInfo":
		return proto.Marshal(&pulumirpc.PluginInfo{Version: p.version})
	case "Handshake", "Cancel":
		// The bridge stops nothing on Cancel, so one engine's does no harm to another's calls.
		return p.forward(ctx, p.bridge.started, method, request)
	case "Attach":
		return p.attached.attach(ctx, request)
	case "Configure":
		return p.configured.configure(request, func() (frame, error) {
			return p.forward(ctx, p.bridge.parameterized, method, request)
		})
	case "GetSchema":
		return p.schema(ctx, request)
	}
	if newMessages, named := resourceMessages[method]; named {
		requestMessage, responseMessage := newMessages()
		return p.forwardTranslated(ctx, method, request, requestMessage, responseMessage)
	}
	return p.forward(ctx, p.bridge.parameterized, method, request)
}

func (p *provider) schema(ctx context.Context, request frame) (frame, error) {
	response, err := p.forward(ctx, p.bridge.parameterized, "GetSchema", request)
	if err != nil {
		return nil, err
	}
	message := &pulumirpc.GetSchemaResponse{}
	if err := proto.Unmarshal(response, message); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if message.Schema, err = p.names.translateSchema(message.GetSchema()); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return proto.Marshal(message)
}

func (p *provider) forward(
	ctx context.Context, ready *outcome[*grpc.ClientConn], method string, request frame,
) (frame, error) {
	connection, err := ready.wait(ctx)
	if err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	return invoke(ctx, connection, providerService+method, request)
}

func (p *provider) forwardTranslated(
	ctx context.Context, method string, request frame, requestMessage, responseMessage proto.Message,
) (frame, error) {
	if err := proto.Unmarshal(request, requestMessage); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if token := tokenOf(requestMessage); p.names.toBridge[token] == "" {
		return nil, status.Errorf(codes.NotFound, "%s: not among the types that this engine's AWS plugin serves. "+
			"Add it to tools/aws-plugin/names.json and run scripts/setup.", token)
	}
	p.attached.notice(ctx, stringField(requestMessage.ProtoReflect(), urnField))
	resourceType := p.names.translateRequest(requestMessage)
	request, err := proto.Marshal(requestMessage)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	response, err := p.forward(ctx, p.bridge.parameterized, method, request)
	if p.names.properties[resourceType] == nil {
		return response, err
	}
	if err != nil {
		return nil, p.translateError(err, resourceType)
	}
	if responseMessage == nil {
		return response, nil
	}
	if err := proto.Unmarshal(response, responseMessage); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	p.names.translateResponse(responseMessage, resourceType)
	return proto.Marshal(responseMessage)
}

// translateError renames the properties in the details of an error. The details travel inside the status, so an
// error that needs no change keeps them by being returned as it is.
func (p *provider) translateError(err error, resourceType string) error {
	failure := status.Convert(err).Proto()
	for _, detail := range failure.GetDetails() {
		if translationError := p.names.translateErrorDetail(detail, resourceType); translationError != nil {
			return status.Error(codes.Internal, translationError.Error())
		}
	}
	return status.ErrorProto(failure)
}

// parameterization is what makes the bridge serve the Terraform provider at this path, as far as the types in use.
// Everything left out costs the bridge no time.
func parameterization(n *names, terraformProvider string) (frame, error) {
	value, err := json.Marshal(map[string]any{
		"local":        map[string]string{"path": terraformProvider},
		"includes":     n.terraformTypes,
		"providerName": "aws",
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the bridge's parameters: %w", err)
	}
	return proto.Marshal(&pulumirpc.ParameterizeRequest{
		Parameters: &pulumirpc.ParameterizeRequest_Value{
			Value: &pulumirpc.ParameterizeRequest_ParametersValue{Name: "aws", Version: "0.0.0", Value: value},
		},
	})
}

// engineProxy stands between the bridge and the engine, because what the bridge reports names resources by its own
// types: the engine would show it beside the resource instead of at it.
type engineProxy struct {
	names    *names
	engine   *grpc.ClientConn // nil where it did not start this plugin
	attached *attachments
}

func (e *engineProxy) handle(ctx context.Context, method string, request frame) (frame, error) {
	engine := e.engine
	if method == "Log" {
		message := &pulumirpc.LogRequest{}
		if err := proto.Unmarshal(request, message); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		if engine == nil {
			engine = e.attached.engineOf(message.GetUrn())
		}
		message.Urn = translateURN(e.names.fromBridge, message.GetUrn())
		var err error
		if request, err = proto.Marshal(message); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	if engine == nil {
		// Nobody listens, as when only the schema is asked for.
		return frame{}, nil
	}
	return invoke(ctx, engine, "/pulumirpc.Engine/"+method, request)
}
