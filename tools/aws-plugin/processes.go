package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
)

// Each process of the chain engine -> plugin -> bridge -> stand-in -> Terraform provider asks the kernel to end it
// when its parent ends. So none is left behind, not even after the engine was killed in a way that nobody can handle.
// The bridge would otherwise leave its Terraform provider running, of 240 MB, after every operation.

// endWithParent must be called on the main thread, or on one that starts a new program: the kernel watches the
// thread that asked.
func endWithParent() error {
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}

// adoptOrphans makes this process the parent of what its children leave behind, to wait for their end and to leave
// no zombies where nobody else collects them, as in many containers.
func adoptOrphans() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// outcome is a result that is waited for by many.
type outcome[T any] struct {
	done  chan struct{}
	value T
	err   error
}

func newOutcome[T any]() *outcome[T] {
	return &outcome[T]{done: make(chan struct{})}
}

func (o *outcome[T]) settle(value T, err error) {
	o.value, o.err = value, err
	close(o.done)
}

func (o *outcome[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-o.done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// bridge is the running bridge process. Its Terraform provider is loaded in the background, while the engine is
// still shaking hands and the user's program is starting.
type bridge struct {
	command       *exec.Cmd
	started       *outcome[*grpc.ClientConn]
	parameterized *outcome[*grpc.ClientConn]
	ended         *outcome[*os.ProcessState]
}

// startBridge must be called on a thread that lives as long as this process, see endWithParent.
// sockets is the folder for the socket of the Terraform provider, which is killed and removes nothing itself.
func startBridge(program string, arguments []string, parameters frame, sockets string) (*bridge, error) {
	command := exec.Command(program, arguments...)
	command.Stderr = os.Stderr
	command.Env = append(withRareCollections(os.Environ()), socketFolderVariable+"="+sockets)
	command.SysProcAttr = &syscall.SysProcAttr{
		// A group of its own: an interrupt meant for this process must not reach the bridge in the middle of a call.
		Setpgid:   true,
		Pdeathsig: unix.SIGKILL,
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the bridge: %w", err)
	}
	b := &bridge{
		command:       command,
		started:       newOutcome[*grpc.ClientConn](),
		parameterized: newOutcome[*grpc.ClientConn](),
		ended:         newOutcome[*os.ProcessState](),
	}
	go func() {
		err := command.Wait()
		b.ended.settle(command.ProcessState, err)
	}()
	go b.connect(bufio.NewReader(output), parameters)
	return b, nil
}

// withRareCollections lets Go collect garbage at five times the live memory instead of twice. Bridge and provider
// live for seconds and build one large schema in the first of them: collecting in between is a fifth of a preview's
// CPU time. Whoever sets GOGC has their way.
func withRareCollections(environment []string) []string {
	if _, set := os.LookupEnv("GOGC"); set {
		return environment
	}
	return append(environment, "GOGC=400")
}

func (b *bridge) connect(output *bufio.Reader, parameters frame) {
	connection, err := connectToPortFrom(output)
	b.started.settle(connection, err)
	if err == nil {
		go func() { _, _ = io.Copy(os.Stdout, output) }()
		_, err = invoke(context.Background(), connection, providerService+"Parameterize", parameters)
	}
	if err != nil {
		err = fmt.Errorf("loading the Terraform provider: %w", err)
	}
	b.parameterized.settle(connection, err)
}

// connectToPortFrom reads the port that a Pulumi plugin prints first.
func connectToPortFrom(output *bufio.Reader) (*grpc.ClientConn, error) {
	line, err := output.ReadString('\n')
	if err != nil {
		return nil, errors.New("the bridge ended before it was ready")
	}
	return dial("127.0.0.1:" + strings.TrimSpace(line))
}

// end stops the bridge, and with it its Terraform provider, and returns when both are gone. Nothing has to be saved:
// the engine ends its plugins only when no call is under way or none is worth waiting for.
func (b *bridge) end() {
	_ = b.command.Process.Kill()
	<-b.ended.done
	for {
		// The provider became this process's child when the bridge ended, see adoptOrphans.
		if _, err := unix.Wait4(-1, nil, 0, nil); errors.Is(err, unix.ECHILD) {
			return
		}
	}
}
