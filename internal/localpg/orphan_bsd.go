//go:build unix && !linux

package localpg

import (
	"bytes"
	"context"
	"os/exec"
	"strconv"
)

// isServerOf says whether the process lives and serves this data folder: a process number read
// from a file may since have gone to somebody else.
func isServerOf(ctx context.Context, pid int, data string) bool {
	// ps must answer even when the caller's patience has just ended.
	line, err := exec.CommandContext(context.WithoutCancel(ctx), "/bin/ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && bytes.Contains(line, []byte("-D "+data+" "))
}
