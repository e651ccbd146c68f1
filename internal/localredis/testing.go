package localredis

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/localproc"
)

// startPatience is how long a redis-server may take to answer, which it mostly does in milliseconds.
const startPatience = time.Minute

// TB is what New and StartReal need of a *testing.T. The package is part of the demo too, which
// should not carry the testing package along.
type TB interface {
	Helper()
	Context() context.Context
	TempDir() string
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// New runs an embedded server for one test. Its keys expire only by FastForward, so that a test
// decides when time passes. REDIS_URL is not looked at: every test has a Redis of its own.
func New(t TB) *Server {
	t.Helper()
	s, err := startMini()
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Real is a redis-server process.
type Real struct {
	bin, dir string
	port     int
	password string
	args     []string // more of them
	proc     *localproc.Process
}

// StartReal runs a redis-server for one test, on a free loopback port, keeping nothing on disk.
// A machine without redis-server fails the test.
func StartReal(t TB) *Real {
	t.Helper()
	r := newReal(t)
	r.Start(t)
	t.Cleanup(func() { r.Stop(t) })
	return r
}

// StartCluster is StartReal for a Redis Cluster of one node, which holds every slot and refuses what a
// cluster refuses.
func StartCluster(t TB) *Real {
	t.Helper()
	r := newReal(t)
	bus := takePort(t)
	r.args = []string{"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus), "--cluster-announce-ip", "127.0.0.1"}
	r.Start(t)
	t.Cleanup(func() { r.Stop(t) })
	client := redis.NewClient(&redis.Options{Addr: r.Addr(), Password: r.password})
	defer func() { _ = client.Close() }()
	if err := client.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatalf("give the node its slots: %v", err)
	}
	for state := ""; !strings.Contains(state, "cluster_state:ok"); {
		var err error
		if state, err = client.ClusterInfo(t.Context()).Result(); err != nil {
			t.Fatalf("ask for the cluster's state: %v", err)
		}
	}
	return r
}

func newReal(t TB) *Real {
	t.Helper()
	dirs := localproc.Dirs(os.Getenv("PATH"), []string{"/usr/bin", "/opt/homebrew/bin", "/usr/local/bin"}, "redis-server")
	if len(dirs) == 0 {
		t.Fatalf("%s", missingText(os.Getenv("PATH")))
	}
	return &Real{bin: filepath.Join(dirs[0], "redis-server"), dir: t.TempDir(), port: takePort(t), password: rand.Text()}
}

// takePort keeps a port until the test ends, so that a stopped server finds it free again.
func takePort(t TB) int {
	t.Helper()
	port, err := localproc.TakePort(t.Context())
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(port.Close)
	return port.Number
}

// missingText tells a person what to type.
func missingText(path string) string {
	command := localproc.InstallCommand(path, localproc.Packages{Apt: "redis-server", Dnf: "redis", Brew: "redis"})
	if command == "" {
		return "redis-server was not found on this machine. Install Redis with your system's package manager"
	}
	return "redis-server was not found on this machine. Install it with:  " + command
}

// Addr is host:port; the same after a restart.
func (r *Real) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)) }

// Password is what the server asks for.
func (r *Real) Password() string { return r.password }

// URL is a redis:// URL, password included; the same after a restart.
func (r *Real) URL() string { return fmt.Sprintf("redis://:%s@%s/0", r.password, r.Addr()) }

// Start runs the server again after Stop, empty, at the same address, and returns once it answers.
func (r *Real) Start(t TB) {
	t.Helper()
	args := []string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(r.port), "--requirepass", r.password,
		"--save", "", "--appendonly", "no", "--dir", r.dir, "--daemonize", "no",
		"--logfile", filepath.Join(r.dir, "redis.log"),
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), r.bin, append(args, r.args...)...)
	proc, err := localproc.Start(cmd, localproc.Options{DeathSignal: syscall.SIGKILL})
	if err != nil {
		t.Fatalf("%v", err)
	}
	r.proc = proc
	if err := r.awaitAnswer(t.Context()); err != nil {
		r.Stop(t)
		log, _ := os.ReadFile(filepath.Join(r.dir, "redis.log")) // absent: the message is then without it
		t.Fatalf("start redis-server: %v\n%s", err, log)
	}
}

// Stop ends the server at once, as a crash would: all it held is gone.
func (r *Real) Stop(t TB) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if err := r.proc.Stop(ctx, localproc.Step{Signal: syscall.SIGKILL, Wait: 5 * time.Second}); err != nil {
		t.Errorf("stop redis-server: %v", err)
	}
}

func (r *Real) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	client := redis.NewClient(&redis.Options{Addr: r.Addr(), Password: r.password, MaxRetries: -1})
	defer func() { _ = client.Close() }() // it only asked whether the server is there
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-r.proc.Done():
			return fmt.Errorf("the server ended: %w", r.proc.Wait())
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if client.Ping(ctx).Err() == nil {
				return nil
			}
		}
	}
}
