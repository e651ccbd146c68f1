package admin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
)

func TestWarehousesAreChosenFromThoseTheCRMNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	page := r.get(path)
	if got := page.Find("#warehouses").Text(); !strings.Contains(got, "Склад Київ") || !strings.Contains(got, "Шоурум Львів") {
		t.Fatalf("the page offers %q", got)
	}
	form := page.form()
	if len(form["warehouse"]) != 0 {
		t.Errorf("nothing is chosen and the page shows %v", form["warehouse"])
	}
	form["warehouse"] = []string{"2"}
	if _, done := r.post(path, form).leads(); done != "saved" {
		t.Fatalf("saving: done %q", done)
	}
	if got := r.conn(path).Settings.Catalog.Warehouses; !slices.Equal(got, []string{"2"}) {
		t.Errorf("stored are %v", got)
	}
	form = r.get(path).form()
	if !slices.Equal(form["warehouse"], []string{"2"}) {
		t.Errorf("the page shows %v", form["warehouse"])
	}
	form["warehouse"] = []string{"2", "77"}
	if got := r.post(path, form); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.Find("#warehouses .kb-problem").Text(), "77") {
		t.Errorf("a warehouse nobody has: %d, %q", got.status, got.Find("#warehouses").Text())
	}
	form.Del("warehouse")
	r.post(path, form).leads()
	if got := r.conn(path).Settings.Catalog.Warehouses; got != nil {
		t.Errorf("nothing chosen is stored as %v", got)
	}
}

func TestAWarehouseTheCRMNoLongerNamesStaysChosen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	form := r.get(path).form()
	form["warehouse"] = []string{"1", "2"}
	r.post(path, form).leads()
	r.crm.DeleteWarehouse(2)
	r.clock.Advance(2 * 60 * 1e9)
	page := r.get(path)
	if got := page.Find("#warehouses").Text(); !strings.Contains(got, "Склад № 2") {
		t.Errorf("the page shows %q", got)
	}
	if _, done := r.post(path, page.form()).leads(); done != "saved" {
		t.Errorf("saving it again: done %q", done)
	}
	if got := r.conn(path).Settings.Catalog.Warehouses; !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("stored are %v", got)
	}
}
