//go:build unix && !linux

package localproc

import "syscall"

func attributes(o Options) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: credential(o.As)}
}
