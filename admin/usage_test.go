package admin_test

import (
	"testing"

	"github.com/keybridge/keybridge/admin"
)

func TestUsageCountsAllThatWait(t *testing.T) {
	t.Parallel()
	u := admin.Usage{Clicks: 1, Statuses: 2, Orders: 3, Runs: 4}
	if got := u.Waiting(); got != 10 {
		t.Errorf("Waiting = %d, want 10", got)
	}
}
