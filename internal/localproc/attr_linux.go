package localproc

import "syscall"

func attributes(o Options) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: o.DeathSignal, Credential: credential(o.As)}
}
