package admin_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func TestWhatWasLeftAloneIsListedWholeAndThePressingFirst(t *testing.T) {
	t.Parallel()
	r, path, _ := stocked(t)
	offer := func(sku string, price int64) []keycrmtest.Offer {
		return []keycrmtest.Offer{{SKU: sku, Price: decimal.NewFromInt(price)}}
	}
	const many = 520
	for i := range many {
		r.crm.AddProduct(keycrmtest.NewProduct{
			Product: keycrmtest.Product{Name: fmt.Sprintf("Без ціни %d <script>alert(1)</script>", i)}, Offers: offer(fmt.Sprint("FREE-", i), 0),
		})
	}
	r.crm.AddProduct(keycrmtest.NewProduct{Product: keycrmtest.Product{Name: "   "}, Offers: offer("NAMELESS", 5)})
	r.crm.AddProduct(keycrmtest.NewProduct{Product: keycrmtest.Product{Name: "Двійник"}, Offers: offer("FREE-1", 5)})
	run := r.full(catalog.Full)
	items := path + "/runs/" + strconv.FormatInt(run.ID, 10) + "/items"

	r.get(path).says("що пропущено і чому").says("Двійник")
	page := r.get(items).want(http.StatusOK)
	if now := page.Find("nav [aria-current=page]").Text(); page.Find("#items tbody tr").Length() != 1 || !strings.HasPrefix(now, "Помилки") {
		t.Errorf("the list begins with %q: %s", now, squeeze(page.Find("#items").Text()))
	}
	r.get(items + "?kind=conflict").says("Двійник")
	seen, at := 0, items+"?kind=note"
	for range 10 {
		page = r.get(at).want(http.StatusOK)
		seen += page.Find("#items tbody tr").Length()
		if page.Find("#items script").Length() != 0 {
			t.Fatal("a name of the CRM runs as a script")
		}
		next := page.Find("#items p a").AttrOr("href", "")
		if next == "" {
			break
		}
		_, from, same := strings.Cut(next, strconv.FormatInt(run.ID, 10)+"/items")
		if !same {
			t.Fatalf("the next page of %s is %s", items, next)
		}
		at = items + from
	}
	if seen != many-1 { // one of them is in the conflict
		t.Errorf("%d notes are listed, want %d", seen, many-1)
	}
	r.get(path + "/runs/4711/items").want(http.StatusNotFound)
	api := "/api" + strings.Replace(items, "/c/", "/connections/", 1)
	if raw := r.get(api + "?kind=conflict").want(http.StatusOK).raw; !strings.Contains(raw, `"reason":"several_in_crm"`) || !strings.Contains(raw, `"note":519`) {
		t.Errorf("the API answers %s", raw)
	}
}
