package localpg

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// TestThrowawayFolderIsTakenByOneAtATime: those who come while the last user removes the folder find it
// in use or free, never holding foreign files.
func TestThrowawayFolderIsTakenByOneAtATime(t *testing.T) {
	t.Parallel()
	cfg := Config{Dir: filepath.Join(t.TempDir(), "shared"), Throwaway: true}.withDefaults()
	var inside, taken atomic.Int32
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for range 300 {
				h, err := openHome(cfg, nil)
				if errors.Is(err, ErrInUse) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				taken.Add(1)
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d have the folder", n)
				}
				if err := makePrivateDir(h.run, nil); err != nil {
					t.Error(err)
				}
				inside.Add(-1)
				if err := h.close(true); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if taken.Load() < 10 {
		t.Errorf("the folder was taken %d times only", taken.Load())
	}
}
