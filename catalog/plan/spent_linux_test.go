package plan

import (
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// spent is the processor's time that this goroutine's thread has used; the goroutine must be locked to it.
func spent(t *testing.T) time.Duration {
	t.Helper()
	const threadCPU = 3 // CLOCK_THREAD_CPUTIME_ID, see clock_gettime(2); getrusage counts in ticks on some machines
	var at syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, threadCPU, uintptr(unsafe.Pointer(&at)), 0); errno != 0 {
		t.Fatal(errno)
	}
	return time.Duration(at.Nano())
}
