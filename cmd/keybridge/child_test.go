package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/localproc"
	"github.com/keybridge/keybridge/internal/pgtest"
)

// asCommand makes the test binary behave as the command, so that tests can start and kill it.
const asCommand = "KEYBRIDGE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(pgtest.Main(m))
}

// child is the command running as a process of its own, which ends with this one at the latest.
type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *lines
	proc *localproc.Process
}

// patience is how long a test waits for a child to say or do what takes it seconds.
const patience = 3 * time.Minute

// startChild runs the command with arguments; env is added to the environment.
func startChild(t *testing.T, env []string, args ...string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.Command(exe, args...), out: &lines{more: make(chan struct{})}}
	c.cmd.Env = append(append(os.Environ(), asCommand+"=1"), env...)
	c.cmd.Stdout, c.cmd.Stderr = c.out, c.out
	if c.proc, err = localproc.Start(c.cmd, localproc.Options{DeathSignal: syscall.SIGKILL}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	return c
}

// kill ends the child as the kernel would: it can do nothing about it.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.proc.Wait()
}

func (c *child) interrupt() { _ = c.cmd.Process.Signal(os.Interrupt) }

// wait answers how the child ended. One that does not end is killed and fails the test.
func (c *child) wait() error {
	select {
	case <-c.proc.Done():
	case <-time.After(patience):
		c.t.Errorf("keybridge %v did not end within %v; it said:\n%s", c.cmd.Args[1:], patience, c.out)
		c.kill()
	}
	return c.proc.Wait()
}

// waitFor returns once the child has printed the words.
func (c *child) waitFor(words string) {
	c.t.Helper()
	limit := time.After(patience)
	for {
		text, more := c.out.now()
		if strings.Contains(text, words) {
			return
		}
		select {
		case <-more:
		case <-c.proc.Done():
			if text = c.out.String(); !strings.Contains(text, words) {
				c.t.Fatalf("keybridge %v ended without printing %q:\n%s", c.cmd.Args[1:], words, text)
			}
		case <-limit:
			c.t.Fatalf("keybridge %v did not print %q within %v:\n%s", c.cmd.Args[1:], words, patience, text)
		}
	}
}

// lines collects what a child prints.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // closed when more comes
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.more)
	l.more = make(chan struct{})
	return l.text.Write(p)
}

// now answers what was printed, and what is closed when there is more.
func (l *lines) now() (text string, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String(), l.more
}

func (l *lines) String() string {
	text, _ := l.now()
	return text
}

// freePort answers a loopback port on which nobody but this test listens till it ends.
func freePort(t *testing.T) int {
	t.Helper()
	port, err := localproc.TakePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Close)
	return port.Number
}

// until asks again and again until f is content, or fails the test when the time is over.
func until(t *testing.T, within time.Duration, what string, f func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := f(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %v: %v", what, within, last)
		case <-tick.C:
		}
	}
}
