package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// cloneWith lays out a clone whose virtual environment holds the given files under site-packages.
func cloneWith(t *testing.T, files map[string]string) string {
	t.Helper()
	clone := t.TempDir()
	for name, text := range files {
		path := filepath.Join(clone, ".venv", "lib", "python3.11", "site-packages", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return clone
}

func TestItReportsTheVersionOfTheInstalledPulumiPackage(t *testing.T) {
	clone := cloneWith(t, map[string]string{
		"pulumi-3.272.0.dist-info/METADATA":    "",
		"pulumi_aws-7.51.1.dist-info/METADATA": "",
	})
	info, err := newHost(clone, "", false).GetPluginInfo(context.Background(), nil)
	if err != nil || info.Version != "3.272.0" {
		t.Fatalf("version %q, error %v", info.GetVersion(), err)
	}
}

func TestItListsThePluginsThatInstalledPackagesNeed(t *testing.T) {
	clone := cloneWith(t, map[string]string{
		"pulumi_aws/pulumi-plugin.json":    `{"resource": true, "name": "aws", "version": "7.51.1"}`,
		"pulumi_policy/pulumi-plugin.json": `{"resource": false, "name": "policy"}`,
	})
	request := &pulumirpc.GetRequiredPackagesRequest{Info: &pulumirpc.ProgramInfo{}}
	response, err := newHost(clone, "", false).GetRequiredPackages(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	if len(response.Packages) != 1 || response.Packages[0].Name != "aws" {
		t.Fatalf("packages: %v", response.Packages)
	}
}

// withPython gives a virtual environment whose Python notes that it was started, and then what it was asked to run.
func withPython(t *testing.T) (virtualenv, notes string) {
	t.Helper()
	virtualenv = t.TempDir()
	notes = filepath.Join(virtualenv, "notes")
	if err := os.Mkdir(filepath.Join(virtualenv, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "#!/bin/sh\necho started >> " + notes + "\n" + "request=$(tr -cd a-z) && echo \"$request\" >> " + notes + "\n"
	if err := os.WriteFile(filepath.Join(virtualenv, "bin", "python"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return virtualenv, notes
}

func asked(t *testing.T, virtualenv string) *pulumirpc.ProgramInfo {
	t.Helper()
	options, err := structpb.NewStruct(map[string]any{"virtualenv": virtualenv})
	if err != nil {
		t.Fatal(err)
	}
	return &pulumirpc.ProgramInfo{Options: options}
}

func runs(t *testing.T, h *host, virtualenv, stack string) {
	t.Helper()
	// Of a request, the notes have the small letters: of this one, those of the folder as well.
	request := &pulumirpc.RunRequest{Stack: stack, Info: asked(t, virtualenv)}
	if _, err := h.Run(t.Context(), request); err != nil {
		t.Fatal(err)
	}
}

// readies has the host asked for packages, and waits until a program is there.
func readies(t *testing.T, h *host, virtualenv, notes string) {
	t.Helper()
	request := &pulumirpc.GetRequiredPackagesRequest{Info: asked(t, virtualenv)}
	if _, err := h.GetRequiredPackages(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); len(noted(notes)) == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if got := noted(notes); !slices.Equal(got, []string{"started"}) {
		t.Fatalf("before it is asked for: %q", got)
	}
}

func TestAProgramIsReadiedOnceTheEngineAsksForItsPackages(t *testing.T) {
	virtualenv, notes := withPython(t)
	h := newHost("", "", false)
	readies(t, h, virtualenv, notes)
	for _, stack := range []string{"acme", "globex"} {
		runs(t, h, virtualenv, stack)
	}
	got := noted(notes)
	if len(got) != 4 || !strings.Contains(got[1], "acme") || got[2] != "started" || !strings.Contains(got[3], "globex") {
		t.Errorf("%q", got)
	}
}

func TestAProgramThatIsReadiedServesItsVirtualEnvironmentAlone(t *testing.T) {
	readied, notes := withPython(t)
	other, itsNotes := withPython(t)
	h := newHost("", "", false)
	readies(t, h, readied, notes)
	runs(t, h, other, "acme")
	if got := noted(itsNotes); len(got) != 2 || !strings.Contains(got[1], "acme") {
		t.Errorf("%q", got)
	}
}

func noted(file string) []string {
	text, _ := os.ReadFile(file)
	return strings.Fields(string(text))
}

func TestAVirtualEnvironmentThatIsNotThereIsNamedToTheUser(t *testing.T) {
	options, err := structpb.NewStruct(map[string]any{"virtualenv": "nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	info := &pulumirpc.ProgramInfo{RootDirectory: t.TempDir(), Options: options}
	_, err = newHost("", "", false).virtualenv(info)
	if status.Code(err) != codes.FailedPrecondition {
		t.Fatalf("error: %v", err)
	}
}

func TestDebugMessagesAreSentToAnEngineThatMayShowThem(t *testing.T) {
	for command, shows := range map[string]bool{
		"pulumi preview --stack acme":         false,
		"pulumi up --yes --stack d":           false,
		"pulumi up --debug":                   true,
		"pulumi up -yd":                       true,
		"pulumi up -v=9 --logtostderr":        true,
		"pulumi up --verbose 9":               true,
		"pulumi --non-interactive up -s acme": false,
	} {
		if got := showsDebug(strings.Fields(command)); got != shows {
			t.Errorf("%s: %v", command, got)
		}
	}
	if !showsDebug(nil) {
		t.Error("nothing is known of the engine, and messages are left out")
	}
	t.Setenv("PULUMI_OPTION_DEBUG", "true")
	if !showsDebug([]string{"pulumi", "up"}) {
		t.Error("the environment asks for them")
	}
}
