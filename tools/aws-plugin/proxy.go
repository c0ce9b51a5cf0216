package main

import (
	"context"
	"path"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// The engine's own limit for a message; schemas and large states exceed gRPC's default of 4 MB.
const messageLimit = 400 << 20

// frame is a message kept as the bytes it came in.
type frame []byte

// rawCodec passes frames through unread. It is named "proto" because that is the content type both sides speak.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(message any) ([]byte, error) { return *message.(*frame), nil }

func (rawCodec) Unmarshal(data []byte, message any) error {
	*message.(*frame) = data
	return nil
}

// unaryHandler answers one call; method is its bare name, such as Create.
type unaryHandler func(ctx context.Context, method string, request frame) (frame, error)

// newServer serves every method of whatever service through one handler. All calls of the provider and engine
// protocols are unary but List, which the bridge does not know and refuses.
func newServer(handler unaryHandler, options ...grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(options,
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			var request frame
			if err := stream.RecvMsg(&request); err != nil {
				return err
			}
			fullMethod, _ := grpc.MethodFromServerStream(stream)
			response, err := handler(stream.Context(), path.Base(fullMethod), request)
			if err != nil {
				return err
			}
			return stream.SendMsg(&response)
		}),
		grpc.ForceServerCodec(rawCodec{}),
		grpc.MaxRecvMsgSize(messageLimit),
		grpc.MaxSendMsgSize(messageLimit),
	)...)
}

func dial(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(
			grpc.ForceCodec(rawCodec{}),
			grpc.MaxCallRecvMsgSize(messageLimit),
			grpc.MaxCallSendMsgSize(messageLimit),
		))
}

func invoke(ctx context.Context, connection *grpc.ClientConn, method string, request frame) (frame, error) {
	var response frame
	err := connection.Invoke(ctx, method, &request, &response)
	return response, err
}
