package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// The exit code of run.py that says: the program failed, and the user has been told why.
const reported = 32

// How long a program may take to end after it was asked to.
const patience = 10 * time.Second

// The module of the pulumi package that starts a policy pack.
const policyRunner = "pulumi.policy"

// host answers the engine's calls; of all others the engine hears that they are not implemented.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	project       string
	engineAddress string
	debug         bool // whether the engine shows debug messages
	readied       readied
}

func newHost(project, engineAddress string, debug bool) *host {
	return &host{project: project, engineAddress: engineAddress, debug: debug, readied: make(readied, 1)}
}

func (h *host) Handshake(
	context.Context, *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo gives the version of the pulumi package, whose protocol the programs speak.
func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	for _, dependency := range installed(filepath.Join(h.project, ".venv")) {
		if dependency.Name == "pulumi" {
			return &pulumirpc.PluginInfo{Version: dependency.Version}, nil
		}
	}
	return &pulumirpc.PluginInfo{}, nil
}

// About describes the interpreter for `pulumi about`.
func (h *host) About(context.Context, *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	python := filepath.Join(h.project, ".venv", "bin", "python")
	answer, err := exec.Command(python, "--version").Output()
	if err != nil {
		return nil, err
	}
	version := strings.TrimPrefix(strings.TrimSpace(string(answer)), "Python ")
	return &pulumirpc.AboutResponse{Executable: python, Version: version}, nil
}

// GetRequiredPackages lists the plugins that the installed packages need, so that a missing one is reported at once. The
// engine asks for them before it starts policy packs, which takes long, and runs the program; so that one is readied.
func (h *host) GetRequiredPackages(
	_ context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	virtualenv, err := h.virtualenv(request.Info)
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(virtualenv, "lib", "python3*", "site-packages", "*", "pulumi-plugin.json"))
	if err != nil {
		return nil, err
	}
	h.readied.ready(func() (*program, error) { return h.start(virtualenv) })
	response := &pulumirpc.GetRequiredPackagesResponse{}
	for _, path := range paths {
		var plugin struct {
			Resource bool
			Name     string
			Version  string
		}
		text, err := os.ReadFile(path)
		if err := errors.Join(err, json.Unmarshal(text, &plugin)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if plugin.Resource {
			response.Packages = append(response.Packages,
				&pulumirpc.PackageDependency{Name: plugin.Name, Kind: "resource", Version: plugin.Version})
		}
	}
	return response, nil
}

// GetProgramDependencies lists the installed packages for `pulumi about`.
func (h *host) GetProgramDependencies(
	_ context.Context, request *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	virtualenv, err := h.virtualenv(request.Info)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.GetProgramDependenciesResponse{Dependencies: installed(virtualenv)}, nil
}

// Run runs a program to its end, in a process of its own, so that nothing a preview left in memory reaches the update
// after it. The program reports its own errors to the engine.
func (h *host) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	text, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	virtualenv, err := h.virtualenv(request.Info)
	if err != nil {
		return nil, err
	}
	program := h.readied.take(virtualenv)
	if program == nil {
		if program, err = h.start(virtualenv); err != nil {
			return nil, err
		}
	}
	err = program.run(ctx, text)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == reported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case err != nil:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program's process ended: %v", err)}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

// InstallDependencies has nothing to do: a plugin runs with the packages that are there.
func (h *host) InstallDependencies(
	*pulumirpc.InstallDependenciesRequest, grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse],
) error {
	return nil
}

// RunPlugin runs a policy pack or a provider written in Python and streams its outputs, its exit code last.
func (h *host) RunPlugin(
	request *pulumirpc.RunPluginRequest, stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse],
) error {
	// A provider is a program itself; a policy pack is what the last argument names to its runner.
	arguments := append([]string{request.Info.ProgramDirectory}, request.Args...)
	if request.Kind == "analyzer" {
		arguments = slices.Concat([]string{policyRunner}, request.Args, arguments[:1])
	}
	virtualenv, err := h.virtualenv(request.Info)
	if err != nil {
		return err
	}
	command := h.command(stream.Context(), virtualenv, "plugin", arguments...)
	command.Dir = request.Pwd
	command.Env = request.Env
	outputs := newOutputs(stream)
	command.Stdout, command.Stderr = outputs.writer(asStdout), outputs.writer(asStderr)
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	code := int32(command.ProcessState.ExitCode())
	return stream.Send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code}})
}

// command runs run.py, which the shared language host runs too, with a Python, and ends with the context.
func (h *host) command(ctx context.Context, virtualenv, kind string, arguments ...string) *exec.Cmd {
	script := filepath.Join(h.project, ".engine", "run.py")
	python := filepath.Join(virtualenv, "bin", "python")
	command := exec.CommandContext(ctx, python, append([]string{"-u", script, kind}, arguments...)...)
	command.Cancel = func() error { return command.Process.Signal(unix.SIGTERM) }
	command.WaitDelay = patience
	return command
}

// start starts a program's process, which imports the pulumi package and waits for its request.
func (h *host) start(virtualenv string) (*program, error) {
	ctx, end := context.WithCancel(context.Background())
	arguments := []string{h.engineAddress}
	if h.debug {
		arguments = append(arguments, "debug")
	}
	command := h.command(ctx, virtualenv, "program", arguments...)
	// The engine shows what the host prints.
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	input, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		end()
		return nil, err
	}
	return &program{virtualenv: virtualenv, command: command, input: input, end: end}, nil
}

// virtualenv gives the virtual environment that the project names, else that of the project that this engine belongs to.
func (h *host) virtualenv(info *pulumirpc.ProgramInfo) (string, error) {
	named := info.GetOptions().GetFields()["virtualenv"].GetStringValue()
	if named == "" {
		return filepath.Join(h.project, ".venv"), nil
	}
	if !filepath.IsAbs(named) {
		named = filepath.Join(info.RootDirectory, named)
	}
	if _, err := os.Stat(filepath.Join(named, "bin", "python")); err != nil {
		return "", status.Errorf(codes.FailedPrecondition,
			"%s: there is no virtual environment here, but the project's settings name it "+
				"(runtime.options.virtualenv). Create it, or name another one.", named)
	}
	return named, nil
}

// installed lists the packages of a virtual environment by their folders, NAME-VERSION.dist-info.
func installed(virtualenv string) []*pulumirpc.DependencyInfo {
	folders, _ := filepath.Glob(filepath.Join(virtualenv, "lib", "python3*", "site-packages", "*.dist-info"))
	dependencies := make([]*pulumirpc.DependencyInfo, 0, len(folders))
	for _, folder := range folders {
		name, version, _ := strings.Cut(strings.TrimSuffix(filepath.Base(folder), ".dist-info"), "-")
		dependencies = append(dependencies, &pulumirpc.DependencyInfo{Name: name, Version: version})
	}
	return dependencies
}
