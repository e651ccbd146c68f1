package main

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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

// child is the command running as a process of its own.
type child struct {
	cmd  *exec.Cmd
	out  *lines
	done chan error
}

// startChild runs the command with arguments; env is added to the environment.
func startChild(t *testing.T, env []string, args ...string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(exe, args...), out: newLines(), done: make(chan error, 1)}
	c.cmd.Env = append(append(os.Environ(), asCommand+"=1"), env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd.Stderr = c.cmd.Stdout
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		c.out.read(bufio.NewScanner(pipe))
		c.done <- c.cmd.Wait()
	}()
	t.Cleanup(func() { c.kill() })
	return c
}

// kill ends the child as the kernel would: it can do nothing about it.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	c.wait()
}

func (c *child) interrupt() { _ = c.cmd.Process.Signal(os.Interrupt) }

func (c *child) wait() error {
	err, ok := <-c.done
	if ok {
		close(c.done)
	}
	return err
}

// lines collects what a child prints and lets a test wait for words.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	more *sync.Cond
	over bool
}

func newLines() *lines {
	l := &lines{}
	l.more = sync.NewCond(&l.mu)
	return l
}

func (l *lines) read(s *bufio.Scanner) {
	for s.Scan() {
		l.mu.Lock()
		l.text.WriteString(s.Text() + "\n")
		l.more.Broadcast()
		l.mu.Unlock()
	}
	l.mu.Lock()
	l.over = true
	l.more.Broadcast()
	l.mu.Unlock()
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// waitFor returns once the words were printed.
func (l *lines) waitFor(t *testing.T, words string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for !strings.Contains(l.text.String(), words) {
		if l.over {
			t.Fatalf("the command ended without printing %q:\n%s", words, l.text.String())
		}
		l.more.Wait()
	}
}

// freePort answers a loopback port that nobody listens on just now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
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
