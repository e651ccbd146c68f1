package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// webhook sends a stock call over HTTP, with the timings of production, and answers the status.
func (w *world) webhook(body string) int {
	w.t.Helper()
	link, err := w.set.EnsureLink(w.t.Context(), w.conn, settings.ObjectStock)
	must(w.t, err)
	h := hooks.New(hooks.Deps{
		DB: w.db, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Links: w.set, Connections: w.set,
		Stocks: w.engine.StockCalls(), Active: func(plugin.ShopID) bool { return true },
	})
	srv := httptest.NewServer(h.Webhooks())
	defer srv.Close()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, srv.URL+"/stock/"+link.Token, strings.NewReader(body))
	must(w.t, err)
	res, err := srv.Client().Do(req)
	must(w.t, err)
	must(w.t, res.Body.Close())
	return res.StatusCode
}

// stockBody names offers as the CRM does: from up to, and not including, to.
func stockBody(from, to int64, more ...int64) string {
	var rows []string
	for id := from; id < to; id++ {
		more = append(more, id)
	}
	for _, id := range more {
		rows = append(rows, fmt.Sprintf(`{"offer_id":%d}`, id))
	}
	return "[" + strings.Join(rows, ",") + "]"
}

// TestAStockCallOfFourMegabytesIsAnsweredAndApplied: the CRM sends again and again what is not answered
// within two seconds, and it would never arrive if each of its offers were stored before the answer.
func TestAStockCallOfFourMegabytesIsAnsweredAndApplied(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 3)
	body := stockBody(1_000_000, 1_180_000, offers...)
	for i, o := range offers {
		setStock(t, sim, o, int64(20+i))
	}
	began := time.Now()
	if status := w.webhook(body); status != http.StatusOK {
		t.Fatalf("%d bytes were answered with %d after %v", len(body), status, time.Since(began))
	}
	t.Logf("%d bytes were answered after %v", len(body), time.Since(began))
	if s := w.stock(); s.Calls != 1 || s.Waiting != 180_003 {
		t.Errorf("Status = %+v, want all offers waiting", s)
	}
	if stored, _ := w.notices(); stored != 0 {
		t.Errorf("%d offers were stored before the answer, want the body alone", stored)
	}
	sim.Reset()
	w.gathered()
	for i := range offers {
		if got, want := w.stockOf(fmt.Sprintf("SKU-%d", i)), fmt.Sprint(20+i); got != want {
			t.Errorf("stock of %d is %s, want %s", i, got, want)
		}
	}
	if s := w.stock(); s.Waiting != 0 || s.Unknown != 180_000 || s.Written != 3 || sim.RequestCount() != 1 {
		t.Errorf("after %d requests Status = %+v", sim.RequestCount(), s)
	}
}

// TestOffersNothingIsLinkedToDoNotHoldUpARealChange: they are counted, and not looked at one group after
// the other. With groups of 50 it took 46 s on a quiet machine.
func TestOffersNothingIsLinkedToDoNotHoldUpARealChange(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 3)
	for i, name := range []string{"at first", "while a run may be making their products", "when they are looked at again"} {
		if w.clock.Advance(time.Minute); i == 1 {
			w.begin(catalog.Full)
		}
		if status := w.webhook(stockBody(2_000_000, 2_077_000)); status != http.StatusOK {
			t.Fatalf("%s: answered with %d", name, status)
		}
		setStock(t, sim, offers[0], int64(len(name)))
		w.call(offers[0])
		w.clock.Advance(3 * time.Second)
		began := time.Now()
		var took time.Duration
		w.shop.stopAt(func(_ context.Context, call string) {
			if call == "after UpdateProducts" {
				took = time.Since(began)
			}
		})
		w.answerCalls()
		if took == 0 || took > 15*time.Second || w.stockOf("SKU-0") != fmt.Sprint(len(name)) {
			t.Errorf("%s: a change beside 77,000 unknown offers was written after %v: %s", name, took, w.stockOf("SKU-0"))
		}
		t.Logf("%s: a change beside 77,000 unknown offers was written after %v, all was done after %v", name, took, time.Since(began))
	}
}

// notices counts offers that calls have named, and those calls.
func (w *world) notices() (offers, calls int) {
	w.t.Helper()
	row := w.db.QueryRowxContext(w.t.Context(), `SELECT count(*), coalesce(sum(calls), 0) FROM keybridge.stock_notice`)
	must(w.t, row.Scan(&offers, &calls))
	return offers, calls
}

// TestACallIsNotLostWhenItsWorkerDiesInTheMiddle: what was made of it stays, the rest is made by the next.
func TestACallIsNotLostWhenItsWorkerDiesInTheMiddle(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 3)
	setStock(t, sim, offers[2], 9)
	ids := make([]int64, 0, 12_001)
	for id := range int64(12_000) {
		ids = append(ids, 3_000_000+id)
	}
	w.call(append(ids, offers[2])...)
	w.call(ids[11_000:]...)
	_, err := w.db.ExecContext(t.Context(), `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''gone''; END';
		CREATE TRIGGER die BEFORE INSERT ON keybridge.stock_notice FOR EACH ROW WHEN (new.offer_id = '3007000') EXECUTE FUNCTION die()`)
	must(t, err)
	w.gathered()
	if n, _ := w.notices(); n != 5000 || w.stock().Waiting != 8001 || w.stockOf("SKU-2") != "4" {
		t.Errorf("%d offers were noted before the worker died, %+v", n, w.stock())
	}
	_, err = w.db.ExecContext(t.Context(), `DROP TRIGGER die ON keybridge.stock_notice`)
	must(t, err)
	w.clock.Advance(time.Minute)
	w.answerCalls()
	if n, calls := w.notices(); n != 12_001 || calls != 13_001 || w.stockOf("SKU-2") != "9" {
		t.Errorf("%d offers of %d calls were noted, stock %s", n, calls, w.stockOf("SKU-2"))
	}
	if s := w.stock(); s.Waiting != 0 || s.Unknown != 12_000 {
		t.Errorf("Status = %+v", s)
	}
}

// TestACallThatAnOlderProcessLetGoOfIsStillAnswered: that process knows nothing of what is left of it.
func TestACallThatAnOlderProcessLetGoOfIsStillAnswered(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 1)
	setStock(t, sim, offers[0], 9)
	w.call(offers[0])
	_, err := w.db.ExecContext(t.Context(), `UPDATE keybridge.stock_call SET next_at = NULL`)
	must(t, err)
	w.gathered()
	if got := w.stockOf("SKU-0"); got != "9" || w.stock().Waiting != 0 {
		t.Errorf("stock %s, %+v", got, w.stock())
	}
}

func TestWhatNobodyCouldWorkOnIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	w, _, offers := stocked(t, 1)
	w.call(offers...)
	w.clock.Advance(23 * time.Hour)
	w.call(offers...)
	for hours, want := range []int64{2, 1} {
		w.clock.Advance(time.Duration(hours) * 2 * time.Hour)
		must(t, w.engine.StockCalls().Purge(t.Context(), 30*24*time.Hour))
		if s := w.stock(); s.Waiting != want {
			t.Errorf("%d offers wait, want %d", s.Waiting, want)
		}
	}
}

// TestACallWaitsForNoWorker: hundreds of calls may come at once, each to be answered within two seconds.
func TestACallWaitsForNoWorker(t *testing.T) {
	t.Parallel()
	w, _, offers := stocked(t, 1)
	w.call(offers...)
	tx, err := w.db.BeginTxx(t.Context(), nil)
	must(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), `SELECT 1 FROM keybridge.stock_call FOR UPDATE`)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	must(t, w.engine.StockCalls().Note(ctx, w.conn, []string{code(offers[0])}))
	if s := w.stock(); s.Calls != 2 || s.Waiting != 2 {
		t.Errorf("Status = %+v", s)
	}
}
