package hooks

import (
	"testing"
	"time"
)

func TestWhichCardsAreRead(t *testing.T) {
	t.Parallel()
	minute := func(n int) time.Time { return time.Date(2026, 8, 1, 9, n, 0, 0, time.UTC) }
	read := cardWalk{ReadFrom: minute(0), ReadUntil: minute(30), Page: 1}
	for _, tt := range []struct {
		name        string
		was         cardWalk
		oldest, now int // minutes
		want        cardWalk
	}{
		{
			"at first, since a little before the order was made",
			cardWalk{Page: 1},
			20, 40,
			cardWalk{From: minute(10), At: minute(40), Page: 1},
		},
		{
			"then only what was not read yet, and the last moments again", read, 20, 40,
			cardWalk{ReadFrom: minute(0), ReadUntil: minute(30), From: minute(28), At: minute(40), Page: 1},
		},
		{
			"further back for an order that is older", read, 5, 40,
			cardWalk{ReadFrom: minute(0), ReadUntil: minute(30), From: minute(-5), At: minute(40), Page: 1},
		},
		{
			"after a pause, not what was changed in it before the order was made", read, 50, 59,
			cardWalk{ReadUntil: minute(30), From: minute(40), At: minute(59), Page: 1},
		},
		{
			"nor by a walk that was given up before that",
			cardWalk{ReadFrom: minute(0), ReadUntil: minute(10), From: minute(8), At: minute(20), Page: 3},
			50, 59,
			cardWalk{ReadUntil: minute(10), From: minute(40), At: minute(59), Page: 1},
		},
		{
			"a walk that was begun goes on",
			cardWalk{From: minute(10), At: minute(40), Page: 3},
			20, 41,
			cardWalk{From: minute(10), At: minute(40), Page: 3},
		},
		{
			"unless an order is older",
			cardWalk{From: minute(10), At: minute(40), Page: 3},
			15, 41,
			cardWalk{From: minute(5), At: minute(41), Page: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.was.begin(minute(tt.oldest), minute(tt.now)); got != tt.want {
				t.Errorf("begin = %+v, want %+v", got, tt.want)
			}
		})
	}
	walking := cardWalk{ReadFrom: minute(0), ReadUntil: minute(30), From: minute(28), At: minute(40), Page: 1}
	if got := walking.afterPage(true); got.Page != 2 || got.ReadUntil != minute(30) {
		t.Errorf("after the first of several pages: %+v", got)
	}
	if got, want := walking.afterPage(false), (cardWalk{ReadFrom: minute(0), ReadUntil: minute(40), Page: 1}); got != want {
		t.Errorf("after the last page: %+v, want %+v", got, want)
	}
	paused := cardWalk{ReadUntil: minute(10), From: minute(40), At: minute(59), Page: 1}
	if got, want := paused.afterPage(false), (cardWalk{ReadFrom: minute(40), ReadUntil: minute(59), Page: 1}); got != want {
		t.Errorf("after a pause: %+v, want %+v", got, want)
	}
	back := cardWalk{ReadFrom: minute(0), ReadUntil: minute(30), From: minute(-5), At: minute(40), Page: 1}
	if got, want := back.afterPage(false), (cardWalk{ReadFrom: minute(-5), ReadUntil: minute(40), Page: 1}); got != want {
		t.Errorf("after reading further back: %+v, want %+v", got, want)
	}
}
