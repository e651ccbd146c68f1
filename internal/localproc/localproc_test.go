package localproc_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/localproc"
)

func TestStopGoesFromAskingToKilling(t *testing.T) {
	t.Parallel()
	// A child that ignores the polite signal, and a grandchild in its group.
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := localproc.Start(cmd, localproc.Options{DeathSignal: syscall.SIGKILL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 6)); err != nil { // the trap is set once it has spoken
		t.Fatal(err)
	}
	if err := p.Stop(t.Context(), localproc.Step{Signal: syscall.SIGTERM, Wait: 10 * time.Millisecond}); err != nil {
		t.Errorf("Stop = %v", err)
	}
	if err := syscall.Kill(-p.PID(), 0); err == nil && groupLives(t, p.PID()) {
		t.Error("the child's process group is still alive")
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Errorf("second Stop = %v", err)
	}
}

func TestChildrenAreOutOfReachOfCtrlC(t *testing.T) {
	t.Parallel()
	p, err := localproc.Start(exec.CommandContext(t.Context(), "/bin/sh", "-c", "sleep 600"), localproc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if group, err := syscall.Getpgid(p.PID()); err == nil && group == syscall.Getpgrp() {
		t.Error("the child is in our own process group: Ctrl-C would end it before we do")
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWaitTellsHowItEnded(t *testing.T) {
	t.Parallel()
	p, err := localproc.Start(exec.CommandContext(t.Context(), "/bin/sh", "-c", "exit 3"), localproc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("Wait = %v", err)
	}
}

func TestStartSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := localproc.Start(exec.CommandContext(t.Context(), "/no/such/program"), localproc.Options{})
	if err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("Start = %v", err)
	}
}

func TestInstallCommandFitsTheMachine(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "apt-get"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	got := localproc.InstallCommand(bin, localproc.Packages{Apt: "redis-server", Dnf: "redis-server", Brew: "redis-server"})
	if !strings.HasSuffix(got, " install redis-server") {
		t.Errorf("InstallCommand = %q", got)
	}
	if sudo := strings.HasPrefix(got, "sudo "); sudo == (os.Geteuid() == 0) && !strings.HasPrefix(got, "brew ") {
		t.Errorf("InstallCommand for uid %d = %q", os.Geteuid(), got)
	}
}

// groupLives looks past zombies, which a parent elsewhere may not have collected yet.
func groupLives(t *testing.T, pgid int) bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ps", "-A", "-o", "pgid=,state=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) == 2 && f[0] == strconv.Itoa(pgid) && !strings.HasPrefix(f[1], "Z") {
			return true
		}
	}
	return false
}

// A process forked meanwhile holds every open socket until it runs its program; processes start all the
// time while ports are taken.
func TestATakenPortIsKeptUntilItIsGivenBack(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	var forks sync.WaitGroup
	forks.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				_ = exec.CommandContext(t.Context(), "true").Run()
			}
		}
	})
	defer forks.Wait()
	defer close(done)
	taken := map[int]bool{}
	for range 200 {
		p, err := localproc.TakePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		if taken[p.Number] || p.Number >= 32_768 {
			t.Fatalf("port %d was taken before, or is one that systems give away", p.Number)
		}
		taken[p.Number] = true
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Number)))
		if err != nil {
			t.Fatalf("whoever took the port cannot listen on it: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
