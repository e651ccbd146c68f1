package localpg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/keybridge/keybridge/internal/localproc"
)

// lockName is held with flock by the process that runs a server in the folder. The kernel lets
// go of it when that process ends, so a server found in an unlocked folder is an orphan.
const lockName = "keybridge.lock"

// maxSocketDir keeps the socket's path within sockaddr_un: 104 bytes on macOS, 108 on Linux,
// less "/.s.PGSQL.5432" and the closing zero.
const maxSocketDir = 104 - len("/.s.PGSQL.5432") - 1

// home is the folder of one server: data, run (the socket), postgres.log and the lock.
type home struct {
	dir       string
	account   *localproc.User // whom the server runs as; nil: ourselves
	lock      *os.File        // nil once closed
	run       string          // the socket's folder
	temporary bool            // the folder itself goes at close
}

// maxTakes bounds how often a folder may vanish in our hands before that is told.
const maxTakes = 100

// openHome makes or takes the folder and locks it.
func openHome(cfg Config, account *localproc.User) (*home, error) {
	dir, err := placeFor(cfg, account)
	if err != nil {
		return nil, err
	}
	h := &home{dir: dir, account: account, run: filepath.Join(dir, "run"), temporary: cfg.Dir == "" || cfg.Throwaway}
	// A folder that its last user removed between our opening and our locking is made anew.
	for try := 0; ; try++ {
		lock, err := takeHome(dir, account)
		if errors.Is(err, os.ErrNotExist) && try < maxTakes {
			continue
		}
		if err != nil {
			return nil, err
		}
		if sameFile(lock, filepath.Join(dir, lockName)) {
			h.lock = lock
			return h, nil
		}
		if err := lock.Close(); err != nil {
			return nil, fmt.Errorf("close %s: %w", lockName, err)
		}
	}
}

func takeHome(dir string, account *localproc.User) (*os.File, error) {
	if err := makePrivateDir(dir, account); err != nil {
		return nil, err
	}
	return lockFile(filepath.Join(dir, lockName))
}

// placeFor is the folder to use: the one asked for, unless the account cannot get there.
func placeFor(cfg Config, account *localproc.User) (string, error) {
	if cfg.Dir == "" {
		base := reachable(account, os.TempDir(), "/var/tmp", "/tmp")
		if base == "" {
			return "", fmt.Errorf("no temporary folder that the database's account (uid %d) can enter", account.UID)
		}
		dir, err := os.MkdirTemp(base, "keybridge-pg-")
		if err != nil {
			return "", fmt.Errorf("make a temporary folder: %w", err)
		}
		return dir, nil
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return "", fmt.Errorf("database folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("make the parent of the database folder: %w", err)
	}
	if account == nil {
		return dir, nil
	}
	blocked := blockedAt(filepath.Dir(dir), *account)
	if blocked == "" {
		return dir, nil
	}
	base := reachable(account, "/var/tmp", os.TempDir(), "/tmp")
	if base == "" {
		return "", fmt.Errorf("the database's account (uid %d) cannot enter %s, nor any temporary folder", account.UID, blocked)
	}
	sum := sha256.Sum256([]byte(dir))
	other := filepath.Join(base, "keybridge-"+hex.EncodeToString(sum[:6]))
	cfg.Notice(fmt.Sprintf("PostgreSQL refuses to run as root, and the account it runs under cannot enter %s: its data is in %s", blocked, other))
	return other, nil
}

// reachable is the first of the folders that the account can enter, or empty.
func reachable(account *localproc.User, dirs ...string) string {
	for _, dir := range dirs {
		if account == nil || blockedAt(dir, *account) == "" {
			return dir
		}
	}
	return ""
}

func sameFile(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

// socketDir is where the server's socket lies. Only the server's account and root can enter it.
func (h *home) socketDir() string { return h.run }

// prepare makes the folder ready for initdb or for a start.
func (h *home) prepare(wipe bool) error {
	if wipe {
		for _, path := range []string{h.data(), h.logFile()} {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("clear the database folder: %w", err)
			}
		}
	}
	// The socket of a server that was killed would stand in the next one's way.
	if err := os.RemoveAll(h.run); err != nil {
		return fmt.Errorf("clear the socket folder: %w", err)
	}
	if len(h.run) > maxSocketDir {
		short, err := os.MkdirTemp(reachable(h.account, "/tmp", os.TempDir()), "keybridge-run-")
		if err != nil {
			return fmt.Errorf("make a folder for the socket: %w", err)
		}
		h.run = short
	}
	return makePrivateDir(h.run, h.account)
}

// endOrphan stops a server that outlived the process which started it. It reports whether the
// last server ended without tidying up, so that the next start may have to wait for its traces.
func (h *home) endOrphan(ctx context.Context) (crashed bool, err error) {
	pidFile := filepath.Join(h.data(), "postmaster.pid")
	pid, err := readPID(pidFile)
	if err != nil || pid == 0 {
		return false, err
	}
	for _, step := range append(gracefully(), localproc.Step{Signal: syscall.SIGKILL, Wait: 5 * time.Second}) {
		if !isServerOf(ctx, pid, h.data()) {
			break
		}
		if err := signal(pid, step.Signal); err != nil {
			return true, fmt.Errorf("stop the server that was left behind (process %d): %w", pid, err)
		}
		waitGone(ctx, pid, h.data(), step.Wait)
	}
	if isServerOf(ctx, pid, h.data()) {
		return true, fmt.Errorf("the server that was left behind (process %d) does not stop", pid)
	}
	// Its number may belong to another process by now, which would keep PostgreSQL from starting.
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return true, fmt.Errorf("remove a stale postmaster.pid: %w", err)
	}
	return true, nil
}

// readPID is the first line of postmaster.pid; 0 when there is no such file.
func readPID(file string) (int, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read postmaster.pid: %w", err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 0 { // cut short by a crash: says nothing
		return 0, os.Remove(file)
	}
	return pid, nil
}

// waitGone polls, since the process is not our child, for at most d.
func waitGone(ctx context.Context, pid int, data string, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for isServerOf(ctx, pid, data) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// removeHome removes the lock after everything else, so that whoever looks meanwhile sees a folder in
// use rather than foreign files. One who
// takes the folder in the last moment keeps it.
func removeHome(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("remove the database folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() != lockName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err := errors.Join(err, os.Remove(filepath.Join(dir, lockName))); err != nil {
		return err
	}
	// Now another may have taken it (ENOTEMPTY counts as ErrExist), or removed it too.
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrExist) && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the database folder: %w", err)
	}
	return nil
}

// close lets go of the folder, and removes it if it was meant for one use.
func (h *home) close(wipe bool) error {
	if h.lock == nil {
		return nil
	}
	var err error
	if h.run != filepath.Join(h.dir, "run") {
		err = os.RemoveAll(h.run)
	}
	if wipe || h.temporary {
		err = errors.Join(err, removeHome(h.dir))
	}
	err = errors.Join(err, h.lock.Close())
	h.lock = nil
	return err
}
