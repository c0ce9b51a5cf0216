// pulumi-resource-aws is Pulumi's AWS plugin made of the Terraform provider and Pulumi's bridge to any Terraform
// provider. The bridge names resource types after Terraform's; this program stands in front of it and speaks the
// names that the pulumi_aws package uses.
//
// It expects beside itself, in the directory it is started from:
//
//	pulumi-resource-terraform-provider  the bridge
//	terraform-provider-aws              this program again, see standIn
//	hashicorp-aws                       the Terraform provider
//	hashicorp-aws-….schema              what the provider says of the types in use, see schemaFile
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
)

const (
	bridgeName    = "pulumi-resource-terraform-provider"
	lookalikeName = "terraform-provider-aws"
	providerName  = "hashicorp-aws"
)

// sharedVariable is set by who starts this program for several engines. It then outlives its parent for as long as one
// of them is connected; that the parent has ended, it knows by the end of its standard input.
const sharedVariable = "TENANTNET_SHARED_PLUGIN"

// socketFolderVariable is HashiCorp's, of go-plugin.
const socketFolderVariable = "PLUGIN_UNIX_SOCKET_DIR"

// main stays on the main thread, the only one that is sure to live as long as the process: see endWithParent.
func init() { runtime.LockOSThread() }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-aws:", err)
		os.Exit(1)
	}
}

func run() error {
	directory, err := ownDirectory()
	if err != nil {
		return err
	}
	if filepath.Base(os.Args[0]) == lookalikeName {
		return standInFor(directory, os.Args[1:])
	}
	if err := adoptOrphans(); err != nil {
		return err
	}
	if os.Getenv(sharedVariable) == "" {
		if err := endWithParent(); err != nil {
			return err
		}
	}
	return serve(directory, os.Args[1:])
}

// ownDirectory does not resolve links: the directory the plugin is installed in holds links to parts that several
// installations share.
func ownDirectory() (string, error) {
	program, err := exec.LookPath(os.Args[0])
	if err != nil {
		return "", err
	}
	program, err = filepath.Abs(program)
	return filepath.Dir(program), err
}

func serve(directory string, arguments []string) error {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, unix.SIGINT, unix.SIGTERM)
	n, err := loadNames(namesJSON)
	if err != nil {
		return err
	}
	parameters, err := parameterization(n, filepath.Join(directory, lookalikeName))
	if err != nil {
		return err
	}
	flags, engine, err := splitArguments(arguments)
	if err != nil {
		return err
	}
	attached := newAttachments()
	proxy := &engineProxy{names: n, engine: engine, attached: attached}
	engineAddress, err := listen(newServer(proxy.handle))
	if err != nil {
		return err
	}
	sockets, err := os.MkdirTemp("", "aws-plugin-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(sockets) }()
	b, err := startBridge(filepath.Join(directory, bridgeName), append(flags, engineAddress), parameters, sockets)
	if err != nil {
		return err
	}
	defer b.end()
	p := &provider{names: n, version: versionOf(directory), bridge: b, attached: attached}
	address, err := listen(newServer(p.handle, grpc.StatsHandler(attached)))
	if err != nil {
		return err
	}
	fmt.Println(address[strings.LastIndex(address, ":")+1:])
	var unused <-chan struct{}
	if os.Getenv(sharedVariable) != "" {
		unused = attached.unused(os.Stdin)
	}
	select {
	case <-interrupted:
		return nil
	case <-unused:
		return nil
	case <-b.ended.done:
		return errors.Join(errors.New("the bridge ended by itself"), b.ended.err)
	}
}

// splitArguments takes the engine's address, which comes last, off the arguments that the engine starts a plugin
// with. Without an address nobody hears what the bridge reports.
func splitArguments(arguments []string) (flags []string, engine *grpc.ClientConn, err error) {
	last := len(arguments) - 1
	if last < 0 || strings.HasPrefix(arguments[last], "-") {
		return arguments, nil, nil
	}
	engine, err = dial(arguments[last])
	return arguments[:last], engine, err
}

func listen(server *grpc.Server) (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), nil
}

var pluginDirectory = regexp.MustCompile(`^resource-aws-v(.+)$`)

// versionOf gives the version that the plugin is installed as, which is that of the pulumi_aws package it serves.
func versionOf(directory string) string {
	if match := pluginDirectory.FindStringSubmatch(filepath.Base(directory)); match != nil {
		return match[1]
	}
	return ""
}
