package localpg

import (
	"bytes"
	"context"
	"fmt"
	"os"
)

// isServerOf says whether the process lives and serves this data folder: a process number read
// from a file may since have gone to somebody else.
func isServerOf(_ context.Context, pid int, data string) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && bytes.Contains(line, []byte("\x00-D\x00"+data+"\x00"))
}
