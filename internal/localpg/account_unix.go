//go:build unix

package localpg

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/keybridge/keybridge/internal/localproc"
)

// serverAccount is the account to drop to, because PostgreSQL refuses to run as root: postgres if
// the machine has it, else nobody. It is nil when we are not root.
func serverAccount() (*localproc.User, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "_postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseInt(u.Uid, 10, 64)
		gid, gidErr := strconv.ParseInt(u.Gid, 10, 64)
		if uidErr == nil && gidErr == nil && uint32(uid) != 0 {
			return &localproc.User{UID: uint32(uid), GID: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and this machine has neither an account postgres nor nobody")
}

// blockedAt is the first folder on the way down to dir, dir included, that the account may not
// enter; empty when it can get there. Links are followed. Access lists are not looked at.
func blockedAt(dir string, u localproc.User) string {
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return dir
	}
	var way []string
	for d := resolved; ; d = filepath.Dir(d) {
		way = append(way, d)
		if d == filepath.Dir(d) {
			break
		}
	}
	for i := len(way) - 1; i >= 0; i-- {
		if !mayEnter(way[i], u) {
			return way[i]
		}
	}
	return ""
}

func mayEnter(dir string, u localproc.User) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	mode := info.Mode().Perm()
	switch {
	case owner.Uid == u.UID:
		return mode&0o100 != 0
	case owner.Gid == u.GID:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// makePrivateDir makes dir for the account alone (or for us, when account is nil). One that is
// there is taken only if nobody else could have put it there and it holds nothing foreign:
// under a shared temporary folder names can be guessed.
func makePrivateDir(dir string, account *localproc.User) error {
	err := os.Mkdir(dir, 0o700)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the database folder: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the database folder: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok {
		return fmt.Errorf("%s is not a folder", dir)
	}
	if int(owner.Uid) != os.Geteuid() && (account == nil || owner.Uid != account.UID) {
		return fmt.Errorf("%s belongs to somebody else (uid %d)", dir, owner.Uid)
	}
	if err := refuseForeignFiles(dir); err != nil {
		return err
	}
	if account == nil {
		return nil
	}
	if err := os.Lchown(dir, int(account.UID), int(account.GID)); err != nil {
		return fmt.Errorf("give the database folder to its account: %w", err)
	}
	return nil
}

// refuseForeignFiles keeps us from taking over a folder that serves something else.
func refuseForeignFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look into the database folder: %w", err)
	}
	if len(entries) > 0 && !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == lockName }) {
		return fmt.Errorf("%s holds other files: choose an empty or a new folder for the database", dir)
	}
	return nil
}

// lockFile opens and locks the file, or answers ErrInUse.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%s: %w", filepath.Dir(path), ErrInUse)
	} else {
		err = fmt.Errorf("lock %s: %w", path, err)
	}
	return nil, errors.Join(err, f.Close())
}

func signal(pid int, s syscall.Signal) error {
	err := syscall.Kill(pid, s)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
