package budget

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var start = time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC)

// notes is a Memory that several processes share.
type notes struct {
	mu    sync.Mutex
	until map[Account]time.Time
}

func (n *notes) Record(_ context.Context, a Account, until time.Time) (time.Time, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	before := n.until[a]
	n.until[a] = until
	return before, nil
}

// world is a Redis on a fake clock, with the processes that share it.
type world struct {
	tb    testing.TB
	clock *clock.Fake
	redis *localredis.Server // or
	real  *localredis.Real   // which expires keys in its own time
	raw   *redis.Client
	notes *notes
	limit int

	grants map[Account][]grant
	moves  []func() // what happens at a moment, in order
	due    []time.Time
}

type grant struct {
	at   time.Time
	lane Lane
}

func newWorld(tb testing.TB, limit int) *world {
	tb.Helper()
	srv := localredis.New(tb)
	w := on(tb, srv.URL(), limit)
	w.redis = srv
	return w
}

// newRealWorld is newWorld with a redis-server, which runs the script twenty times as fast. Its keys
// expire in real time, of which hardly any passes.
func newRealWorld(tb testing.TB, limit int) *world {
	tb.Helper()
	srv := localredis.StartReal(tb)
	w := on(tb, srv.URL(), limit)
	w.real = srv
	return w
}

func on(tb testing.TB, url string, limit int) *world {
	tb.Helper()
	return &world{
		tb: tb, clock: clock.NewFake(start), raw: client(tb, url), limit: limit,
		notes: &notes{until: map[Account]time.Time{}}, grants: map[Account][]grant{},
	}
}

func client(tb testing.TB, url string) *redis.Client {
	tb.Helper()
	opt, err := redis.ParseURL(url)
	if err != nil {
		tb.Fatal(err)
	}
	opt.MaxRetries = -1
	c := redis.NewClient(opt)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// process is a budget of a process of its own.
func (w *world) process() *Budget {
	return New(w.raw, w.clock, w.limit, WithClock(), WithMemory(w.notes))
}

func (w *world) advance(d time.Duration) {
	w.clock.Advance(d)
	if w.redis != nil {
		w.redis.FastForward(d)
	}
}

// at makes something happen a while from now; see play.
func (w *world) at(d time.Duration, f func()) {
	w.moves, w.due = append(w.moves, f), append(w.due, w.clock.Now().Add(d))
}

// play lets happen what is to happen until a moment, in order, without waiting.
func (w *world) play(d time.Duration) {
	end := w.clock.Now().Add(d)
	for {
		next := -1
		for i, at := range w.due {
			if !at.After(end) && (next < 0 || at.Before(w.due[next])) {
				next = i
			}
		}
		if next < 0 {
			w.advance(end.Sub(w.clock.Now()))
			return
		}
		f, at := w.moves[next], w.due[next]
		w.moves = append(w.moves[:next], w.moves[next+1:]...)
		w.due = append(w.due[:next], w.due[next+1:]...)
		if at.After(w.clock.Now()) {
			w.advance(at.Sub(w.clock.Now()))
		}
		f()
	}
}

// ask asks once.
func (w *world) ask(b *Budget, r *waiter) time.Duration {
	w.tb.Helper()
	wait, err := b.ask(w.tb.Context(), r)
	if err != nil {
		w.tb.Fatalf("ask(%s, %s): %v", r.account, r.lane, err)
	}
	if wait == 0 {
		w.grants[r.account] = append(w.grants[r.account], grant{w.clock.Now(), r.lane})
	}
	return wait
}

// request makes one request as Wait does, on the world's time, and says how long it waited.
func (w *world) request(b *Budget, a Account, lane Lane, granted func(waited time.Duration)) {
	r, since := &waiter{account: a, lane: lane}, w.clock.Now()
	var again func()
	again = func() {
		if wait := w.ask(b, r); wait > 0 {
			w.at(min(wait, 2*askAgain), again)
			return
		}
		granted(w.clock.Now().Sub(since))
	}
	again()
}

// run makes one request after the other in the background; each takes as long as busy says.
func (w *world) run(b *Budget, a Account, busy func() time.Duration) {
	w.request(b, a, Background, func(time.Duration) { w.at(busy(), func() { w.run(b, a, busy) }) })
}

// check fails when more than the limit were granted in 60 s, both ends included.
func (w *world) check() {
	w.tb.Helper()
	for a, granted := range w.grants {
		for i := range granted {
			if j := i + w.limit; j < len(granted) && granted[j].at.Sub(granted[i].at) <= time.Minute {
				w.tb.Fatalf("%s: %d grants between %s and %s, limit %d", a, w.limit+1,
					granted[i].at.Format(time.StampMilli), granted[j].at.Format(time.StampMilli), w.limit)
			}
		}
	}
}

// count counts the grants of lanes in [from, to).
func (w *world) count(a Account, from, to time.Time, lanes ...Lane) int {
	want := map[Lane]bool{}
	for _, l := range lanes {
		want[l] = true
	}
	n := 0
	for _, g := range w.grants[a] {
		if want[g.lane] && !g.at.Before(from) && g.at.Before(to) {
			n++
		}
	}
	return n
}

// lose takes some or all of what Redis knows.
func (w *world) lose(r *rand.Rand, accounts []Account) {
	w.tb.Helper()
	a := accounts[r.IntN(len(accounts))]
	var err error
	switch r.IntN(4) {
	case 0:
		err = w.raw.FlushAll(w.tb.Context()).Err()
	case 1: // as it was a while ago
		if err = w.raw.Save(w.tb.Context()).Err(); err == nil {
			w.at(time.Duration(r.IntN(20_000))*time.Millisecond, w.restart)
		}
	case 2:
		w.restart()
	default: // evicted
		err = w.raw.Del(w.tb.Context(), keys(a)[r.IntN(3)]).Err()
	}
	if err != nil {
		w.tb.Fatal(err)
	}
}

// restart ends the server as a crash does; it comes back with what it saved last, or with nothing.
func (w *world) restart() {
	w.real.Stop(w.tb)
	w.real.Start(w.tb)
}

// seeds are those of a property test: n of them, and more of them in a soak.
func seeds(tb testing.TB, n uint64) uint64 {
	tb.Helper()
	times, err := strconv.ParseUint(cmp.Or(os.Getenv("KEYBRIDGE_SEEDS"), "1"), 10, 16)
	if err != nil {
		tb.Fatal(err)
	}
	return n * times
}
