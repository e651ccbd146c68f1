package keybridge_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// bell is a host on a clock that stands, which keeps the messages it is left.
type bell struct {
	*demoshop.Engine
	clock *clock.Fake

	mu   sync.Mutex
	rung []plugin.Message
	fail error
}

func (b *bell) Clock() plugin.Clock { return b.clock }

func (b *bell) Notify(_ context.Context, m plugin.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.rung = append(b.rung, m)
	return nil
}

// told is a connection that works, in a process whose host has a bell.
type told struct {
	*rig
	t    *testing.T
	bell *bell
	conn settings.Connection
}

func newTold(t *testing.T) *told {
	t.Helper()
	r := newRig(t)
	b := &bell{Engine: r.engine, clock: clock.NewFake(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))}
	k, err := keybridge.New(b, keybridge.WithCRM(r.sim.BaseURL()))
	if err != nil {
		t.Fatal(err)
	}
	r.Keybridge = k
	r.attach(t, plugin.RoleWeb)
	r.activate(t)
	d := &day{rig: r, url: "http://shop.example"}
	d.connect(t)
	if _, err := r.db.Exec(`DELETE FROM keybridge.run`); err != nil {
		t.Fatal(err)
	}
	return &told{r, t, b, d.conn}
}

// tick looks once, as each process does every minute, and answers what was told, by the kind in its key.
func (x *told) tick() []string {
	x.t.Helper()
	x.bell.clock.Advance(time.Minute)
	x.bell.rung = nil
	if err := x.TellTroubles(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	var kinds []string
	for _, m := range x.bell.rung {
		kinds = append(kinds, strings.TrimSuffix(m.Key, "-"+string(x.conn.ID)))
	}
	slices.Sort(kinds)
	return kinds
}

func (x *told) want(when string, kinds ...string) {
	x.t.Helper()
	if got := x.tick(); !slices.Equal(got, kinds) {
		x.t.Errorf("%s: told %q, want %q", when, got, kinds)
	}
}

func (x *told) exec(q string, args ...any) {
	x.t.Helper()
	if _, err := x.db.Exec(q, args...); err != nil {
		x.t.Fatal(err)
	}
}

// run is over as of now.
func (x *told) run(kind, state, code, counters string) {
	x.t.Helper()
	x.exec(`INSERT INTO keybridge.run (connection_id, shop_id, kind, state, phase, settings, settings_version, counters, started_by,
			error_code, error_params, created_at, finished_at, next_at)
		VALUES ($1, 'demo', $2, $3, 'tidy', '{}', 1, $4, 'schedule', $5, '{"list": "products", "read": "3", "total": "5"}', $6, $6, $6)`,
		x.conn.ID, kind, state, counters, code, x.bell.clock.Now())
}

// order is one in the outbox.
func (x *told) order(id, state, reason string) {
	x.t.Helper()
	x.exec(`INSERT INTO keybridge.outbox (shop_id, order_id, placed_at, connection_id, state, reason, next_at)
		VALUES ('demo', $1, $2, $3, $4, $5, NULL) ON CONFLICT (shop_id, order_id) DO UPDATE SET state = $4, reason = $5`,
		id, x.bell.clock.Now(), x.conn.ID, state, reason)
}

// status is one that came from the CRM.
func (x *told) status(id, outcome string) {
	x.t.Helper()
	x.exec(`INSERT INTO keybridge.inbox (connection_id, object, object_id, first_at, received_at, outcome) VALUES ($1, 'order', $2, $3, $3, $4)
		ON CONFLICT (connection_id, object, object_id) DO UPDATE SET received_at = $3, outcome = $4`, x.conn.ID, id, x.bell.clock.Now(), outcome)
}

// TestATroubleIsToldWhenItBeginsAndAgainTheNextDay, once each time; when it has ended it may begin anew.
func TestATroubleIsToldWhenItBeginsAndAgainTheNextDay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ begin, end func(x *told) }{
		"runs_failed": {
			func(x *told) { x.run("full", "failed", "incomplete_scan", "{}") },
			func(x *told) { x.run("full", "done", "", "{}") },
		},
		"products_failed": {
			func(x *told) { x.run("full", "done", "", `{"errors": 3}`) },
			func(x *told) { x.run("full", "done", "", "{}") },
		},
		"orders_wait": {
			func(x *told) {
				x.order("1", "blocked", "unmapped_payment")
				x.order("2", "dead", "order_gone")
			},
			func(x *told) { x.order("1", "done", ""); x.order("2", "ignored", "by_person") },
		},
		"moves_refused": {
			func(x *told) { x.status("7", "refused") },
			func(x *told) { x.status("7", "applied") },
		},
		"key_refused": {
			func(x *told) { x.order("1", "blocked", "crm_unauthorised") },
			func(x *told) { x.order("1", "done", "") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTold(t)
			x.want("before")
			c.begin(x)
			x.want("at its beginning", name)
			x.want("a minute later")
			x.bell.clock.Advance(12 * time.Hour)
			x.want("half a day later")
			x.bell.clock.Advance(12 * time.Hour)
			x.want("the next day", name)
			c.end(x)
			x.want("when it has ended")
			c.begin(x)
			x.want("when it has begun anew", name)
		})
	}
}

func TestMessagesSayHowManyWhyAndWhere(t *testing.T) {
	t.Parallel()
	x := newTold(t)
	x.run("full", "failed", "incomplete_scan", "{}")
	x.run("full", "failed", "incomplete_scan", "{}")
	x.run("prices", "done", "", `{"errors": 5}`)
	for _, id := range []string{"1", "2", "3"} {
		x.order(id, "blocked", "unmapped_payment")
	}
	x.order("4", "blocked", "crm_unauthorised")
	x.status("7", "refused")
	x.want("all at once", "key_refused", "moves_refused", "orders_wait", "products_failed", "runs_failed")
	var prices string
	if err := x.db.Get(&prices, `SELECT id FROM keybridge.run WHERE kind = 'prices'`); err != nil {
		t.Fatal(err)
	}
	page := "c/" + string(x.conn.ID)
	for _, m := range x.bell.rung {
		want := map[string][]string{
			"runs_failed": {"3 з 5", "2 запуски", "запустіть"}, "products_failed": {"5 товарів"}, "orders_wait": {"3 замовлення", "журнал"},
			"moves_refused": {"1 замовлення", "правила магазину"}, "key_refused": {"новий ключ", "чекає 1 замовлення"},
		}[strings.TrimSuffix(m.Key, "-"+string(x.conn.ID))]
		for _, words := range want {
			if !strings.Contains(m.Text, words) {
				t.Errorf("%s says %q, not %q", m.Key, m.Text, words)
			}
		}
		at := page
		switch {
		case strings.HasPrefix(m.Key, "products_failed"):
			at += "/runs/" + prices + "/items"
		case strings.HasPrefix(m.Key, "orders_wait"):
			at += "/journal"
		}
		if m.Path != at || m.Title == "" || m.Severity != plugin.Problem || m.Shop != demoshop.ShopID || !m.At.Equal(x.bell.clock.Now()) {
			t.Errorf("message %+v; want it to lead to %s", m, at)
		}
	}
}

// TestOneCauseIsOneMessage: a key that is refused is not told as failed runs and blocked orders as well.
func TestOneCauseIsOneMessage(t *testing.T) {
	t.Parallel()
	x := newTold(t)
	x.run("full", "failed", "crm_unauthorised", "{}")
	x.order("1", "blocked", "crm_unauthorised")
	x.want("with a key that is refused", "key_refused")
	// Another key: the old failure is no news, and the order goes on.
	x.bell.clock.Advance(time.Minute)
	if err := x.Settings().SetKey(t.Context(), x.conn.ID, x.sim.Key(), "account"); err != nil {
		t.Fatal(err)
	}
	x.order("1", "done", "")
	x.want("with another key")
	x.bell.clock.Advance(time.Minute)
	x.run("prices", "failed", "crm_unauthorised", "{}")
	x.want("with another key that is refused", "key_refused")
}

// TestWhatIsNoTroubleIsNotTold: a run that somebody cancelled or only previewed, old news, a connection or
// a shop that is switched off.
func TestWhatIsNoTroubleIsNotTold(t *testing.T) {
	t.Parallel()
	x := newTold(t)
	x.run("full", "failed", "incomplete_scan", "{}")
	x.status("7", "refused")
	x.bell.clock.Advance(49 * time.Hour)
	x.want("of what is two days old")
	x.run("prices", "cancelled", "", "{}")
	x.run("full", "failed", "incomplete_scan", "{}")
	x.exec(`UPDATE keybridge.run SET preview = true WHERE state = 'failed'`)
	x.want("of a preview and a cancelled run")
	x.order("1", "blocked", "unmapped_payment")
	if err := x.Settings().SetEnabled(t.Context(), x.conn.ID, false); err != nil {
		t.Fatal(err)
	}
	x.want("of a connection that is off")
	if err := x.Settings().SetEnabled(t.Context(), x.conn.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := x.Deactivate(t.Context(), demoshop.ShopID); err != nil {
		t.Fatal(err)
	}
	x.want("of a shop that is inactive")
	x.activate(t)
	x.want("once it is active", "orders_wait")
}

// TestSeveralProcessesTellATroubleOnce, also when a host was not able to take the message at first.
func TestSeveralProcessesTellATroubleOnce(t *testing.T) {
	t.Parallel()
	x := newTold(t)
	x.order("1", "blocked", "unmapped_payment")
	x.bell.fail = errors.New("no bell")
	if err := x.TellTroubles(t.Context()); err == nil {
		t.Error("a message that was not taken is no error")
	}
	x.bell.fail = nil
	x.want("a minute after the host failed", "orders_wait")
	for _, id := range []string{"1", "2"} { // ended, begun anew
		x.order("1", "done", "")
		x.want("ended")
		x.order("1", "blocked", "unmapped_payment")
		x.bell.clock.Advance(time.Minute)
		x.bell.rung = nil
		var wg sync.WaitGroup
		for range 6 {
			k, err := keybridge.New(x.bell)
			if err != nil {
				t.Fatal(err)
			}
			if err := k.Attach(t.Context(), plugin.RoleWeb); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = k.Detach(context.WithoutCancel(t.Context())) })
			wg.Go(func() {
				for range 5 {
					if err := k.TellTroubles(t.Context()); err != nil {
						t.Errorf("TellTroubles: %v", err)
					}
				}
			})
		}
		wg.Wait()
		if len(x.bell.rung) != 1 {
			t.Errorf("round %s: six processes told it %d times", id, len(x.bell.rung))
		}
	}
}

// TestABlockedOrderRingsTheBellOfTheShop goes the whole way, by the relay's chores.
func TestABlockedOrderRingsTheBellOfTheShop(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := newDay(t, time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	step := d.Driven()
	for n := 0; d.fullRuns(t) == 0; n++ {
		if err := step(ctx); err != nil || n > 1000 {
			t.Fatal(err)
		}
		d.clock.Advance(time.Minute)
	}
	set := d.conn.Settings
	set.Orders.Payments = nil
	conn, err := d.Settings().Save(ctx, d.conn.ID, d.conn.Version, set, true, plugin.Operator{ID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	d.buy(t)
	for range 5 {
		if err := step(ctx); err != nil {
			t.Fatal(err)
		}
		d.clock.Advance(time.Minute)
	}
	var messages []struct{ Title, Path string }
	if err := d.db.Select(&messages, `SELECT title, path FROM demoshop.messages`); err != nil {
		t.Fatal(err)
	}
	if len(messages) != 1 || messages[0].Title != "Замовлення чекають на вас" || messages[0].Path != "/c/"+string(conn.ID)+"/journal" {
		t.Errorf("messages in the shop's admin: %+v", messages)
	}
}

// TestThePageAndTheMessageCountTheSameOrders, whatever state they are in and for whatever reason; but for those
// that only wait for another key, which is a message of its own.
func TestThePageAndTheMessageCountTheSameOrders(t *testing.T) {
	t.Parallel()
	x := newTold(t)
	n := 0
	for _, state := range []orders.EntryState{
		orders.Pending, orders.Sending, orders.Checking, orders.Retrying, orders.Created, orders.Done, orders.Blocked, orders.Dead, orders.Ignored,
	} {
		for _, why := range orders.Reasons() {
			if why != orders.ReasonUnauthorised {
				n++
				x.order(strconv.Itoa(n), string(state), string(why))
			}
		}
	}
	if got := x.tick(); !slices.Equal(got, []string{"orders_wait"}) {
		t.Fatalf("told %q", got)
	}
	told, page := counted(t, x.bell.rung[0].Text), counted(t, x.waitingTab())
	if want := 2*(len(orders.Reasons())-1) + 1; told != page || told != want {
		t.Errorf("the message counts %d orders, the page %d; want %d", told, page, want)
	}
}

// TestAnUnclearCardIsToldOfLikeABlockedOrder: nobody need wait a day for a card that KeyCRM has not answered for.
func TestAnUnclearCardIsToldOfLikeABlockedOrder(t *testing.T) {
	t.Parallel()
	x := newTold(t)
	x.order("1", "checking", "awaiting_outcome")
	x.want("while it may turn up by itself")
	x.order("1", "checking", "still_looking")
	x.want("when a person may decide", "orders_wait")
}

// Operator and RenderPage show our pages to somebody who may only look, without the shop around them.
func (b *bell) Operator(*http.Request) (plugin.Operator, bool) {
	return plugin.Operator{ID: "1", Shop: demoshop.ShopID, Lang: "uk", Permissions: []plugin.Permission{plugin.PermView}}, true
}

func (b *bell) RenderPage(w http.ResponseWriter, _ *http.Request, p plugin.Page) error {
	_, err := io.WriteString(w, string(p.Body))
	return err
}

// waitingTab is what the journal calls the orders that wait.
func (x *told) waitingTab() string {
	x.t.Helper()
	rec := httptest.NewRecorder()
	x.AdminHandler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/c/"+string(x.conn.ID)+"/journal", nil))
	page := rec.Body.String()
	tab := regexp.MustCompile(`\d+ замовлен\S+ чека\S+ на вас`).FindString(page)
	if rec.Code != http.StatusOK || tab == "" {
		x.t.Fatalf("the journal answers %d: %s", rec.Code, page)
	}
	return tab
}

// counted is the first number of a text.
func counted(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(regexp.MustCompile(`\d+`).FindString(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
