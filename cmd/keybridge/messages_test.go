package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// refused runs the demo to its end, which must be exit code 1, and answers what it said.
func refused(t *testing.T, env []string, args ...string) string {
	t.Helper()
	c := startChild(t, env, append([]string{"demo", "--dir", t.TempDir(), "--shop-port", fmt.Sprint(freePort(t))}, args...)...)
	err := c.wait()
	var exit *exec.ExitError
	if e, ok := err.(*exec.ExitError); ok { //nolint:errorlint // exec answers it unwrapped
		exit = e
	}
	if exit == nil || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want exit code 1", err)
	}
	return c.out.String()
}

// TestTerminalSaysWhatToDo: what a person can mend is said in words that tell how.
func TestTerminalSaysWhatToDo(t *testing.T) {
	t.Parallel()
	dsn := "DATABASE_URL=" + pgtest.DSN(t)
	sim := keycrmtest.Start(t, keycrmtest.WithCatalog(5, 5))
	nowhere := fmt.Sprintf("http://127.0.0.1:%d/v1", freePort(t))
	for name, c := range map[string]struct {
		env  []string
		args []string
		want string
	}{
		"wrong key": {
			[]string{dsn, "REDIS_URL="},
			[]string{"--keycrm-key", "a-key-that-is-not-of-this-account", "--keycrm-url", sim.BaseURL()},
			"ключ",
		},
		"CRM out of reach": {
			[]string{dsn, "REDIS_URL="},
			[]string{"--keycrm-key", sim.Key(), "--keycrm-url", nowhere},
			"KeyCRM зараз не відповідає",
		},
		"database out of reach": {
			[]string{"DATABASE_URL=postgres://nobody@127.0.0.1:1/none?sslmode=disable", "REDIS_URL="}, nil, "DATABASE_URL",
		},
		"Redis out of reach":       {[]string{dsn, "REDIS_URL=redis://127.0.0.1:1"}, nil, "no Redis answers"},
		"role without its servers": {[]string{"DATABASE_URL=", "REDIS_URL="}, []string{"--role", "web"}, "set DATABASE_URL"},
		"unknown role":             {nil, []string{"--role", "boss"}, "--role must be all, web or worker"},
		"unknown language":         {nil, []string{"--lang", "pl"}, "--lang must be uk or en"},
		"quick checks on the real CRM": {
			nil, []string{"--quick-checks", "--keycrm-key", "a-key-of-a-real-account"}, "an order could be sent twice",
		},
		"fresh with an outside database": {[]string{dsn}, []string{"--fresh"}, "drop its schemas"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := refused(t, c.env, c.args...)
			if !strings.Contains(got, c.want) {
				t.Errorf("said:\n%s\nwant words %q", got, c.want)
			}
			if strings.Contains(got, sim.Key()) {
				t.Errorf("the API key is in the output:\n%s", got)
			}
		})
	}
}

// TestSecondDemoInAFolderTouchesNothing: not even --fresh forgets what a running demo keeps.
func TestSecondDemoInAFolderTouchesNothing(t *testing.T) {
	t.Parallel()
	dir, env := t.TempDir(), []string{"DATABASE_URL=", "REDIS_URL="}
	sim := keycrmtest.Start(t, keycrmtest.WithCatalog(5, 5))
	args := []string{"demo", "--blank", "--dir", dir, "--keycrm-key", sim.Key(), "--keycrm-url", sim.BaseURL(), "--shop-port", fmt.Sprint(freePort(t))}
	first := startChild(t, env, args...)
	first.waitFor("Ctrl-C stops everything")
	before, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	second := startChild(t, env, append(args, "--fresh")...)
	if err := second.wait(); err == nil || !strings.Contains(second.out.String(), "another demo runs in this folder") {
		t.Errorf("the second demo ended with %v and said:\n%s", err, second.out)
	}
	after, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the running demo's state has changed: %v", err)
	}
	first.interrupt()
	if err := first.wait(); err != nil {
		t.Errorf("Ctrl-C ended the demo with %v:\n%s", err, first.out)
	}
}

// TestTakenPortIsSteppedOver: the demo takes the next free port and says which.
func TestTakenPortIsSteppedOver(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	m := newMortal(t, keycrmtest.WithCatalog(5, 5))
	m.port = taken.Addr().(*net.TCPAddr).Port
	m.start()
	if strings.Contains(m.process.out.String(), m.shopURL()+"/") {
		t.Errorf("the taken port %d is announced:\n%s", m.port, m.process.out)
	}
	m.process.interrupt()
	if err := m.process.wait(); err != nil {
		t.Errorf("Ctrl-C ended the demo with %v:\n%s", err, m.process.out)
	}
}
