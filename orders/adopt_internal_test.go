package orders

import (
	"testing"

	"github.com/shopspring/decimal"
)

// TestWhichOrderOfTheCRMIsOurs: taking another's for ours loses an order, not taking ours doubles it.
func TestWhichOrderOfTheCRMIsOurs(t *testing.T) {
	t.Parallel()
	of := func(id, source, total string) Found {
		return Found{Receipt: Receipt{ID: id, Total: decimal.RequireFromString(total)}, Source: source}
	}
	for _, tt := range []struct {
		name      string
		found     []Found
		mayBeOurs bool
		want      string // id
		why       Reason
	}{
		{name: "the one of our source with our total", found: []Found{of("1", "7", "100.00")}, want: "1"},
		{name: "also beside one of another source", found: []Found{of("2", "8", "100"), of("1", "7", "100")}, want: "1"},
		{name: "another total is another's order", found: []Found{of("1", "7", "99.99")}, want: "1", why: ReasonTakenByOther},
		{name: "unless we may have made it, since the CRM may compute another", found: []Found{of("1", "7", "99.99")}, mayBeOurs: true, want: "1"},
		{name: "one of another source never is", found: []Found{of("2", "8", "100")}, mayBeOurs: true, want: "2", why: ReasonTakenByOther},
		{name: "nobody can tell which of two", found: []Found{of("1", "7", "100"), of("2", "7", "100")}, mayBeOurs: true, why: ReasonSeveralInCRM},
		{name: "not by the total either", found: []Found{of("1", "7", "100"), of("2", "7", "5")}, why: ReasonSeveralInCRM},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, why := adoptable(tt.found, "7", decimal.NewFromInt(100), tt.mayBeOurs)
			if got.ID != tt.want || why != tt.why {
				t.Errorf("adoptable = order %q, %q; want %q, %q", got.ID, why, tt.want, tt.why)
			}
		})
	}
}
