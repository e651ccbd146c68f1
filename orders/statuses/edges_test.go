package statuses_test

import (
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders/statuses"
)

// TestMemoryAtItsEdges: what is remembered when something else is on its way, is unknown, or was told already.
func TestMemoryAtItsEdges(t *testing.T) {
	t.Parallel()
	own := statuses.Own{Status: "3", At: second(20), ShopAt: second(19)}
	older := statuses.Own{Status: "8", At: second(5), ShopAt: second(4)}
	before := statuses.Memory{Known: seen("1", 10), ShopAt: second(19)}
	for _, tt := range []struct {
		name      string
		got, want statuses.Memory
	}{
		{
			"an older status is not begun", before.Begin(seen("8", 30)).Begin(seen("8", 20)),
			statuses.Memory{Known: seen("1", 10), Moving: seen("8", 30), ShopAt: second(19)},
		},
		{
			"what was announced is forgotten when something comes", statuses.Memory{Known: seen("1", 10), Moving: seen("8", 30), Own: older}.Announce(own, says("1", 10)),
			statuses.Memory{Known: seen("1", 10), Moving: seen("8", 30)},
		},
		{
			"somebody's status is not settled by announcing ours", before.Announce(own, says("8", 12)),
			statuses.Memory{Known: seen("1", 10), Own: own, ShopAt: second(19)},
		},
		{
			"confirmed, but not announced", before.Confirm(own, second(21)),
			statuses.Memory{Known: seen("1", 10), ShopAt: second(19), ToldAt: second(19)},
		},
		{
			"confirmed after a later change was told", statuses.Memory{Known: seen("1", 10), Own: own, ShopAt: second(25), ToldAt: second(25)}.Confirm(own, second(21)),
			statuses.Memory{Known: seen("3", 21), ShopAt: second(25), ToldAt: second(25)},
		},
		{
			"an agreement older than what is known", before.Agree(says("3", 5)),
			statuses.Memory{Known: seen("1", 10), ShopAt: second(19), ToldAt: second(19)},
		},
		{
			"what came once does not come any more", statuses.Memory{Known: seen("1", 10), Moving: seen("8", 5)}.Announce(own, says("1", 10)),
			statuses.Memory{Known: seen("1", 10), Moving: seen("8", 5), Own: own},
		},
		{
			"nothing has ever come", statuses.Memory{Known: statuses.Seen{Status: "1"}}.Announce(own, says("1", 10)),
			statuses.Memory{Known: statuses.Seen{Status: "1"}, Own: own},
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

func TestDated(t *testing.T) {
	t.Parallel()
	if got := (statuses.Said{Seen: seen("2", 20), UpdatedAt: second(30)}).Dated(); got != seen("2", 20) {
		t.Errorf("a status with a time of its own is dated %v", got)
	}
	if got := (statuses.Said{Seen: statuses.Seen{Status: "2"}, UpdatedAt: second(30)}).Dated(); got != seen("2", 30) {
		t.Errorf("one without is dated %v, want the last edit", got)
	}
}

func TestABeginningThatIsKnownToBeLeftIsAMove(t *testing.T) {
	t.Parallel()
	back := says("2", 20)
	back.First = true
	got := statuses.FromCRM(statuses.Memory{Known: seen("1", 10)}, back, statuses.Table{"2": {Code: "new"}})
	if want := (statuses.Inbound{Verdict: statuses.Move, To: "new", At: second(20)}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestTheShopDoesNotGiveWayToWhatItHas: the two sides agree already by one of the tables, whatever the other says.
func TestTheShopDoesNotGiveWayToWhatItHas(t *testing.T) {
	t.Parallel()
	out := statuses.Table{"accepted": settings.Choice{Code: "3"}}
	for name, c := range map[string]struct {
		said string
		in   statuses.Table
	}{
		"by the table of the CRM's statuses":  {"2", statuses.Table{"2": {Code: "accepted"}}},
		"by the table of the shop's statuses": {"3", statuses.Table{"3": {Code: "shipped"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := statuses.ToCRM(statuses.Memory{Known: seen("1", 10)}, says(c.said, 30), "accepted", c.in, out, second(40))
			if want := (statuses.Outbound{Telling: statuses.Agreed, To: c.said}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}
