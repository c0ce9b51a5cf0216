package main

import (
	"io"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// outputs sends what a plugin prints to the engine; its two outputs are written at the same time, the stream is not.
type outputs struct {
	stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]
	mutex  sync.Mutex
}

func newOutputs(stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]) *outputs {
	return &outputs{stream: stream}
}

type wrap func([]byte) *pulumirpc.RunPluginResponse

func asStdout(text []byte) *pulumirpc.RunPluginResponse {
	return &pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: text}}
}

func asStderr(text []byte) *pulumirpc.RunPluginResponse {
	return &pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: text}}
}

func (o *outputs) writer(as wrap) io.Writer { return &output{outputs: o, as: as} }

type output struct {
	*outputs
	as wrap
}

func (o *output) Write(text []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if err := o.stream.Send(o.as(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}
