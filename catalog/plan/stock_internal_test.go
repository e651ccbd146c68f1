package plan

import (
	"bytes"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

func TestWhatMayBeSold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		available string
		safety    int
		uncounted string // units of orders the CRM does not have
		want      string
	}{
		"all there is":                         {"7", 0, "0", "7"},
		"less what is kept from sale":          {"7", 2, "0", "5"},
		"and less what orders have taken":      {"7", 2, "4", "1"},
		"none of what is kept":                 {"2", 2, "0", "0"},
		"never less than nothing":              {"1", 2, "0", "0"},
		"nor when orders have taken too much":  {"5", 2, "9", "0"},
		"nor when the CRM says less than none": {"-3", 2, "0", "0"},
		"of fractions too":                     {"2.5", 2, "0", "0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := catalog.Offer{Available: decimal.RequireFromString(c.available)}
			uncounted := map[plugin.VariantID]decimal.Decimal{"v": decimal.RequireFromString(c.uncounted)}
			r := NewRules(settings.Catalog{SafetyStock: c.safety}, "uk", "UAH", nil)
			if got := stock(r, o, uncounted, "v"); got.String() != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestSettingsWithoutSafetyStockHashAsBefore: else every product would be looked at again for nothing.
func TestSettingsWithoutSafetyStockHashAsBefore(t *testing.T) {
	t.Parallel()
	none, some := NewRules(settings.Catalog{}, "uk", "UAH", nil), NewRules(settings.Catalog{SafetyStock: 1}, "uk", "UAH", nil)
	if bytes.Equal(none.Hash(), some.Hash()) {
		t.Error("a changed safety stock is no reason to look at products again")
	}
	if body := string(JSON(none)); strings.Contains(body, "safety") {
		t.Errorf("rules without one are hashed as %s", body)
	}
}
