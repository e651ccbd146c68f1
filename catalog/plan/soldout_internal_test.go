package plan

import (
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
)

func TestWhenVariantsThatGoToNoneAreSuspicious(t *testing.T) {
	t.Parallel()
	usual := settings.Limits{}.OrUsual()
	for _, tt := range []struct {
		name   string
		drain  SoldOutCount
		limits settings.Limits
		want   bool
	}{
		{"nothing goes", SoldOutCount{Before: 100}, usual, false},
		{"a whole shop goes", SoldOutCount{Now: 101, Before: 103}, usual, true},
		{"twenty of a small shop may go", SoldOutCount{Now: 20, Before: 20}, usual, false},
		{"twenty-one of a small shop may not", SoldOutCount{Now: 21, Before: 21}, usual, true},
		{"thirty percent may go", SoldOutCount{Now: 300, Before: 1000}, usual, false},
		{"more than that may not", SoldOutCount{Now: 301, Before: 1000}, usual, true},
		{"what has gone within the hour counts too", SoldOutCount{Now: 1, Recent: 300, Before: 1000}, usual, true},
		{"so does what is held already", SoldOutCount{Now: 1, Recent: 200, Held: 100, Before: 1000}, usual, true},
		{"what is held is let go once it is little enough", SoldOutCount{Held: 20, Before: 100}, usual, false},
		{"and not before", SoldOutCount{Held: 31, Before: 100}, usual, true},
		{"who does not know what was there before counts alone", SoldOutCount{Now: 21}, usual, true},
		{"a merchant may want to be asked earlier", SoldOutCount{Now: 6, Before: 100}, settings.Limits{StockCount: 5, StockPercent: 5}, true},
		{"or later", SoldOutCount{Now: 80, Before: 100}, settings.Limits{StockCount: 20, StockPercent: 90}, false},
	} {
		if got := tt.drain.Suspicious(tt.limits); got != tt.want {
			t.Errorf("%s: %+v suspicious = %v, want %v", tt.name, tt.drain, got, tt.want)
		}
	}
}

func TestWhichSettingChangedTheStock(t *testing.T) {
	t.Parallel()
	base := settings.Catalog{Products: true, Warehouses: []string{"1", "2"}}
	for _, tt := range []struct {
		name string
		edit func(*settings.Catalog)
		want string
	}{
		{"none", func(*settings.Catalog) {}, ""},
		{"one that has nothing to do with it", func(c *settings.Catalog) { c.Missing = settings.MissingHide }, ""},
		{"the same warehouses in another order", func(c *settings.Catalog) { c.Warehouses = []string{"2", "1"} }, ""},
		{"other warehouses", func(c *settings.Catalog) { c.Warehouses = []string{"2"} }, "warehouses"},
		{"whose word counts", func(c *settings.Catalog) { c.Owners = settings.Owners{settings.FieldStock: settings.OwnerFill} }, "owner_stock"},
	} {
		now := base
		if tt.edit(&now); StockSetting(base, now) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, StockSetting(base, now), tt.want)
		}
	}
}
