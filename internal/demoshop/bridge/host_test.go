package bridge_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/demoshop/bridge"
	"github.com/keybridge/keybridge/internal/demoshop/shoptest"
	"github.com/keybridge/keybridge/plugin"
)

func TestHostSpeaksTheContract(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	f := shoptest.NewPlugin()
	type seen struct {
		path     string
		operator plugin.Operator
		in       bool
		csrf     [3]error
	}
	got := make(chan seen, 1)
	f.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := seen{path: r.URL.Path}
		v.operator, v.in = s.Operator(r)
		for i, token := range []string{v.operator.CSRFToken, "wrong"} {
			q := r.Clone(r.Context())
			q.Header.Set(plugin.CSRFHeader, token)
			v.csrf[i] = s.VerifyCSRF(q)
		}
		v.csrf[2] = s.VerifyCSRF(r)
		got <- v
		if err := s.RenderPage(w, r, plugin.Page{Title: "Сторінка", Body: "<p id=own>Привіт</p>", Head: `<meta name="own">`, Status: http.StatusTeapot}); err != nil {
			t.Error(err)
		}
	})
	f.Hooks = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("hook " + r.URL.Path)) })
	s.Use(f)
	b := s.Browser(t)
	if a := b.Get(bridge.AdminPath + "/runs"); a.Status != http.StatusSeeOther {
		t.Errorf("a stranger on the plugin's page: %d", a.Status)
	}
	if a := b.Post(bridge.HookPath+"/orders/token", nil); a.Status != http.StatusOK || a.Body != "hook /orders/token" {
		t.Errorf("webhook: %d %q", a.Status, a.Body)
	}
	csrf := b.SignIn("manager", "manager-secret")
	page := b.Post(bridge.AdminPath+"/runs/7", url.Values{plugin.CSRFField: {csrf}})
	v := <-got
	want := plugin.Operator{
		ID: "manager", Name: "Менеджер", Shop: demoshop.ShopID, Permissions: []plugin.Permission{plugin.PermView, plugin.PermOperate}, Lang: demoshop.Locale, CSRFToken: csrf,
	}
	if diff := cmp.Diff(want, v.operator); diff != "" || !v.in || v.path != "/runs/7" {
		t.Errorf("the plugin saw %q, signed in %v (-want +got):\n%s", v.path, v.in, diff)
	}
	if v.csrf[0] != nil || !errors.Is(v.csrf[1], plugin.ErrInvalid) || v.csrf[2] != nil {
		t.Errorf("tokens by header, forged, by field: %v", v.csrf)
	}
	doc := page.Doc(t)
	if page.Status != http.StatusTeapot || doc.Find("main #own").Text() != "Привіт" || doc.Find(`head meta[name="own"]`).Length() != 1 || doc.Find(".engine-menu a").Length() != 6 {
		t.Errorf("framed page: %d %s", page.Status, page.Body)
	}
	if u := s.URLs(); u.Admin.String() != s.URL+bridge.AdminPath || u.Public.String() != s.URL+bridge.HookPath {
		t.Errorf("URLs are %s and %s", u.Admin, u.Public)
	}
	if _, err := s.Shop(t.Context(), "other"); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("another shop: %v", err)
	}
	if ids, err := s.Shops(t.Context()); err != nil || !slices.Equal(ids, []plugin.ShopID{demoshop.ShopID}) {
		t.Errorf("shops: %v, %v", ids, err)
	}
}

func TestNewestMessageOfAKeyStays(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	s.Use(shoptest.NewPlugin())
	for _, m := range []plugin.Message{
		{Shop: demoshop.ShopID, Key: "blocked", Title: "1 замовлення чекає", At: shoptest.Opened(), Severity: plugin.Problem},
		{Shop: demoshop.ShopID, Key: "blocked", Title: "3 замовлення чекають", At: shoptest.Opened().Add(time.Minute), Severity: plugin.Problem, Path: "/orders"},
		{Shop: demoshop.ShopID, Key: "blocked", Title: "запізніле", At: shoptest.Opened().Add(time.Second), Severity: plugin.Problem},
		{Shop: demoshop.ShopID, Title: "<b>Інше</b>", Text: "текст", Severity: plugin.Info},
	} {
		if err := s.Notify(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Notify(t.Context(), plugin.Message{Shop: "other"}); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("another shop's message: %v", err)
	}
	b := s.Browser(t)
	csrf := b.SignIn("viewer", "viewer-secret")
	doc := b.Get("/admin/messages").Doc(t)
	if n := doc.Find(".message").Length(); n != 2 || !strings.Contains(doc.Find(".message").First().Text(), "3 замовлення чекають") {
		t.Errorf("%d messages: %s", n, doc.Find("main").Text())
	}
	if href := doc.Find(".message a").AttrOr("href", ""); href != bridge.AdminPath+"/orders" {
		t.Errorf("link is %q", href)
	}
	if got := doc.Find(".engine-bell .engine-badge").Text(); got != "2" {
		t.Errorf("bell shows %q", got)
	}
	up, _ := doc.Find(`input[name="up_to"]`).Attr("value")
	b.Post("/admin/messages/read", url.Values{plugin.CSRFField: {csrf}, "up_to": {up}})
	if n := b.Get("/admin/messages").Doc(t).Find(".engine-bell .engine-badge").Length(); n != 0 {
		t.Error("still unread")
	}
}

func TestConnectAndRemove(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	f := shoptest.NewPlugin()
	f.Fail["activate"] = plugin.ErrTemporary
	s.Use(f)
	b := s.Browser(t)
	form := url.Values{plugin.CSRFField: {b.SignIn("admin", "owner-secret")}}
	blocks := func() (connected, available int) {
		doc := b.Get("/admin/integrations").Doc(t)
		return doc.Find("section[aria-labelledby=connected] .integration").Length(), doc.Find("section[aria-labelledby=available] .integration").Length()
	}
	if c, a := blocks(); c != 0 || a != 1 {
		t.Errorf("at first: %d connected, %d available", c, a)
	}
	if a := b.Post("/admin/integrations/connect", form); a.Status != http.StatusBadGateway {
		t.Errorf("a failing start: %d", a.Status)
	}
	if c, a := blocks(); c != 0 || a != 1 {
		t.Errorf("after a failed start: %d connected, %d available", c, a)
	}
	delete(f.Fail, "activate")
	if a := b.Post("/admin/integrations/connect", form); a.Status != http.StatusSeeOther || a.Location != bridge.AdminPath+"/" {
		t.Errorf("connect: %d to %q", a.Status, a.Location)
	}
	if c, a := blocks(); c != 1 || a != 0 {
		t.Errorf("connected: %d connected, %d available", c, a)
	}
	if err := s.UpgradePlugin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pool.Exec(`UPDATE demoshop.integrations SET version = '1.0.0'`); err != nil {
		t.Fatal(err)
	}
	if a := b.Post("/admin/integrations/upgrade", form); a.Status != http.StatusSeeOther {
		t.Errorf("upgrade: %d", a.Status)
	}
	if a := b.Get("/admin/integrations/remove"); a.Status != http.StatusOK || a.Doc(t).Find(`input[name="data"]`).Length() != 2 {
		t.Errorf("the question before removing: %d", a.Status)
	}
	form.Set("data", string(plugin.DropData))
	if a := b.Post("/admin/integrations/remove", form); a.Status != http.StatusSeeOther {
		t.Errorf("remove: %d", a.Status)
	}
	if c, a := blocks(); c != 0 || a != 1 {
		t.Errorf("removed: %d connected, %d available", c, a)
	}
	want := []string{"install", "activate", "install", "activate", "upgrade", "deactivate", "uninstall drop"}
	if !slices.Equal(f.Calls, want) {
		t.Errorf("the plugin was called %v, want %v", f.Calls, want)
	}
}

func TestPluginLearnsTheOperatorsLanguageAndItsNoticesAreItsOwn(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	b := s.Browser(t)
	token := b.SignIn("admin", "owner-secret")
	p := shoptest.NewPlugin()
	var seen []string
	p.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op, _ := s.Operator(r)
		seen = append(seen, op.Lang)
		if err := s.RenderPage(w, r, plugin.Page{Title: "KeyCRM", Body: "<p>page</p>"}); err != nil {
			t.Error(err)
		}
	})
	s.Use(p)
	page := b.Get("/admin/integrations/keycrm/c/x?done=saved&run=7").Doc(t)
	if n := page.Find(".engine-notice").Length(); n != 0 {
		t.Errorf("the engine speaks %d notices on a page of the plugin", n)
	}
	if back := page.Find(".engine-langs [name=back]").AttrOr("value", ""); back != "/admin/integrations/keycrm/c/x?run=7" {
		t.Errorf("the language switch comes back to %q", back)
	}
	b.Post("/admin/language", url.Values{plugin.CSRFField: {token}, "lang": {"en"}})
	b.Get("/admin/integrations/keycrm/")
	if got := strings.Join(seen, " "); got != "uk en" {
		t.Errorf("the plugin was told of the languages %q", got)
	}
}
