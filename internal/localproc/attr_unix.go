//go:build unix

package localproc

import "syscall"

func credential(u *User) *syscall.Credential {
	if u == nil {
		return nil
	}
	return &syscall.Credential{Uid: u.UID, Gid: u.GID}
}

func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }
