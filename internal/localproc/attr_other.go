//go:build !unix

package localproc

import (
	"os"
	"syscall"
)

// attributes has nothing to say here: neither process groups nor accounts work as on Unix.
func attributes(Options) *syscall.SysProcAttr { return nil }

func killGroup(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
