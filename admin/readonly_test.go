package admin_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
)

// TestPagesThatAreOnlyLookedAtWriteNothing opens every address that can be got, by a database in which
// nothing can be written.
func TestPagesThatAreOnlyLookedAtWriteNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetCards)
	run, err := r.runs.Start(t.Context(), r.only(), catalog.Full, "anna")
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile(mount + `/static/([^"]+)`).FindStringSubmatch(r.get(path).want(http.StatusOK).raw)
	if script == nil {
		t.Fatal("the page has no file of ours")
	}
	r.readOnly()
	routes, ok := r.page.Handler().(chi.Routes)
	if !ok {
		t.Fatal("the pages have no list of routes")
	}
	address := strings.NewReplacer("{connection}", string(r.only()), "{run}", strconv.FormatInt(run, 10), "{name}", script[1], "/*/", "/")
	seen := 0
	walk := func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method != http.MethodGet {
			return nil
		}
		seen++
		for _, header := range []http.Header{nil, {"Hx-Request": {"true"}}} {
			if a := r.do(method, address.Replace(route), "", nil, header); a.status >= http.StatusInternalServerError || a.status == http.StatusNotFound {
				t.Errorf("GET %s = %d", route, a.status)
			}
		}
		return nil
	}
	if err := chi.Walk(routes, walk); err != nil || seen < 20 {
		t.Fatalf("walked through %d addresses, %v", seen, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.Contains(r.log.String(), "read-only") {
		t.Errorf("something was written:\n%s", r.log)
	}
}

// readOnly lets nothing be written from here on.
func (r *rig) readOnly() {
	r.t.Helper()
	var name string
	if err := r.db.Get(&name, `SELECT current_database()`); err != nil {
		r.t.Fatal(err)
	}
	r.db.MustExec(`ALTER DATABASE "` + name + `" SET default_transaction_read_only = on`)
	r.db.SetMaxIdleConns(0) // connections opened before do not know it
	if _, err := r.db.Exec(`UPDATE keybridge.connection SET name = name`); err == nil {
		r.t.Fatal("the database can be written")
	}
}

// TestALinkThatIsMissingComesWithTheNextSave: a process of an earlier version makes connections without.
func TestALinkThatIsMissingComesWithTheNextSave(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	r.db.MustExec(`DELETE FROM keybridge.webhook`)
	page := r.get(path).want(http.StatusOK).says("воно з'явиться, щойно ви збережете налаштування")
	if page.Find("#link-order, #link-stock").Length() != 0 {
		t.Error("a link that is not there is shown")
	}
	form := page.form()
	form.Set("products", "on")
	r.post(path, form).leads()
	for _, id := range []string{"#link-order", "#link-stock"} {
		link, err := url.Parse(r.get(path).Find(id).AttrOr("value", ""))
		if err != nil || link.Host != "shop.test" {
			t.Errorf("%s is %v, %v", id, link, err)
		}
	}
}
