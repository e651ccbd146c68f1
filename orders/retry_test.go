package orders_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

func newCardRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	set := orderstest.Settings()
	set.Target, set.AddOns = settings.TargetCards, nil
	r.conn = r.save(r.conn, set)
	return r
}

// cardPosts counts requests that create a card.
func (r *rig) cardPosts() int {
	n := 0
	for _, q := range r.crm.Requests() {
		if q.Method == http.MethodPost && q.Path == "/v1/pipelines/cards" {
			n++
		}
	}
	return n
}

// secondCard puts a copy of what was sent into the CRM, as a manager may.
func (r *rig) secondCard() int64 {
	r.t.Helper()
	for _, q := range r.crm.Requests() {
		if q.Method == http.MethodPost && strings.HasSuffix(q.Path, "/cards") {
			sink, err := r.sink(r.t.Context(), r.conn.ID)
			if err != nil {
				r.t.Fatal(err)
			}
			if _, err := sink.CreateOrder(r.t.Context(), settings.TargetCards, q.Body); err != nil {
				r.t.Fatal(err)
			}
			cards := r.crm.Cards()
			return cards[len(cards)-1].ID
		}
	}
	r.t.Fatal("nothing was sent")
	return 0
}

func TestRetryAfterSeveralCardsLooksAgainAndMakesNone(t *testing.T) {
	t.Parallel()
	r := newCardRig(t)
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultCutAfter, Method: "POST", Path: "/v1/pipelines/cards", Times: 1})
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, Method: "GET", Path: "/v1/pipelines/cards", Times: 1})
	id := r.place("1")
	r.work()
	second := r.secondCard()
	r.pass(2 * time.Minute)
	r.wantState("1", orders.Blocked, orders.ReasonSeveralInCRM)
	posts := r.cardPosts()

	retry := func() {
		t.Helper()
		if err := r.x.Retry(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		r.work()
		r.pass(10 * time.Minute)
	}
	retry()
	r.wantState("1", orders.Blocked, orders.ReasonSeveralInCRM)
	// Nor does leaving it out and thinking better of it.
	if err := r.x.Ignore(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	retry()
	r.wantState("1", orders.Blocked, orders.ReasonSeveralInCRM)
	if n := r.cardPosts() - posts; n != 0 {
		t.Fatalf("%d more cards were made by following the page's advice", n)
	}
	// The merchant leaves one, as the page asks, and that is ours.
	if err := r.crm.DeleteCard(second); err != nil {
		t.Fatal(err)
	}
	retry()
	r.wantState("1", orders.Done, "")
	if n := len(r.crm.Cards()); n != 1 {
		t.Errorf("%d cards, want 1", n)
	}
}

func TestRetryOfATakenNumberLooksBeforeItSends(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other := r.foreign("2", "7", 100)
	id := r.place("2")
	r.work()
	r.wantState("2", orders.Blocked, orders.ReasonTakenByOther)
	posts := r.posts()
	if err := r.x.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantState("2", orders.Blocked, orders.ReasonTakenByOther)
	if n := r.posts() - posts; n != 0 {
		t.Errorf("%d requests that create, want none before the look-up", n)
	}
	if err := r.crm.DeleteOrder(parse(t, other)); err != nil {
		t.Fatal(err)
	}
	if err := r.x.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	r.work()
	r.pass(4 * time.Minute)
	r.wantState("2", orders.Done, "")
}

func TestOrderCanceledBeforeAnythingReachedTheCRMIsLeftOut(t *testing.T) {
	t.Parallel()
	cancel := func(o *plugin.Order) { o.Status = "canceled" }
	t.Run("while the CRM asked to wait", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: 40 * time.Second, Times: 1}))
		r.place("1")
		r.work()
		r.shop.Edit("1", cancel)
		r.pass(2 * time.Minute)
		r.wantState("1", orders.Ignored, orders.ReasonCanceled)
		r.wantOrders("1", 0)
	})
	t.Run("after the CRM refused it", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.wrapSink(func(s orders.Sink) orders.Sink { return refusing{s, map[string][]string{"buyer.phone": {"invalid"}}} })
		id := r.place("2")
		r.work()
		r.wantState("2", orders.Blocked, orders.ReasonRefused)
		r.wrapSink(nil)
		r.shop.Edit("2", cancel)
		if err := r.x.Retry(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		r.work()
		r.wantState("2", orders.Ignored, orders.ReasonCanceled)
		r.wantOrders("2", 0)
	})
	t.Run("but not one the CRM may have", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultCutAfter, Times: 1}))
		r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, Method: "GET", Path: "/v1/order", Times: 1, Skip: 2})
		r.place("3")
		r.work()
		r.wantState("3", orders.Checking, orders.ReasonLimited)
		r.shop.Edit("3", cancel)
		r.pass(2 * time.Minute)
		r.wantState("3", orders.Done, "")
		r.wantOrders("3", 1)
	})
}

func TestPurgeKeepsOnlyWhatMayBeSentAgainUnchanged(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	bodies := func(id plugin.OrderID) (kept int) {
		t.Helper()
		for _, a := range r.entry(id).Attempts {
			if a.Body != "" {
				kept++
			}
		}
		return kept
	}
	r.wrapSink(func(s orders.Sink) orders.Sink { return refusing{s, map[string][]string{"buyer.phone": {"invalid"}}} })
	r.place("refused")
	r.work()
	r.wantState("refused", orders.Blocked, orders.ReasonRefused)
	r.wrapSink(nil)

	r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: time.Hour, Times: 1}))
	r.place("put off")
	r.work()
	r.wantState("put off", orders.Retrying, orders.ReasonLimited)

	r.crm.Fault(post(keycrmtest.Fault{Kind: keycrmtest.FaultCutBefore, Times: 2}))
	r.place("unknown")
	r.work()
	r.pass(4 * time.Minute)
	r.wantState("unknown", orders.Checking, orders.ReasonAwaitingOutcome)

	if err := r.x.Purge(t.Context(), -time.Hour); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[plugin.OrderID]int{"refused": 0, "put off": 0, "unknown": 1} {
		if n := bodies(id); n != want {
			t.Errorf("order %q: %d bodies of %d attempts are kept, want %d", id, n, len(r.entry(id).Attempts), want)
		}
	}
	r.shop.Edit("unknown", func(o *plugin.Order) { o.Comment = "передумала" })
	r.pass(10 * time.Minute)
	r.wantState("unknown", orders.Done, "")
	if got, _ := r.crm.OrderBySourceUUID("unknown"); got.BuyerComment != "" {
		t.Error("what was sent again is not what was frozen")
	}
}
