package admin_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// rename gives a product of the shop a name as the merchant would.
func rename(t *testing.T, shop plugin.Shop, sku, name string) plugin.ProductID {
	t.Helper()
	hits, err := shop.Catalog().ProductsByKey(t.Context(), plugin.KeySKU, []string{sku})
	if err != nil || len(hits[0]) != 1 {
		t.Fatalf("%s: %v, %v", sku, hits, err)
	}
	id := hits[0][0].ProductID
	res, err := shop.Catalog().UpdateProducts(t.Context(), plugin.Origin{}, []plugin.ProductPatch{{ID: id, Lang: "uk", Name: &name}})
	if err != nil || res[0].Err != nil {
		t.Fatal(err, res)
	}
	return id
}

func TestAnOverwrittenEditIsPinnedFromTheListOfChanges(t *testing.T) {
	t.Parallel()
	r, path, shop := stocked(t)
	id := rename(t, shop, "TEE-00001", "Моя назва")
	run := r.full(catalog.Full)
	r.get(path).says("що змінено")
	changes := path + "/runs/" + strconv.FormatInt(run.ID, 10) + "/changes"
	page := r.get(changes).want(http.StatusOK).says("перезаписано вашу правку").says("Моя назва")
	form := page.Find("tr:contains('Моя назва') form")
	fields := url.Values{}
	for _, name := range []string{"product", "field", "back", "run"} {
		fields.Set(name, form.Find("input[name="+name+"]").AttrOr("value", ""))
	}
	if to, done := r.post(path+"/pins", fields).leads(); to != changes || done != "pinned" {
		t.Errorf("pinning leads to %q, done %q", to, done)
	}
	if row := r.get(changes).Find("tr:contains('Моя назва')"); row.Find("form").Length() != 0 || !strings.Contains(row.Text(), "закріплено") {
		t.Errorf("the row says %q", squeeze(row.Text()))
	}
	rename(t, shop, "TEE-00001", "Знов моя назва")
	r.full(catalog.Full)
	got, err := shop.Catalog().Products(t.Context(), "uk", []plugin.ProductID{id})
	if err != nil || got[0].Name != "Знов моя назва" {
		t.Errorf("the pinned name became %q, %v", got[0].Name, err)
	}
	r.get(path).says("Закріплені поля")
	r.get(path + "/pins").want(http.StatusOK).says("Знов моя назва").says("Назва")
	if to, done := r.post(path+"/pins/remove", url.Values{"product": {string(id)}, "field": {"name"}}).leads(); to != path+"/pins" || done != "unpinned" {
		t.Errorf("unpinning leads to %q, done %q", to, done)
	}
	r.get(path + "/pins").says("Нічого не закріплено")
	r.post(path+"/pins", url.Values{"product": {"4711"}, "field": {"name"}}).want(http.StatusNotFound)
	r.post(path+"/pins", url.Values{"product": {string(id)}, "field": {"colour"}}).want(http.StatusNotFound)
}

func TestMatchingAgainIsAPreviewThatAsks(t *testing.T) {
	t.Parallel()
	r, path, _ := stocked(t)
	r.get(path).says("Зіставити заново")
	if _, done := r.post(path+"/runs", url.Values{"kind": {"rematch"}}).leads(); done != "rematch_started" {
		t.Errorf("done %q", done)
	}
	runs, err := r.runs.Runs(t.Context(), r.only(), 1)
	if err != nil || !runs[0].Rematch || r.finish(runs[0].ID).State != catalog.Approval {
		t.Errorf("the run is %+v, %v", runs[0], err)
	}
	form := r.get(path).form()
	form.Set("match", "never")
	r.post(path, form).leads()
	if _, done := r.post(path+"/runs", url.Values{"kind": {"rematch"}}).leads(); done != "rematch_no_key" {
		t.Errorf("without a key: done %q", done)
	}
	api := "/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/runs"
	header := http.Header{plugin.CSRFHeader: {token}}
	got := r.do(http.MethodPost, api, "application/json", strings.NewReader(`{"kind":"full","rematch":true}`), header).want(http.StatusConflict)
	if !strings.Contains(got.raw, `"rematch_no_key"`) {
		t.Errorf("the API answers %s", got.raw)
	}
}

func TestPinsAndChangesAreInTheAPIAndInAWaitingPlan(t *testing.T) {
	t.Parallel()
	r, path, shop := stocked(t)
	api := "/api" + strings.Replace(path, "/c/", "/connections/", 1)
	id := rename(t, shop, "TEE-00001", "Моя назва")
	header := http.Header{plugin.CSRFHeader: {token}}
	set := func(where, field string) *answer {
		return r.do(http.MethodPost, api+where, "application/json", strings.NewReader(`{"product":"`+string(id)+`","field":"`+field+`"}`), header)
	}
	preview, err := r.runs.Preview(t.Context(), r.only(), catalog.Full, "anna")
	if err != nil {
		t.Fatal(err)
	}
	r.finish(preview)
	plan := path + "/runs/" + strconv.FormatInt(preview, 10) + "/plan"
	if n := r.get(plan).Find("tr:contains('Моя назва') form input[name=back][value=plan]").Length(); n != 1 {
		t.Errorf("the plan offers %d pins", n)
	}
	set("/pins", "name").want(http.StatusOK)
	set("/pins", "colour").want(http.StatusUnprocessableEntity)
	r.get(plan).says("закріплено")
	if got := r.get(api + "/pins").want(http.StatusOK); !strings.HasPrefix(got.raw, `{"pins":[`) || !strings.Contains(got.raw, `"field":"name","name":"Моя назва","pinned_by":"anna"`) {
		t.Errorf("the API lists %s", got.raw)
	}
	if err := r.runs.Approve(t.Context(), preview, "anna"); err != nil {
		t.Fatal(err)
	}
	r.finish(preview)
	written := api + "/runs/" + strconv.FormatInt(preview, 10) + "/changes"
	if got := r.get(written).want(http.StatusOK); strings.Contains(got.raw, "Моя назва") {
		t.Errorf("written was %s", got.raw)
	}
	set("/pins/remove", "name").want(http.StatusOK)
	run := r.full(catalog.Full)
	got := r.get(api + "/runs/" + strconv.FormatInt(run.ID, 10) + "/changes")
	if !strings.Contains(got.raw, `"field":"name","old":"Моя назва"`) {
		t.Errorf("after unpinning, written was %s", got.raw)
	}
}
