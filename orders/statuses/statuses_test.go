package statuses_test

import (
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders/statuses"
)

// second is a moment of a morning; both clocks show it.
func second(n float64) time.Time {
	return time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(n * float64(time.Second)))
}

var (
	in  = statuses.Table{"1": {Code: "new"}, "3": {Code: "accepted"}, "8": {Code: "shipped"}, "4": {Skip: true}}
	out = statuses.Table{"new": {Skip: true}, "accepted": {Code: "3"}, "canceled": {Code: "19"}, "shipped": {Code: "8"}}
)

func seen(status string, at float64) statuses.Seen {
	return statuses.Seen{Status: status, At: second(at)}
}

// says is the CRM's word: a status since a second of its clock.
func says(status string, at float64) statuses.Said {
	return statuses.Said{Seen: seen(status, at), UpdatedAt: second(at)}
}

func TestWhatIsDoneAboutAStatusOfTheCRM(t *testing.T) {
	t.Parallel()
	type memory = statuses.Memory
	known := seen("1", 10)
	for _, tt := range []struct {
		name string
		m    memory
		said statuses.Said
		want statuses.Verdict
		to   string
	}{
		{"a newer status moves the order", memory{Known: known}, says("3", 11), statuses.Move, "accepted"},
		{"and so does one of the same second", memory{Known: known}, says("3", 10), statuses.Move, "accepted"},
		{"what was dealt with stays dealt with", memory{Known: known}, says("1", 10), statuses.Unchanged, ""},
		{"an edit is no status", memory{Known: known}, statuses.Said{Seen: known, UpdatedAt: second(90)}, statuses.Unchanged, ""},
		{"a status left and taken again is a new one", memory{Known: known}, says("1", 20), statuses.Move, "new"},
		{
			"a status never changed is known from the creation",
			memory{Known: statuses.Seen{Status: "1"}},
			statuses.Said{Seen: statuses.Seen{Status: "1"}, UpdatedAt: second(90)},
			statuses.Unchanged, "",
		},
		{"an older one is stale", memory{Known: known}, says("3", 9), statuses.Stale, ""},
		{"and one older than what is on its way", memory{Known: known, Moving: seen("8", 30)}, says("3", 29), statuses.Stale, ""},
		{"nothing is chosen for it", memory{Known: known}, says("9", 11), statuses.Unmapped, ""},
		{"the merchant leaves it out", memory{Known: known}, says("4", 11), statuses.Skip, ""},

		{
			"our own is recognised, late as the CRM may carry it out",
			memory{Known: known, Own: statuses.Own{Status: "3", At: second(20)}},
			says("3", 140), statuses.Echo, "",
		},
		{
			"later than that, somebody else has chosen the same",
			memory{Known: known, Own: statuses.Own{Status: "3", At: second(20)}},
			says("3", 141), statuses.Move, "accepted",
		},
		{
			"an automation that moves on from our own is newer, before we knew that ours had come",
			memory{Known: known, Own: statuses.Own{Status: "3", At: second(20)}, ShopAt: second(19)},
			says("8", 21), statuses.Move, "shipped",
		},
		{
			"and in the very second",
			memory{Known: known, Own: statuses.Own{Status: "3", At: second(20.8)}, ShopAt: second(20.7)},
			says("8", 20), statuses.Move, "shipped",
		},
		{
			"once the CRM has confirmed ours, one a second later is newer",
			memory{Known: seen("3", 20), ShopAt: second(19.9), ToldAt: second(19.9)},
			says("8", 21), statuses.Move, "shipped",
		},
		{"and one of the same second", memory{Known: seen("3", 20), ShopAt: second(20.9), ToldAt: second(20.9)}, says("8", 20), statuses.Move, "shipped"},
		{
			"also when the CRM's clock is far behind",
			memory{Known: seen("3", 20), ShopAt: second(600), ToldAt: second(600)},
			says("8", 21), statuses.Move, "shipped",
		},

		{
			"a change in the shop that the CRM has not confirmed and that is later",
			memory{Known: known, ShopAt: second(40)},
			says("3", 37), statuses.ShopNewer, "",
		},
		{"of two near each other the CRM's counts", memory{Known: known, ShopAt: second(40)}, says("3", 38), statuses.Move, "accepted"},
		{"a later one of the CRM counts", memory{Known: known, ShopAt: second(40)}, says("3", 41), statuses.Move, "accepted"},
		{
			"a change in the shop since the last that was told",
			memory{Known: known, ShopAt: second(40), ToldAt: second(30)},
			says("3", 37), statuses.ShopNewer, "",
		},

		{
			"the order that a card became begins with a status that nobody set",
			memory{},
			statuses.Said{Seen: seen("1", 10), UpdatedAt: second(10), First: true},
			statuses.Unchanged, "",
		},
		{"its first real one counts, whatever the card's clock said", memory{}, says("8", 5), statuses.Move, "shipped"},
		{"a card whose order was moved is history", memory{Known: known, Succeeded: true}, says("3", 60), statuses.Succeeded, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := statuses.FromCRM(tt.m, tt.said, in)
			if d.Verdict != tt.want || d.To != tt.to {
				t.Errorf("FromCRM = %s %q, want %s %q", d.Verdict, d.To, tt.want, tt.to)
			}
		})
	}
}

func TestAStatusNeverChangedIsDatedByItsLastEdit(t *testing.T) {
	t.Parallel()
	said := statuses.Said{Seen: statuses.Seen{Status: "3"}, UpdatedAt: second(50)}
	if d := statuses.FromCRM(statuses.Memory{Known: seen("1", 10)}, said, in); !d.At.Equal(second(50)) {
		t.Errorf("At = %v, want the edit's", d.At)
	}
}

func TestWhatCountsAsDealtWith(t *testing.T) {
	t.Parallel()
	want := map[statuses.Verdict]bool{statuses.Echo: true, statuses.Skip: true, statuses.Move: true}
	for _, v := range []statuses.Verdict{
		statuses.Unchanged, statuses.Stale, statuses.Echo, statuses.Succeeded, statuses.ShopNewer, statuses.Skip,
		statuses.Unmapped, statuses.Move,
	} {
		if got := (statuses.Inbound{Verdict: v}).Settles(); got != want[v] {
			t.Errorf("%s settles: %v, want %v", v, got, want[v])
		}
	}
}

func TestWhatIsDoneAboutAStatusOfTheShop(t *testing.T) {
	t.Parallel()
	type memory = statuses.Memory
	known := seen("1", 10)
	for _, tt := range []struct {
		name string
		m    memory
		said statuses.Said
		shop string
		want statuses.Telling
		to   string
	}{
		{"the CRM is told", memory{Known: known, ShopAt: second(40)}, says("1", 10), "accepted", statuses.Tell, "3"},
		{"also after the creation, when nobody has changed anything since", memory{Known: known}, says("1", 10), "accepted", statuses.Tell, "3"},
		{"the merchant keeps it back", memory{Known: known, ShopAt: second(40)}, says("1", 10), "new", statuses.Withheld, ""},
		{"nothing is chosen for it", memory{Known: known, ShopAt: second(40)}, says("1", 10), "paid", statuses.Unchosen, ""},
		{"the CRM has it already", memory{Known: known, ShopAt: second(40)}, says("3", 10), "accepted", statuses.Agreed, "3"},
		{
			"the shop has what the CRM's leads to",
			memory{Known: seen("8", 10), ShopAt: second(40)},
			says("8", 10), "shipped", statuses.Agreed, "8",
		},
		{"the CRM was moved after the shop", memory{Known: known, ShopAt: second(40)}, says("8", 45), "accepted", statuses.GiveWay, ""},
		{"or nearly at once", memory{Known: known, ShopAt: second(40)}, says("8", 38), "accepted", statuses.GiveWay, ""},
		{"the CRM was moved well before the shop", memory{Known: known, ShopAt: second(40)}, says("8", 37), "accepted", statuses.Tell, "3"},
		{"what the shop has refused does not stand in its way", memory{Known: seen("8", 45), ShopAt: second(40)}, says("8", 45), "canceled", statuses.Tell, "19"},
		{
			"nor does that of an order that is another shop's by now",
			memory{Known: known, ShopAt: second(40)},
			statuses.Said{Seen: seen("8", 45), UpdatedAt: second(45), Foreign: true},
			"accepted", statuses.Tell, "3",
		},
		{"nor what leads nowhere in the shop", memory{Known: known, ShopAt: second(40)}, says("9", 45), "canceled", statuses.Tell, "19"},
		{"nor what the merchant leaves out", memory{Known: known, ShopAt: second(40)}, says("4", 45), "canceled", statuses.Tell, "19"},
		{
			"our own that has just come does not either",
			memory{Known: known, Own: statuses.Own{Status: "3", At: second(30)}, ShopAt: second(40)},
			says("3", 31), "canceled", statuses.Tell, "19",
		},
		{
			"one that we set before has not come yet",
			memory{Known: known, Own: statuses.Own{Status: "3", At: second(39)}, ShopAt: second(40)},
			says("1", 10), "canceled", statuses.Await, "",
		},
		{"and does not seem to come", memory{Known: known, Own: statuses.Own{Status: "3", At: second(11)}, ShopAt: second(40)}, says("1", 10), "canceled", statuses.Tell, "19"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := statuses.ToCRM(tt.m, tt.said, tt.shop, in, out, second(41))
			if d.Telling != tt.want || d.To != tt.to {
				t.Errorf("ToCRM = %s %q, want %s %q", d.Telling, d.To, tt.want, tt.to)
			}
		})
	}
}

// FuzzDecisionsAgree: whatever is remembered and said, the two directions never both win, and neither side is
// left waiting for the other where the tables join both ways.
func FuzzDecisionsAgree(f *testing.F) {
	f.Add(uint8(0), uint8(1), int16(10), int16(11), int16(40), int16(0), uint8(2))
	f.Fuzz(func(t *testing.T, was, is uint8, wasAt, isAt, shopAt, toldAt int16, shop uint8) {
		codes, states := []string{"1", "3", "8", "19"}, []string{"new", "accepted", "shipped", "canceled"}
		in, out := statuses.Table{}, statuses.Table{}
		for i, c := range codes {
			in[c], out[states[i]] = settings.Choice{Code: states[i]}, settings.Choice{Code: c}
		}
		m := statuses.Memory{Known: seen(codes[was%4], float64(wasAt)), ShopAt: second(float64(shopAt)), ToldAt: second(float64(toldAt))}
		said := says(codes[is%4], float64(isAt))
		inbound := statuses.FromCRM(m, said, in)
		outbound := statuses.ToCRM(m, said, states[shop%4], in, out, second(0))
		if moves, gives := inbound.Verdict == statuses.Move, outbound.Telling == statuses.GiveWay; gives && !moves || moves && outbound.Telling == statuses.Tell {
			t.Errorf("inbound %+v, outbound %+v of %+v and %+v", inbound, outbound, m, said)
		}
	})
}
