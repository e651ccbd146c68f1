//go:build !linux

package plan

import (
	"testing"
	"time"
)

// spent is the time of the clock, where the processor's cannot be had for a thread.
func spent(t *testing.T) time.Duration {
	t.Helper()
	return time.Duration(time.Now().UnixNano())
}
