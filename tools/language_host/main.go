// pulumi-language-python is Pulumi's language host for Python: it runs programs and policy packs for the engine.
//
// Pulumi's CLI brings such a host along where it is installed as a package; beside one that is built from source
// stands this. The engine starts it up to twice in every operation and waits for it each time, so it must be there
// at once: what needs Python, it leaves to a small program that it starts (PROJECT/.engine/run.py).
//
//	PROJECT/.engine/bin/pulumi-language-python [FLAG…] ENGINE_ADDRESS
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
)

// The engine's own limit for a message.
const messageLimit = 400 << 20

// The kernel ends this process with the thread that started it, and its children with the thread that starts them.
func init() { runtime.LockOSThread() }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-python:", err)
		os.Exit(1)
	}
}

func run() error {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, unix.SIGINT, unix.SIGTERM)
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	project, err := ownProject()
	if err != nil {
		return err
	}
	// Flags of the engine's that change nothing here.
	flag.String("tracing", "", "")
	flag.String("root", "", "")
	flag.String("binary", "", "")
	flag.Bool("logtostderr", false, "")
	flag.Int("v", 0, "")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(messageLimit), grpc.MaxSendMsgSize(messageLimit))
	pulumirpc.RegisterLanguageRuntimeServer(server, newHost(project, flag.Arg(0), showsDebug(engineCommand())))
	go func() { _ = server.Serve(listener) }()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	<-interrupted
	// Ends the calls under way, and with them what they run.
	server.Stop()
	return nil
}

// ownProject is the clone or project that this program is installed in. It does not resolve links: there is one to a
// program that several share.
func ownProject() (string, error) {
	program, err := exec.LookPath(os.Args[0])
	if err != nil {
		return "", err
	}
	program, err = filepath.Abs(program)
	return filepath.Dir(filepath.Dir(filepath.Dir(program))), err
}

// engineCommand is the command line of the engine, which is what has started this program.
func engineCommand() []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", os.Getppid()))
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\x00")
}

// showsDebug tells whether an engine shows debug messages, which it tells nobody by itself. Where it is not sure, it does.
func showsDebug(command []string) bool {
	short := regexp.MustCompile("^-[a-zA-Z]*[dv]")
	asked := func(argument string) bool {
		return strings.HasPrefix(argument, "--debug") || strings.HasPrefix(argument, "--verbose") || short.MatchString(argument)
	}
	return len(command) == 0 || slices.ContainsFunc(command, asked) ||
		os.Getenv("PULUMI_OPTION_DEBUG") != "" || os.Getenv("PULUMI_OPTION_VERBOSE") != ""
}
