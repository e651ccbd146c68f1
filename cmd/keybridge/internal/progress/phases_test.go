package progress_test

import (
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/cmd/keybridge/internal/progress"
)

// TestProgressOnlyGrows goes through the phases in the order of a run.
func TestProgressOnlyGrows(t *testing.T) {
	t.Parallel()
	for kind, phases := range map[catalog.Kind][]catalog.Phase{
		catalog.Full: {
			catalog.ReadCategories, catalog.ReadProducts, catalog.ReadOffers, catalog.Confirm, catalog.ConfirmOffers,
			catalog.PlanProducts, catalog.CheckPlan, catalog.VerifyPlan, catalog.WriteCategories, catalog.WriteProducts, catalog.WriteAgain,
			catalog.WriteImages, catalog.Tidy,
		},
		catalog.Prices: {
			catalog.CheckCurrency, catalog.ReadPrices, catalog.PlanPrices, catalog.CheckPlan, catalog.VerifyPlan,
			catalog.WritePrices, catalog.WriteAgain, catalog.Tidy,
		},
	} {
		last := 0
		for _, p := range phases {
			for _, done := range []int{0, 1, 50, 100, 120} {
				now := progress.Overall(string(kind), string(p), done, 100)
				if now < last || now > 100 {
					t.Errorf("%s run, %s, %d of 100: %d %% after %d %%", kind, p, done, now, last)
				}
				last = now
			}
			if words := progress.Words(string(kind), string(p), 0, 0); words == string(p) || strings.Contains(words, "_") {
				t.Errorf("%s run, %s has no words", kind, p)
			}
		}
		if last != 100 {
			t.Errorf("a %s run ends at %d %%", kind, last)
		}
	}
}
