package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/encoding/protowire"
)

// entry is a field of a message: of a map where it has a key.
func entry(number protowire.Number, key, value string) []byte {
	var content []byte
	if key != "" {
		content = protowire.AppendString(protowire.AppendTag(content, 1, protowire.BytesType), key)
	}
	content = protowire.AppendString(protowire.AppendTag(content, 2, protowire.BytesType), value)
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), content)
}

func TestOfTheSchemaIsKeptWhatIsInUse(t *testing.T) {
	provider, meta, capabilities := entry(1, "", "region"), entry(5, "", "meta"), entry(6, "", "able")
	resource, source := entry(2, "aws_vpc", "a VPC"), entry(3, "aws_vpc", "that VPC")
	other, again := entry(3, "aws_ami", "other"), entry(2, "aws_instance", "a host")
	schema := slices.Concat(provider, entry(2, "aws_lb", "other"), source, resource, other, again, meta, capabilities,
		entry(7, "arn_parse", "a function"), entry(11, "aws_lambda_invoke", "an action"))
	kept, err := onlyTypes(schema, []string{"aws_instance", "aws_vpc"})
	want := slices.Concat(provider, resource, again, source, meta, capabilities)
	if err != nil || string(kept) != string(want) {
		t.Errorf("got %q, %v", kept, err)
	}
	if _, err := onlyTypes(schema[:len(schema)-1], nil); err == nil {
		t.Error("a schema of which the end is missing was read")
	}
}

// placed gives the link to a provider, with a schema beside it.
func placed(t *testing.T, schema frame) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), providerName)
	if err := os.WriteFile(link, []byte("provider"), 0o700); err != nil {
		t.Fatal(err)
	}
	name, err := schemaFile(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(link), name), schema, 0o600); err != nil {
		t.Fatal(err)
	}
	return link
}

func TestWhatIsKeptServesTheProviderAndTheTypesThatItWasKeptFor(t *testing.T) {
	able := protowire.AppendBytes(protowire.AppendTag(nil, serverCapabilities, protowire.BytesType),
		protowire.AppendVarint(protowire.AppendTag(nil, schemaNeedsNoAsking, protowire.VarintType), 1))
	whole := slices.Concat(entry(2, "aws_vpc", "a VPC"), entry(3, "aws_ami", "an image"), able)
	for what, file := range map[string]struct {
		content frame
		used    bool
	}{
		"all of it":               {whole, true},
		"the beginning":           {whole[:len(whole)-1], false},
		"nothing":                 {nil, false},
		"fewer types":             {slices.Concat(entry(2, "aws_vpc", "a VPC"), able), false},
		"of who has to be asked":  {whole[:len(whole)-len(able)], false},
		"what is no message ever": {frame("no message"), false},
	} {
		kept, err := keptSchema(placed(t, file.content), []string{"aws_ami", "aws_vpc"})
		if err != nil || (kept != nil) != file.used {
			t.Errorf("%s: got %q, %v", what, kept, err)
		}
	}
	link := placed(t, whole)
	if err := os.WriteFile(link, []byte("another provider"), 0o700); err != nil {
		t.Fatal(err)
	}
	if kept, err := keptSchema(link, nil); kept != nil || err != nil {
		t.Errorf("another provider has got %q, %v", kept, err)
	}
}

// overProvider gives a stand-in for a provider that answers with the name of what it was called for.
func overProvider(t *testing.T, schema frame) *standIn {
	t.Helper()
	server := newServer(func(_ context.Context, method string, request frame) (frame, error) {
		return append(frame(method+" "), request...), nil
	})
	t.Cleanup(server.Stop)
	address, err := listen(server)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := dial(address)
	if err != nil {
		t.Fatal(err)
	}
	return &standIn{provider: &terraformProvider{connection: connection, protocol: "5"}, schema: schema}
}

func answer(t *testing.T, s *standIn, method string) string {
	t.Helper()
	response, err := s.handle(t.Context(), method, frame("of acme"))
	if err != nil {
		t.Fatal(err)
	}
	return string(response)
}

func TestTheStandInHasTheSchemaAndPassesOnAllElse(t *testing.T) {
	s := overProvider(t, frame("kept"))
	if got := answer(t, s, "GetSchema"); got != "kept" {
		t.Errorf("got %q", got)
	}
	if got := answer(t, s, "PlanResourceChange"); got != "PlanResourceChange of acme" {
		t.Errorf("got %q", got)
	}
	if got := answer(t, overProvider(t, nil), "GetSchema"); got != "GetSchema of acme" {
		t.Errorf("got %q", got)
	}
}

// own makes a certificate as the bridge does.
func own(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(2),
		DNSNames:              []string{"localhost"},
		NotAfter:              time.Now().Add(time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{certificate}, PrivateKey: key}
}

func TestTheStandInTakesCallsFromTheBridgeAlone(t *testing.T) {
	bridge, stranger := own(t), own(t)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: bridge.Certificate[0]})
	security, certificate, err := onlyFor(string(text))
	if err != nil {
		t.Fatal(err)
	}
	server := newServer(overProvider(t, frame("kept")).handle, grpc.Creds(security))
	t.Cleanup(server.Stop)
	address, err := listen(server)
	if err != nil {
		t.Fatal(err)
	}
	known, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(known)
	for _, caller := range []struct {
		certificate tls.Certificate
		admitted    bool
	}{{bridge, true}, {stranger, false}} {
		connection, err := grpc.NewClient(address,
			grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})),
			grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
				Certificates: []tls.Certificate{caller.certificate}, RootCAs: roots, ServerName: "localhost",
			})))
		if err != nil {
			t.Fatal(err)
		}
		response, err := invoke(t.Context(), connection, "/tfplugin5.Provider/GetSchema", frame{})
		if caller.admitted != (err == nil && string(response) == "kept") {
			t.Errorf("admitted %v: got %q, %v", caller.admitted, response, err)
		}
	}
}

func TestNobodyStartsTheStandInButTheBridge(t *testing.T) {
	if _, _, err := onlyFor(""); err == nil {
		t.Error("it would have taken calls from anybody")
	}
}
