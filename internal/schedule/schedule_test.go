package schedule_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/schedule"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func times(at ...string) schedule.Rule { return schedule.Rule{Mode: schedule.Times, Times: at} }

func every(minutes int) schedule.Rule {
	return schedule.Rule{Mode: schedule.Every, Minutes: minutes}
}

const layout = "2006-01-02 15:04 MST"

func TestClockTimes(t *testing.T) {
	t.Parallel()
	kyiv := zone(t, "Europe/Kyiv")
	at := func(s string) time.Time {
		got, err := time.ParseInLocation(layout, s, kyiv)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for name, c := range map[string]struct {
		rule      schedule.Rule
		from      string
		wantFirst string // set then
		wantNext  string // due last long before
	}{
		"three minutes away starts tomorrow":          {times("10:08"), "2026-06-01 10:05 EEST", "2026-06-02 10:08 EEST", "2026-06-01 10:08 EEST"},
		"five minutes away starts tomorrow":           {times("10:10"), "2026-06-01 10:05 EEST", "2026-06-02 10:10 EEST", "2026-06-01 10:10 EEST"},
		"six minutes away starts today":               {times("10:11"), "2026-06-01 10:05 EEST", "2026-06-01 10:11 EEST", "2026-06-01 10:11 EEST"},
		"of several times the next that is far off":   {times("10:08", "14:00", "09:00"), "2026-06-01 10:05 EEST", "2026-06-01 14:00 EEST", "2026-06-01 10:08 EEST"},
		"now is not after now":                        {times("10:05"), "2026-06-01 10:05 EEST", "2026-06-02 10:05 EEST", "2026-06-02 10:05 EEST"},
		"over midnight":                               {times("00:03"), "2026-06-01 23:59 EEST", "2026-06-03 00:03 EEST", "2026-06-02 00:03 EEST"},
		"an hour that the leap leaves out":            {times("03:30"), "2026-03-29 01:00 EET", "2026-03-29 04:00 EEST", "2026-03-29 04:00 EEST"},
		"and is there again the day after":            {times("03:30"), "2026-03-29 04:00 EEST", "2026-03-30 03:30 EEST", "2026-03-30 03:30 EEST"},
		"the last minute before the leap":             {times("02:59"), "2026-03-28 12:00 EET", "2026-03-29 02:59 EET", "2026-03-29 02:59 EET"},
		"the first minute after the leap":             {times("04:00"), "2026-03-28 12:00 EET", "2026-03-29 04:00 EEST", "2026-03-29 04:00 EEST"},
		"an hour that comes twice, the first time":    {times("03:30"), "2026-10-25 01:00 EEST", "2026-10-25 03:30 EEST", "2026-10-25 03:30 EEST"},
		"an hour that comes twice, not again":         {times("03:30"), "2026-10-25 03:30 EEST", "2026-10-26 03:30 EET", "2026-10-26 03:30 EET"},
		"the hour after the one that comes twice":     {times("04:00"), "2026-10-25 03:30 EEST", "2026-10-25 04:00 EET", "2026-10-25 04:00 EET"},
		"the day of the leap is an hour shorter":      {times("10:00"), "2026-03-28 10:00 EET", "2026-03-29 10:00 EEST", "2026-03-29 10:00 EEST"},
		"the day they are put back is an hour longer": {times("10:00"), "2026-10-24 10:00 EEST", "2026-10-25 10:00 EET", "2026-10-25 10:00 EET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := schedule.Place{Zone: kyiv}
			from := at(c.from)
			if got := c.rule.First(from, p); !got.Equal(at(c.wantFirst)) || got.Location() != time.UTC {
				t.Errorf("%v set at %s first runs at %s, want %s", c.rule.Times, c.from, got.In(kyiv).Format(layout), c.wantFirst)
			}
			if got := c.rule.Next(from.Add(-72*time.Hour), from, p); !got.Equal(at(c.wantNext)) {
				t.Errorf("%v after %s runs at %s, want %s", c.rule.Times, c.from, got.In(kyiv).Format(layout), c.wantNext)
			}
		})
	}
}

// TestEveryDayHasItsRun walks through whole years minute by minute of the rule: each day of the zone
// has one run, no two share a moment, and none is lost where clocks change, even over whole days.
func TestEveryDayHasItsRun(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Kyiv", "UTC", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe", "America/New_York"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := schedule.Place{Zone: zone(t, name)}
			for _, at := range []string{"00:00", "00:30", "01:45", "02:30", "03:00", "03:30", "12:00", "23:59"} {
				from := time.Date(2017, 12, 31, 12, 0, 0, 0, p.Zone)
				rule, seen, last := times(at), map[string]bool{}, from
				for range 365 * 3 {
					next := rule.Next(last, last, p)
					day := next.In(p.Zone).Format(time.DateOnly)
					if gap := next.Sub(last); gap <= 0 || gap > 26*time.Hour || seen[day] {
						t.Fatalf("%s in %s: after %s comes %s", at, name, last.In(p.Zone), next.In(p.Zone))
					}
					seen[day], last = true, next
				}
			}
		})
	}
	samoa := schedule.Place{Zone: zone(t, "Pacific/Apia")} // had no 30 December 2011
	got := times("08:00").Next(time.Time{}, time.Date(2011, 12, 29, 9, 0, 0, 0, samoa.Zone), samoa)
	if want := time.Date(2011, 12, 31, 0, 0, 0, 0, samoa.Zone); !got.Equal(want) {
		t.Errorf("a day that is left out: %s, want %s", got.In(samoa.Zone), want)
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	set := time.Date(2026, 6, 1, 10, 5, 0, 0, time.UTC)
	if got := every(30).First(set, schedule.Place{}); !got.Equal(set.Add(30 * time.Minute)) {
		t.Errorf("first at %s", got)
	}
	for late, want := range map[time.Duration]time.Duration{
		0:                30 * time.Minute,
		29 * time.Minute: 30 * time.Minute,
		30 * time.Minute: time.Hour,
		71 * time.Hour:   71*time.Hour + 30*time.Minute, // what was missed does not come back
		-time.Minute:     30 * time.Minute,
	} {
		t.Run(late.String(), func(t *testing.T) {
			t.Parallel()
			if got := every(30).Next(set, set.Add(late), schedule.Place{}); !got.Equal(set.Add(want)) {
				t.Errorf("%s late: due again after %s, want %s", late, got.Sub(set), want)
			}
		})
	}
}

func TestNothingByTheClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 10, 5, 0, 0, time.UTC)
	for _, r := range []schedule.Rule{
		{Mode: schedule.Off},
		{Mode: schedule.After, After: "full"},
		{Mode: "odd"},
		{Mode: schedule.Times},
		{Mode: schedule.Every},
		times("25:00"),
	} {
		t.Run(string(r.Mode), func(t *testing.T) {
			t.Parallel()
			if first, next := r.First(now, schedule.Place{}), r.Next(now, now, schedule.Place{}); !first.IsZero() || !next.IsZero() {
				t.Errorf("%+v: %s, %s", r, first, next)
			}
		})
	}
}

func TestUsualMomentsAreSpreadAndStable(t *testing.T) {
	t.Parallel()
	kyiv := zone(t, "Europe/Kyiv")
	nightly := schedule.Pattern{From: time.Hour, Length: 5 * time.Hour}
	for name, day := range map[string]time.Time{
		"an ordinary day":             time.Date(2026, 6, 1, 12, 0, 0, 0, kyiv),
		"before the clocks leap":      time.Date(2026, 3, 28, 12, 0, 0, 0, kyiv),
		"before the clocks turn back": time.Date(2026, 10, 24, 12, 0, 0, 0, kyiv),
	} {
		var hours [5]int
		for i := range 5000 {
			p := schedule.Place{Pattern: nightly, Zone: kyiv, Key: fmt.Sprint("c", i)}
			at := schedule.Rule{}.First(day, p)
			from := time.Date(day.Year(), day.Month(), day.Day()+1, 1, 0, 0, 0, kyiv)
			if at.Before(from) || at.Sub(from) >= 5*time.Hour {
				t.Fatalf("%s: %s", name, at.In(kyiv))
			}
			hours[at.Sub(from)/time.Hour]++
			again := schedule.Rule{}.Next(at, at, p)
			if gap := again.Sub(at); gap < 23*time.Hour || gap > 25*time.Hour || (schedule.Rule{}).First(again.Add(-time.Second), p) != again {
				t.Fatalf("%s: after %s comes %s", name, at.In(kyiv), again.In(kyiv))
			}
		}
		for h, n := range hours {
			if n < 900 || n > 1100 {
				t.Errorf("%s: %d of 5000 start in hour %d of the night", name, n, h)
			}
		}
	}
	four := schedule.Pattern{Every: 4 * time.Hour}
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	quarters := map[int]int{}
	for i := range 4000 {
		p := schedule.Place{Pattern: four, Key: fmt.Sprint("c", i)}
		at := schedule.Rule{}.First(start, p)
		if at.Sub(start) <= 0 || at.Sub(start) > 4*time.Hour || (schedule.Rule{}).Next(at, at, p) != at.Add(4*time.Hour) {
			t.Fatalf("prices at %s", at)
		}
		quarters[int(at.Sub(start)/time.Hour)]++
	}
	for h := range 4 {
		if quarters[h] < 850 || quarters[h] > 1150 {
			t.Errorf("%d of 4000 start in hour %d", quarters[h], h)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	after := func(job string) schedule.Rule { return schedule.Rule{Mode: schedule.After, After: job} }
	many := slices.Repeat([]string{"10:00"}, schedule.MaxTimes+1)
	for name, c := range map[string]struct {
		full, prices schedule.Rule
		want         error // about full
	}{
		"the usual":          {schedule.Rule{}, schedule.Rule{}, nil},
		"times":              {times("10:00", "23:59"), schedule.Rule{}, nil},
		"no times":           {times(), schedule.Rule{}, schedule.ErrTimes},
		"as many as may be":  {times(many[1:]...), schedule.Rule{}, nil},
		"too many times":     {times(many...), schedule.Rule{}, schedule.ErrTimes},
		"no such hour":       {times("24:00"), schedule.Rule{}, schedule.ErrTimes},
		"hours of one digit": {times("9:00"), schedule.Rule{}, schedule.ErrTimes},
		"five minutes":       {every(5), schedule.Rule{}, nil},
		"four minutes":       {every(4), schedule.Rule{}, schedule.ErrInterval},
		"a week":             {every(7 * 24 * 60), schedule.Rule{}, nil},
		"after one that no more waits for it": {
			after("prices"), schedule.Rule{Mode: schedule.Every, Minutes: 5, After: "full"}, nil,
		},
		"after one that waits for itself": {after("prices"), after("prices"), nil},
		"more than a week":                {every(7*24*60 + 1), schedule.Rule{}, schedule.ErrInterval},
		"after the other":                 {after("prices"), every(5), nil},
		"after what is not":               {after("stock"), every(5), schedule.ErrAfter},
		"after itself":                    {after("full"), every(5), schedule.ErrCycle},
		"each after the other":            {after("prices"), after("full"), schedule.ErrCycle},
		"off":                             {schedule.Rule{Mode: schedule.Off}, after("full"), nil},
		"a mode of a later day":           {schedule.Rule{Mode: "moon"}, every(5), schedule.ErrMode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := schedule.Check(map[string]schedule.Rule{"full": c.full, "prices": c.prices})["full"]; !errors.Is(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestTidyKeepsWhatTheModeNeeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ mode, want schedule.Rule }{
		{schedule.Rule{Mode: schedule.Times}, times("09:00", "10:00")},
		{schedule.Rule{Mode: schedule.Every}, every(5)},
		{schedule.Rule{Mode: schedule.After}, schedule.Rule{Mode: schedule.After, After: "full"}},
		{schedule.Rule{Mode: schedule.Off}, schedule.Rule{Mode: schedule.Off}},
	} {
		t.Run(string(tt.mode.Mode), func(t *testing.T) {
			t.Parallel()
			r := schedule.Rule{Mode: tt.mode.Mode, Times: []string{"10:00", "09:00", "10:00"}, Minutes: 5, After: "full"}
			if got := r.Tidy(); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestAPatternWithoutALengthIsItsBeginning(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 10, 5, 0, 0, time.UTC)
	got := schedule.Rule{}.First(now, schedule.Place{Pattern: schedule.Pattern{From: time.Hour}})
	if want := time.Date(2026, 6, 2, 1, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzNextIsAlwaysLater(f *testing.F) {
	f.Add("10:00", int64(1_700_000_000), 7, "Europe/Kyiv")
	f.Add("03:30", int64(1_774_742_400), 1440, "Europe/Kyiv")
	f.Add("xx", int64(-1), -5, "UTC")
	f.Fuzz(func(t *testing.T, text string, unix int64, minutes int, name string) {
		z, err := time.LoadLocation(name)
		if err != nil || unix < -4e9 || unix > 8e9 || minutes > schedule.MaxMinutes {
			return
		}
		now := time.Unix(unix, 0)
		for _, r := range []schedule.Rule{{}, times(text, text), every(minutes)} {
			p := schedule.Place{Zone: z, Key: text, Pattern: schedule.Pattern{Length: time.Hour}}
			for _, at := range []time.Time{r.First(now, p), r.Next(now, now, p), r.Next(now.Add(-1e6*time.Second), now, p)} {
				if !at.IsZero() && !at.After(now) {
					t.Fatalf("%+v after %s: %s", r, now, at)
				}
			}
		}
	})
}
