package hooks_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/testbed"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/migrations"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

const asJSON = "application/json"

func statusHook(id int64) string {
	return fmt.Sprintf(`{"event":"order.change_order_status","context":{"id":%d,"status_id":12,"source_id":7}}`, id)
}

func TestWhoMayCallAWebhook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	link := r.links[settings.ObjectOrder]
	//nolint:paralleltest // all have called before what follows
	for name, c := range map[string]struct {
		method, url string
		want        int
	}{
		"the CRM":                       {http.MethodPost, link, http.StatusOK},
		"a GET":                         {http.MethodGet, link, http.StatusMethodNotAllowed},
		"a GET with a wrong token":      {http.MethodGet, r.web.URL + "/hooks/orders/guess", http.StatusMethodNotAllowed},
		"a PUT":                         {http.MethodPut, link, http.StatusMethodNotAllowed},
		"a wrong token":                 {http.MethodPost, r.web.URL + "/hooks/orders/guess", http.StatusNotFound},
		"the token of the other object": {http.MethodPost, strings.Replace(link, "/orders/", "/cards/", 1), http.StatusNotFound},
		"no token":                      {http.MethodPost, r.web.URL + "/hooks/orders/", http.StatusNotFound},
		"another place":                 {http.MethodPost, r.web.URL + "/hooks/", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			if got := r.call(c.method, c.url, asJSON, statusHook(1)); got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
		})
	}
	r.active.Store(false)
	if got := r.call(http.MethodPost, link, asJSON, statusHook(1)); got != http.StatusNotFound {
		t.Errorf("an inactive shop: %d, want 404", got)
	}
}

func TestDatabaseThatIsDownMakesTheCRMRepeat(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	dead := sqlx.MustOpen("postgres", "postgres://nobody@127.0.0.1:1/none?sslmode=disable&connect_timeout=1")
	t.Cleanup(func() { _ = dead.Close() })
	h := r.newHooks(dead, testbed.Settings(t, dead, r.clock))
	w := httptest.NewRecorder()
	h.Webhooks().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/orders/token", strings.NewReader(statusHook(1))))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", w.Code)
	}
}

func TestBodiesOfWebhooks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	form := "application/x-www-form-urlencoded"
	//nolint:paralleltest // each looks at the one journal after its own call
	for name, c := range map[string]struct {
		kind, body string
		outcome    hooks.Outcome
		reason     hooks.Reason
	}{
		"JSON":                 {asJSON, statusHook(id), hooks.Unchanged, ""},
		"JSON called a form":   {form, statusHook(id), hooks.Unchanged, ""},
		"the id as text":       {asJSON, fmt.Sprintf(`{"event":"x","context":{"id":"%d"}}`, id), hooks.Unchanged, ""},
		"a form":               {form, fmt.Sprintf("event=order.change_order_status&context[id]=%d", id), hooks.Unchanged, ""},
		"a form with JSON":     {form, fmt.Sprintf(`event=order.change_order_status&context=%%7B%%22id%%22%%3A%d%%7D`, id), hooks.Unchanged, ""},
		"nothing":              {asJSON, "", hooks.Unreadable, hooks.ReasonBadBody},
		"an empty context":     {asJSON, `{"event":"x","context":[]}`, hooks.Unreadable, hooks.ReasonBadBody},
		"an id that is none":   {asJSON, `{"event":"x","context":{"id":{"a":1}}}`, hooks.Unreadable, hooks.ReasonBadBody},
		"too much":             {asJSON, strings.Repeat(" ", 300<<10) + statusHook(id), hooks.Unreadable, hooks.ReasonTooLarge},
		"an event of a card":   {asJSON, fmt.Sprintf(`{"event":"lead.change_lead_status","context":{"id":%d}}`, id), hooks.Ignored, hooks.ReasonWrongLink},
		"an order nobody has":  {asJSON, statusHook(999999), hooks.Gone, hooks.ReasonCRMGone},
		"an event in the dark": {asJSON, fmt.Sprintf("{\"event\":\"a\\u0000b\",\"context\":{\"id\":%d}}", id), hooks.Unchanged, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := r.call(http.MethodPost, r.links[settings.ObjectOrder], c.kind, c.body); got != http.StatusOK {
				t.Errorf("status %d, want 200", got)
			}
			r.clock.Advance(time.Second)
			r.work()
			if got := r.last(); got.Outcome != c.outcome || got.Reason != c.reason {
				t.Errorf("outcome %s, reason %q, want %s, %q", got.Outcome, got.Reason, c.outcome, c.reason)
			}
			r.clock.Advance(time.Second)
		})
	}
}

func TestManyHooksForOneOrderAreOneRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	before := r.reads()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, statusHook(id)); got != http.StatusOK {
				t.Errorf("status %d, want 200", got)
			}
		})
	}
	wg.Wait()
	r.work()
	if n := r.reads() - before; n != 1 {
		t.Errorf("%d reads, want 1", n)
	}
	links, err := r.hooks.Inbox().Links(t.Context(), r.conn.ID)
	if err != nil || links[0].Received < 20 || links[0].LastReceived.IsZero() || links[0].Last[hooks.Unchanged].Order != "1" {
		t.Errorf("Links = %+v, %v", links, err)
	}
}

func TestHookDuringTheReadIsReadAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.manager(id, 3)
	var once sync.Once
	r.crm.After(func(q keycrmtest.Request) { // the manager is quick: the read has just been answered
		if q.Method == http.MethodGet && strings.HasSuffix(q.Path, fmt.Sprintf("/order/%d", id)) {
			once.Do(func() {
				r.clock.Advance(5 * time.Second)
				if err := r.crm.SetOrderStatus(id, 8); err != nil {
					t.Error(err)
				}
				r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, statusHook(id))
			})
		}
	})
	r.work()
	r.wantStatus("1", "shipped")
}

func TestStatusesComeBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.wantStatus("1", "new")

	r.manager(id, 3)
	r.work()
	r.wantStatus("1", "accepted")
	if got := r.wantLast(hooks.Applied, ""); got.CRMStatus != "3" || got.ShopStatus != "accepted" || got.Order != "1" {
		t.Errorf("journal %+v", got)
	}
	move := r.shop.Moves()[0]
	if move.By.Plugin != "keybridge" || move.By.Connection != r.conn.ID || move.Move.MayWriteToBuyer || move.Move.Note != "Статус змінено в KeyCRM" {
		t.Errorf("move %+v", move)
	}

	r.manager(id, 9) // nobody has chosen anything for it
	r.work()
	r.wantLast(hooks.Unmapped, hooks.ReasonUnmapped)
	r.manager(id, 4) // «Не передавати»
	r.work()
	r.wantLast(hooks.Skipped, hooks.ReasonSkip)
	r.wantStatus("1", "accepted")

	r.shop.Refuse("done", "спершу оплата")
	r.manager(id, 12)
	r.work()
	if got := r.wantLast(hooks.Refused, hooks.ReasonShopRefused); got.Params["detail"] != "спершу оплата" {
		t.Errorf("params %v, want the shop's words", got.Params)
	}
	r.wantStatus("1", "accepted")

	if err := r.crm.SetTracking(id, "20450000000001"); err != nil {
		t.Fatal(err)
	}
	r.manager(id, 8)
	r.work()
	r.wantStatus("1", "shipped")
	if f := r.shop.Order("1").Facts; f.TrackingNumber == nil || *f.TrackingNumber != "20450000000001" || f.PaymentState == nil || *f.PaymentState != "не оплачено" {
		t.Errorf("facts %+v, want the tracking number and the payment", f)
	}
}

func TestOldAndRepeatedHooksChangeNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultHookReorder, Times: 1})
	r.manager(id, 3)
	r.manager(id, 8)
	r.work()
	r.wantStatus("1", "shipped")
	if n := len(r.shop.Moves()); n != 1 {
		t.Errorf("%d moves, want 1: the body is a hint, the order is read as it is", n)
	}
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultHookTwice, Times: 1})
	r.manager(id, 12)
	r.work()
	// Staff moves the order by hand; the CRM's old status, told again, does not move it back.
	r.clock.Advance(time.Minute)
	r.shop.Edit("1", func(o *plugin.Order) { o.Status = "paid" })
	for range 3 {
		r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, statusHook(id))
		r.work()
	}
	r.wantLast(hooks.Unchanged, "")
	r.wantStatus("1", "paid")
}

func TestEditInTheCRMIsNoStatus(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.shop.Edit("1", func(o *plugin.Order) { o.Status = "paid" })
	r.clock.Advance(time.Minute)
	if err := r.crm.EditOrder(id, func(o *keycrmtest.Order) { o.ManagerComment = "дзвонили" }); err != nil {
		t.Fatal(err)
	}
	r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, statusHook(id))
	r.work()
	r.wantLast(hooks.Unchanged, "")
	r.wantStatus("1", "paid")
}

func TestForgedHooksMoveNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	// Whoever knows the address says "done": the order is read, and it is not.
	r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, statusHook(id))
	r.work()
	r.wantStatus("1", "new")

	c, err := r.open(t.Context(), r.conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	for source, why := range map[string]hooks.Reason{"8": hooks.ReasonOtherSource, "7": hooks.ReasonNotOurs} {
		got, err := c.CreateOrder(t.Context(), settings.TargetOrders,
			[]byte(`{"source_id":`+source+`,"buyer":{"full_name":"Хтось"},"products":[{"name":"x","price":5,"quantity":1}]}`))
		if err != nil {
			t.Fatal(err)
		}
		r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, `{"event":"order.change_order_status","context":{"id":`+got.ID+`}}`)
		r.clock.Advance(time.Second)
		r.work()
		r.wantLast(hooks.Unknown, why)
	}
}

func TestHookThatOvertakesTheReceiptWaitsForIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := orderstest.Order("1", r.clock.Now())
	r.shop.Put(o)
	if _, err := r.x.Put(t.Context(), orderstest.PlacementOf(shopID, o)); err != nil {
		t.Fatal(err)
	}
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultCutAfter, Method: http.MethodPost, Path: "/v1/order", Times: 1})
	unreadable := r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Method: http.MethodGet, Path: "/v1/order", Skip: 2})
	r.work()
	got, ok := r.crm.OrderBySourceUUID("1")
	if !ok {
		t.Fatal("the CRM does not have the order")
	}
	if e := r.entry("1"); e.State != orders.Checking {
		t.Fatalf("order 1 is %s, want checking", e.State)
	}
	r.crm.ClearFault(unreadable)
	r.manager(got.ID, 3)
	if err := r.crm.DeliverWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	for r.workInbox() > 0 { // the inbox is quicker than the exporter
		r.wantLast(hooks.Waiting, hooks.ReasonUnconfirmed)
	}
	for range 12 {
		r.clock.Advance(10 * time.Second)
		r.work()
	}
	r.wantStatus("1", "accepted")
}

func TestCRMThatCannotBeReadIsReadLater(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.crm.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: 40 * time.Second, Method: http.MethodGet, Times: 1})
	r.manager(id, 3)
	r.work()
	r.wantLast(hooks.Waiting, hooks.ReasonUnavailable)
	before := r.reads()
	r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, statusHook(id)) // another hook does not shorten the pause
	r.clock.Advance(39 * time.Second)
	r.work()
	if n := r.reads() - before; n != 0 {
		t.Errorf("%d reads within the CRM's pause, want none", n)
	}
	r.clock.Advance(2 * time.Second)
	r.work()
	r.wantStatus("1", "accepted")

	r.shop.Fail(plugin.ErrTemporary)
	r.manager(id, 8)
	r.work()
	r.wantLast(hooks.Waiting, hooks.ReasonShopUnavailable)
	r.shop.Fail(nil)
	r.clock.Advance(time.Minute)
	r.work()
	r.wantStatus("1", "shipped")
}

func TestOrderDeletedInTheCRMIsReported(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	if err := r.crm.DeleteOrder(id); err != nil {
		t.Fatal(err)
	}
	r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, statusHook(id))
	r.work()
	if got := r.wantLast(hooks.Gone, hooks.ReasonCRMGone); got.Order != "1" {
		t.Errorf("journal %+v does not name the shop's order", got)
	}
	if e := r.entry("1"); e.CRMDeletedAt.IsZero() || e.State != orders.Done {
		t.Errorf("order 1: %s, deleted at %v", e.State, e.CRMDeletedAt)
	}
}

func TestConnectionSwitchedOffIgnoresHooks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	if err := r.store.SetEnabled(t.Context(), r.conn.ID, false); err != nil {
		t.Fatal(err)
	}
	r.manager(id, 3)
	r.work()
	r.wantLast(hooks.Ignored, hooks.ReasonConnectionOff)
	r.wantStatus("1", "new")
}

func TestWorkersRaceForOneHook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.manager(id, 3)
	if err := r.crm.DeliverWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := r.reads()
	tasks, err := r.hooks.Inbox().Due(t.Context(), r.clock.Now(), 10)
	if err != nil || len(tasks) != 1 {
		t.Fatalf("Due = %+v, %v", tasks, err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := r.hooks.Inbox().Handle(t.Context(), tasks[0].Row); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := r.reads() - before; n != 1 {
		t.Errorf("%d reads, want 1", n)
	}
	r.wantStatus("1", "accepted")
}

func TestJournalOfHooksIsForgottenInTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.manager(id, 3)
	r.work()
	r.clock.Advance(15 * 24 * time.Hour)
	if err := r.hooks.Inbox().Purge(t.Context(), 14*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	events, err := r.hooks.Inbox().Events(t.Context(), r.conn.ID, "1", 10)
	if err != nil || len(events) != 0 {
		t.Errorf("Events = %+v, %v, want none", events, err)
	}
	// What was dealt with is still known.
	r.call(http.MethodPost, r.links[settings.ObjectOrder], asJSON, statusHook(id))
	r.work()
	r.wantLast(hooks.Unchanged, "")
}

func TestReasonsAndOutcomesAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range hooks.Reasons() {
		if r == "" || seen[string(r)] {
			t.Errorf("reason %q is empty or listed twice", r)
		}
		seen[string(r)] = true
	}
	for _, o := range hooks.Outcomes() {
		if o == "" || seen["outcome "+string(o)] {
			t.Errorf("outcome %q is empty or listed twice", o)
		}
		seen["outcome "+string(o)] = true
	}
}

// fuzzRig is the little that a fuzz test needs.
type fuzzRig struct {
	db       *sqlx.DB
	listener *hooks.Listener
}

func newFuzzRig(f *testing.F) fuzzRig {
	f.Helper()
	db := pgtest.NewMigrated(f, "keybridge", func(db *sqlx.DB) error { return migrations.Apply(context.Background(), db) })
	h := hooks.New(hooks.Deps{DB: db, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)})
	return fuzzRig{db: db, listener: h.Listener()}
}
