package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// Before anything else, the bridge asks the Terraform provider for the schema of all that AWS has, which to make, send
// and read takes most of the start of both. So a process stands in for the provider: it gives the bridge the part that
// is in use, which set-up has kept in a file, and passes all other calls on. Terraform does the same for a provider
// that it starts again: it asks only the first one.

// headOfProgram is where Go's linker puts the digest of a whole program.
const headOfProgram = 65536

// schemaFile names the answer to the bridge's question, made by keepSchema and put beside this program. Another
// provider in the same place has another name.
func schemaFile(provider string) (string, error) {
	file, err := os.Open(provider)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	head, err := io.ReadAll(io.LimitReader(file, headOfProgram))
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(head)
	return fmt.Sprintf("%s-%x.schema", providerName, digest[:6]), nil
}

// keepCommand is what set-up calls the stand-in with, and the file to write.
const keepCommand = "keep-schema"

// bridgeCertificate is the variable in which the bridge names itself: whoever it starts takes calls from it alone.
const bridgeCertificate = "PLUGIN_CLIENT_CERT"

// providerCookie tells the Terraform provider that it is started by who can talk to it.
const providerCookie = "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"

// standIn answers the bridge in the Terraform provider's place.
type standIn struct {
	provider *terraformProvider
	schema   frame // nil where the provider itself is to answer
}

func (s *standIn) handle(ctx context.Context, method string, request frame) (frame, error) {
	if s.schema != nil && method == s.provider.schemaMethod() {
		return s.schema, nil
	}
	return s.provider.call(ctx, method, request)
}

// standInFor must be called on the main thread, see endWithParent. It returns when the provider has ended.
func standInFor(directory string, arguments []string) error {
	if err := endWithParent(); err != nil {
		return err
	}
	n, err := loadNames(namesJSON)
	if err != nil {
		return err
	}
	link := filepath.Join(directory, providerName)
	if len(arguments) == 2 && arguments[0] == keepCommand {
		return keepSchema(link, n.terraformTypes, arguments[1])
	}
	schema, err := keptSchema(link, n.terraformTypes)
	if err != nil {
		return err
	}
	provider, err := startProvider(link)
	if err != nil {
		return err
	}
	security, certificate, err := onlyFor(os.Getenv(bridgeCertificate))
	if err != nil {
		return err
	}
	address, err := listen(newServer((&standIn{provider: provider, schema: schema}).handle, grpc.Creds(security)))
	if err != nil {
		return err
	}
	fmt.Printf("1|%s|tcp|%s|grpc|%s\n", provider.protocol, address, base64.RawStdEncoding.EncodeToString(certificate))
	return provider.command.Wait()
}

// terraformProvider is the running Terraform provider.
type terraformProvider struct {
	command    *exec.Cmd
	connection *grpc.ClientConn
	protocol   string // "5" or "6"
}

// startProvider must be called on the main thread, see endWithParent.
func startProvider(link string) (*terraformProvider, error) {
	// Its own name, not the link's, is what a look at the running processes should show.
	program, err := filepath.EvalSymlinks(link)
	if err != nil {
		return nil, err
	}
	command := exec.Command(program)
	command.Stderr = os.Stderr
	// Without the bridge's certificate it takes calls on a socket that only this user may open.
	command.Env = append(slices.DeleteFunc(withoutLogs(os.Environ()), func(pair string) bool {
		return strings.HasPrefix(pair, bridgeCertificate+"=")
	}), providerCookie)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the Terraform provider: %w", err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	// 1|PROTOCOL|NETWORK|ADDRESS|grpc|CERTIFICATE, the last one empty here.
	parts := strings.Split(strings.TrimSpace(line), "|")
	if err != nil || len(parts) < 5 || parts[4] != "grpc" {
		return nil, fmt.Errorf("the Terraform provider ended before it was ready, or speaks another protocol: %q", line)
	}
	address := parts[3]
	if parts[2] == "unix" {
		address = "unix:" + address
	}
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	go discardPrinted(connection)
	return &terraformProvider{command: command, connection: connection, protocol: parts[1]}, nil
}

// withoutLogs lets the provider write no log where the bridge would throw it away. Unless somebody says what is to be in
// it, that is all that it does, some thousand lines in each preview.
func withoutLogs(environment []string) []string {
	if os.Getenv("TF_LOG") != "" || os.Getenv("TF_LOG_PROVIDER") != "" {
		return environment
	}
	return append(environment, "TF_LOG_SDK=off", "TF_LOG_PROVIDER_AWS=off")
}

// discardPrinted reads what a provider prints: it would stand still once a pipe is full.
func discardPrinted(connection *grpc.ClientConn) {
	stream, err := connection.NewStream(
		context.Background(), &grpc.StreamDesc{ServerStreams: true}, "/plugin.GRPCStdio/StreamStdio")
	if err == nil {
		err = errors.Join(stream.SendMsg(&frame{}), stream.CloseSend())
	}
	for err == nil {
		err = stream.RecvMsg(&frame{})
	}
}

func (p *terraformProvider) call(ctx context.Context, method string, request frame) (frame, error) {
	return invoke(ctx, p.connection, "/tfplugin"+p.protocol+".Provider/"+method, request)
}

// schemaMethod is what the bridge asks first.
func (p *terraformProvider) schemaMethod() string {
	if p.protocol == "5" {
		return "GetSchema"
	}
	return "GetProviderSchema"
}

// keepSchema writes what a stand-in answers with to a file.
func keepSchema(link string, types []string, file string) error {
	// The provider ends with this process and leaves its socket behind.
	sockets, err := os.MkdirTemp("", "aws-plugin-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(sockets) }()
	if err := os.Setenv(socketFolderVariable, sockets); err != nil {
		return err
	}
	provider, err := startProvider(link)
	if err != nil {
		return err
	}
	schema, err := provider.call(context.Background(), provider.schemaMethod(), frame{})
	if err != nil {
		return err
	}
	if schema, err = onlyTypes(schema, types); err != nil {
		return err
	}
	return os.WriteFile(file, schema, 0o644)
}

// keptSchema gives what set-up has kept of this provider. It gives nil where the provider itself is to answer: nothing
// is kept, or a part of it, or what another version of this program has kept.
func keptSchema(link string, types []string) (frame, error) {
	name, err := schemaFile(link)
	if err != nil {
		return nil, err
	}
	schema, err := os.ReadFile(filepath.Join(filepath.Dir(link), name))
	if errors.Is(err, os.ErrNotExist) || err == nil && !standsForProvider(schema, types) {
		return nil, nil
	}
	return schema, err
}

// onlyFor gives TLS that admits who has the PEM certificate, and this side's own certificate.
func onlyFor(other string) (credentials.TransportCredentials, []byte, error) {
	admitted := x509.NewCertPool()
	if !admitted.AppendCertsFromPEM([]byte(other)) {
		return nil, nil, fmt.Errorf("no certificate in %s: this program is started by the bridge alone", bridgeCertificate)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		DNSNames:              []string{"localhost"},
		NotBefore:             time.Now().Add(-time.Minute),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    admitted,
		MinVersion:   tls.VersionTLS13,
	}), certificate, nil
}
