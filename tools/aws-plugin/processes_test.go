package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A bridge whose provider has made its socket.
const serving = `#!/bin/sh
touch "$PLUGIN_UNIX_SOCKET_DIR/plugin1"
echo 1
exec sleep 600
`

func TestTheSocketOfTheProviderGoesWithThePlugin(t *testing.T) {
	directory, temporary := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temporary)
	if err := os.WriteFile(filepath.Join(directory, bridgeName), []byte(serving), 0o700); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(directory, nil) }()
	socket := filepath.Join(temporary, "*", "plugin1")
	for len(found(t, socket)) == 0 {
		select {
		case err := <-ended:
			t.Fatalf("it ended before it served: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if left := found(t, filepath.Join(temporary, "*")); len(left) > 0 {
		t.Fatalf("%v is left", left)
	}
}

func found(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
