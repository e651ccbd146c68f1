package admin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// emptied lets the CRM say that there are none of all but one of the offers, and makes a price run.
func (r *rig) emptied() {
	r.t.Helper()
	for i, id := range r.crm.OfferIDs() {
		if i == 0 {
			continue
		}
		err := r.crm.EditOffer(id, func(o *keycrmtest.Offer) {
			for at := range o.Stock {
				o.Stock[at] = decimal.NewFromInt(-2)
			}
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if run := r.full(catalog.Prices); run.State != catalog.Done || run.Counters.Held == 0 {
		r.t.Fatalf("the run is %s, %d held back", run.State, run.Counters.Held)
	}
}

// answerCalls lets stock calls do what is due.
func (r *rig) answerCalls() {
	r.t.Helper()
	calls := r.runs.StockCalls()
	tasks, err := calls.Due(r.t.Context(), r.clock.Now(), 10)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, task := range tasks {
		if err := calls.Handle(r.t.Context(), task.Row); err != nil {
			r.t.Fatal(err)
		}
	}
}

func TestHeldStockStandsOnThePageUntilAPersonConfirmsIt(t *testing.T) {
	t.Parallel()
	r, path, _ := stocked(t, keycrmtest.WithCatalog(40, 60))
	if page := r.get(path).want(http.StatusOK); page.Find("#held").Length() != 0 {
		t.Error("the page speaks of held stock while none is")
	}
	r.get(path + "/held").want(http.StatusOK).says("Нічого не затримано.")
	r.emptied()
	page := r.get(path).want(http.StatusOK).says("за даними KeyCRM їх раптом не стало").says("решту записано").
		says("синхронізація № ").says("затримано ").says("потребує уваги")
	if at, _ := page.Find("#held a").Attr("href"); !strings.HasSuffix(at, path+"/held") {
		t.Errorf("the note leads to %q", at)
	}
	list := r.get(path + "/held").want(http.StatusOK).says("Перевірте залишки в KeyCRM").says("Так, їх справді немає")
	rows := list.Find("tbody tr").Length()
	if cells := squeeze(list.Find("tbody tr").First().Text()); rows < 21 || !strings.Contains(cells, "-4") {
		t.Errorf("%d rows, the first says %q", rows, cells)
	}
	if _, done := r.post(path+"/held", url.Values{"until": {"yesterday"}}).leads(); done != "held_none" {
		t.Errorf("nonsense was confirmed: done %q", done)
	}
	until, _ := list.Find(`input[name="until"]`).Attr("value")
	if at, done := r.post(path+"/held", url.Values{"until": {until}}).leads(); at != path+"/held" || done != "held_confirmed" {
		t.Errorf("confirming led to %s, done %q", at, done)
	}
	r.get(path).want(http.StatusOK).says("підтверджено, записуємо")
	r.answerCalls()
	r.get(path + "/held").want(http.StatusOK).says("Нічого не затримано.").doesNotSay("Так, їх справді немає")
	if page := r.get(path).want(http.StatusOK); page.Find("#held").Length() != 0 {
		t.Error("the page still speaks of held stock")
	}
}

func TestTheAPITellsAndConfirmsHeldStock(t *testing.T) {
	t.Parallel()
	r, path, _ := stocked(t, keycrmtest.WithCatalog(40, 60))
	r.emptied()
	api := "/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/held"
	var held struct {
		Count, Confirmed int
		Since, Until     time.Time
		Causes           []struct{ Run, Count int }
		Variants         []struct{ Offer, Product, Variant, Name, Old, Says string }
	}
	read := func() {
		t.Helper()
		if err := json.Unmarshal([]byte(r.get(api).want(http.StatusOK).raw), &held); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if held.Count < 21 || len(held.Variants) != held.Count || len(held.Causes) != 1 || held.Causes[0].Run == 0 || held.Variants[0].Says != "-4" || held.Since.IsZero() {
		t.Fatalf("the API says %+v", held)
	}
	post := func(body string) *answer {
		return r.do(http.MethodPost, api, "application/json", strings.NewReader(body), http.Header{plugin.CSRFHeader: {token}})
	}
	post(`{}`).want(http.StatusBadRequest)
	post(`{"until": "` + held.Until.Add(-time.Second).Format(time.RFC3339Nano) + `"}`).want(http.StatusOK)
	read()
	if held.Confirmed != 0 {
		t.Errorf("%d were confirmed that nobody has seen", held.Confirmed)
	}
	post(`{"until": "` + held.Until.Format(time.RFC3339Nano) + `"}`).want(http.StatusOK)
	count := held.Count
	read()
	if held.Count != 0 || held.Confirmed != count {
		t.Errorf("once confirmed the API says %+v", held)
	}
}
