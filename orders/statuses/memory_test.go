package statuses_test

import (
	"testing"
	"time"

	"github.com/keybridge/keybridge/orders/statuses"
)

func TestWhatIsRememberedOfAStatus(t *testing.T) {
	t.Parallel()
	own := statuses.Own{Status: "3", At: second(20), ShopAt: second(19)}
	older := statuses.Own{Status: "8", At: second(5), ShopAt: second(4)}
	before := statuses.Memory{Known: seen("1", 10), ShopAt: second(19)}
	announced := before.Announce(own, says("1", 10))
	for _, tt := range []struct {
		name      string
		got, want statuses.Memory
	}{
		{"announced", announced, statuses.Memory{Known: seen("1", 10), Own: own, ShopAt: second(19)}},
		{
			"announced while something comes from the CRM", before.Begin(seen("8", 30)).Announce(own, says("1", 10)),
			statuses.Memory{Known: seen("1", 10), Moving: seen("8", 30), ShopAt: second(19)},
		},
		{
			"confirmed by the answer", announced.Confirm(own, second(21)),
			statuses.Memory{Known: seen("3", 21), ShopAt: second(19), ToldAt: second(19)},
		},
		{
			"confirmed as set long ago, though not known to be", statuses.Memory{Known: seen("3", 30), Own: own, ShopAt: second(19)}.Confirm(own, second(5)),
			statuses.Memory{Known: seen("3", 30), ShopAt: second(19), ToldAt: second(19)},
		},
		{"answered without a time", announced.Confirm(own, time.Time{}), announced},
		{
			"confirmed after something newer came", announced.Settle(seen("8", 22), announced, false).Confirm(own, second(21)),
			statuses.Memory{Known: seen("8", 22), ShopAt: second(19), ToldAt: second(19)},
		},
		{
			"confirmed in the very second of what was known", statuses.Memory{Known: seen("1", 21), Own: own, ShopAt: second(19)}.Confirm(own, second(21)),
			statuses.Memory{Known: seen("3", 21), ShopAt: second(19), ToldAt: second(19)},
		},
		{
			"confirmed in the very second of something that comes from the CRM",
			statuses.Memory{Known: seen("1", 21), Own: own, ShopAt: second(19)}.Begin(seen("8", 21)).Confirm(own, second(21)),
			statuses.Memory{Known: seen("1", 21), Moving: seen("8", 21), ShopAt: second(19), ToldAt: second(19)},
		},
		{
			"announced in the very second of something that comes from the CRM", statuses.Memory{Known: seen("1", 21)}.Begin(seen("8", 21)).Announce(own, says("1", 10)),
			statuses.Memory{Known: seen("1", 21), Moving: seen("8", 21)},
		},
		{
			"announced after something has come from the CRM", statuses.Memory{Known: seen("8", 21), Moving: seen("8", 21)}.Announce(own, says("1", 10)),
			statuses.Memory{Known: seen("8", 21), Moving: seen("8", 21), Own: own},
		},
		{
			"confirmed while something comes from the CRM", announced.Begin(seen("8", 22)).Confirm(own, second(21)),
			statuses.Memory{Known: seen("1", 10), Moving: seen("8", 22), ShopAt: second(19), ToldAt: second(19)},
		},
		{
			"announced over one of ours that has just come", before.Announce(older, says("1", 10)).Announce(own, says("8", 12)),
			statuses.Memory{Known: seen("8", 12), Own: own, ShopAt: second(19), ToldAt: second(4)},
		},
		{"refused", announced.Withdraw(own), before},
		{"refused after another was announced", announced.Withdraw(older), announced},

		{
			"the echo", announced.Settle(seen("3", 21), announced, true),
			statuses.Memory{Known: seen("3", 21), ShopAt: second(19), ToldAt: second(19)},
		},
		{
			"something newer that outdates ours", announced.Settle(seen("8", 22), announced, false),
			statuses.Memory{Known: seen("8", 22), ShopAt: second(19)},
		},
		{
			"something newer, decided on before ours was announced", announced.Settle(seen("8", 12), before, false),
			statuses.Memory{Known: seen("8", 12), Own: own, ShopAt: second(19)},
		},
		{"something older than known", before.Settle(seen("8", 9), before, false), before},
		{
			"a status on its way is not begun earlier", before.Begin(seen("8", 30)).Begin(seen("8", 20)).Begin(seen("8", 31)),
			statuses.Memory{Known: seen("1", 10), Moving: seen("8", 31), ShopAt: second(19)},
		},

		{
			"both sides agree", before.Agree(says("3", 18)),
			statuses.Memory{Known: seen("3", 18), ShopAt: second(19), ToldAt: second(19)},
		},
		{
			"they agree on what is on its way", before.Begin(seen("8", 18)).Agree(says("3", 18)),
			statuses.Memory{Known: seen("1", 10), Moving: seen("8", 18), ShopAt: second(19), ToldAt: second(19)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.got != tt.want {
				t.Errorf("got  %+v\nwant %+v", tt.got, tt.want)
			}
		})
	}
}
