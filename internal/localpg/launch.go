package localpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/keybridge/keybridge/internal/localproc"
)

// initialise runs initdb unless the data is there.
func (h *home) initialise(ctx context.Context, bin string) error {
	if _, err := os.Stat(filepath.Join(h.data(), "PG_VERSION")); err == nil {
		return nil
	}
	// What an interrupted initdb left is of no use, and initdb refuses a folder that is not empty.
	if err := os.RemoveAll(h.data()); err != nil {
		return fmt.Errorf("clear the data folder: %w", err)
	}
	if err := makePrivateDir(h.data(), h.account); err != nil {
		return err
	}
	var out bytes.Buffer
	cmd := h.command(ctx, bin, "initdb",
		"-D", h.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale="+locale(), "--no-sync")
	cmd.Stdout, cmd.Stderr = &out, &out
	proc, err := localproc.Start(cmd, localproc.Options{As: h.account, DeathSignal: syscall.SIGTERM})
	if err != nil {
		return err
	}
	if err := proc.Wait(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}

// locale must know Unicode letters, so that lower() works on Cyrillic. macOS has no C.UTF-8.
func locale() string {
	if runtime.GOOS == "darwin" {
		return "en_US.UTF-8"
	}
	return "C.UTF-8"
}

// command is one of PostgreSQL's programs with an environment of its own: the caller's PGDATA,
// PGPORT, PGOPTIONS and locale must not reach it.
func (h *home) command(ctx context.Context, bin, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	return cmd
}

// launch starts the server and waits until it answers. After a crash the traces of the last
// server (its shared memory) may take a moment to go, so the start is then tried again.
func (h *home) launch(ctx context.Context, bin string, cfg Config, crashed bool) (*localproc.Process, error) {
	tries := 1
	if crashed {
		tries = 5
	}
	var err error
	for try := range tries {
		if try > 0 {
			pause(ctx, 500*time.Millisecond)
		}
		var proc *localproc.Process
		if proc, err = h.launchOnce(ctx, bin, cfg); err == nil {
			return proc, nil
		}
	}
	return nil, err
}

func (h *home) launchOnce(ctx context.Context, bin string, cfg Config) (*localproc.Process, error) {
	log, err := os.OpenFile(h.logFile(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	// Not bound to ctx: the server outlives its start.
	cmd := h.command(context.WithoutCancel(ctx), bin, "postgres", append([]string{"-D", h.data()}, h.settings(cfg)...)...)
	cmd.Stdout, cmd.Stderr = log, log
	proc, err := localproc.Start(cmd, localproc.Options{As: h.account, DeathSignal: deathSignal(cfg)})
	_ = log.Close() // nothing of ours was written; the child has a handle of its own
	if err != nil {
		return nil, err
	}
	if err := h.awaitAnswer(ctx, proc); err != nil {
		stopErr := proc.Stop(context.WithoutCancel(ctx), localproc.Step{Signal: syscall.SIGQUIT, Wait: 5 * time.Second})
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w: %s", err, h.logTail()), stopErr)
	}
	return proc, nil
}

// deathSignal asks for a fast shutdown, or, when nothing is to be kept, for an immediate one.
func deathSignal(cfg Config) syscall.Signal {
	if cfg.Throwaway {
		return syscall.SIGQUIT
	}
	return syscall.SIGINT
}

// settings are the server's command line: socket only, and for tests nothing durable.
func (h *home) settings(cfg Config) []string {
	set := []string{
		"listen_addresses=",
		"port=" + strconv.Itoa(socketPort),
		"unix_socket_directories=" + h.socketDir(),
		"unix_socket_permissions=0700",
		"max_connections=" + strconv.Itoa(cfg.MaxConnections),
		"timezone=UTC",
		"log_timezone=UTC",
	}
	if cfg.Throwaway {
		set = append(set, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB", "checkpoint_timeout=1h")
	}
	args := make([]string, 0, 2*len(set))
	for _, s := range set {
		args = append(args, "-c", s)
	}
	return args
}

// awaitAnswer polls until a connection succeeds, the server gives up, or ctx ends.
func (h *home) awaitAnswer(ctx context.Context, proc *localproc.Process) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-proc.Done():
			return errors.New("the server ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if err := ping(ctx, h.dsn("postgres")); err == nil {
				return nil
			}
		}
	}
}

// logTail is the end of the server's log, for an error that a person reads.
func (h *home) logTail() string {
	const most = 2000
	text, err := os.ReadFile(h.logFile())
	if err != nil {
		return "(no log)"
	}
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return string(bytes.TrimSpace(text))
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
