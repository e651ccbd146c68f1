package hooks

import (
	"testing"

	"github.com/keybridge/keybridge/orders/statuses"
)

// TestEveryVerdictHasItsOutcome: the journal says what was decided, and nothing is applied that was not to be.
func TestEveryVerdictHasItsOutcome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		verdict statuses.Verdict
		want    Outcome
		why     Reason
	}{
		{statuses.Unchanged, Unchanged, ""},
		{statuses.Stale, Stale, ""},
		{statuses.Echo, Echo, ""},
		{statuses.Succeeded, Skipped, ReasonCardConverted},
		{statuses.ShopNewer, Skipped, ReasonShopNewer},
		{statuses.Skip, Skipped, ReasonSkip},
		{statuses.Unmapped, Unmapped, ReasonUnmapped},
		{statuses.Move, Applied, ""},
	} {
		t.Run(string(tt.verdict), func(t *testing.T) {
			t.Parallel()
			if got, why := outcomeOf(tt.verdict); got != tt.want || why != tt.why {
				t.Errorf("outcomeOf = %s %q, want %s %q", got, why, tt.want, tt.why)
			}
		})
	}
}
