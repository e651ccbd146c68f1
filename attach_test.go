package keybridge_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// working lists the goroutines of ours: those of the plugin, of asynq and of go-redis.
func working() []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	ours := regexp.MustCompile(`hibiken/asynq|redis/go-redis|keybridge/internal/jobs|keybridge\.\(\*Keybridge\)`)
	var found []string
	for _, g := range strings.Split(string(buf), "\n\n") {
		if ours.MatchString(g) && !strings.Contains(g, "testing.tRunner") {
			found = append(found, g)
		}
	}
	return found
}

// eventually asks until ok, for as long as a busy machine may need.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within two minutes: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestAttachAndDetachMayAlternate(t *testing.T) { //nolint:paralleltest // it counts the goroutines of the process
	r := newRig(t)
	if n := len(working()); n != 0 {
		t.Fatalf("New began %d goroutines", n)
	}
	if err := r.Detach(t.Context()); err != nil {
		t.Fatalf("Detach before the first Attach: %v", err)
	}
	for i := range 10 {
		if err := r.Attach(t.Context(), plugin.RoleAll); err != nil {
			t.Fatalf("Attach %d: %v", i+1, err)
		}
		eventually(t, "Redis answers", func() bool { return r.Health(t.Context()).Redis })
		if err := r.Detach(t.Context()); err != nil {
			t.Fatalf("Detach %d: %v", i+1, err)
		}
		if r.Health(t.Context()).Redis {
			t.Fatal("a process that is not attached says that Redis answers")
		}
	}
	var left []string
	eventually(t, "the goroutines end", func() bool { left = working(); return len(left) == 0 })
	r.attach(t, plugin.RoleAll)
	r.activate(t)
	mainJob(t, r)
	if err := r.Detach(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the goroutines end after work", func() bool { left = working(); return len(left) == 0 })
}

// mainJob brings the catalog, sells something of it and sees the order in the CRM.
func mainJob(t *testing.T, r *rig) *day {
	t.Helper()
	srv := httptest.NewServer(r.engine.Handler())
	t.Cleanup(srv.Close)
	d := &day{rig: r, url: srv.URL}
	d.connect(t)
	eventually(t, "the catalog comes", func() bool { return r.fullRuns(t) == 1 })
	d.buy(t)
	eventually(t, "the order arrives", func() bool { return len(r.sim.Orders()) == 1 })
	return d
}

// TestWhatComesInWhileDetachedIsDoneAfterwards: a webhook is stored, and its status is applied once the
// process is attached again.
func TestWhatComesInWhileDetachedIsDoneAfterwards(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.attach(t, plugin.RoleAll)
	r.activate(t)
	d := mainJob(t, r)
	eventually(t, "the order is confirmed", func() bool {
		var done int
		return r.db.Get(&done, `SELECT count(*) FROM keybridge.outbox WHERE state = 'done'`) == nil && done == 1
	})
	if err := r.Detach(t.Context()); err != nil {
		t.Fatal(err)
	}
	link, err := r.Settings().EnsureLink(t.Context(), d.conn.ID, settings.ObjectOrder)
	if err != nil {
		t.Fatal(err)
	}
	id := r.sim.Orders()[0].ID
	if err := r.sim.SetOrderStatus(id, 3); err != nil {
		t.Fatal(err)
	}
	if err := r.sim.DeliverWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(d.url+"/hooks/keycrm/orders/"+link.Token, "application/json",
		strings.NewReader(`{"event":"order.change_order_status","context":{"id":1}}`))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("a webhook while detached: %v, %v", res, err)
	}
	_ = res.Body.Close()
	status := func() (s string) {
		if err := r.db.Get(&s, `SELECT status FROM demoshop.orders`); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if got := status(); got != "new" {
		t.Fatalf("the order is %q while nothing works", got)
	}
	r.attach(t, plugin.RoleAll)
	eventually(t, "the status is applied", func() bool { return status() == "confirmed" })
}
