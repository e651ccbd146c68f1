package admin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

func TestJournalTellsWhatBecameOfOrders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	r.get(path).says("Замовлень ще не було")
	form := r.get(path).form()
	form.Set("payments.card", "")
	form.Set("override", "on")
	r.post(path, form).leads()

	r.clock.Advance(time.Minute)
	r.send(orderstest.Order("1001", r.clock.Now()))
	byCard := orderstest.Order("1002", r.clock.Now())
	byCard.Payments[0].Method = "card"
	r.send(byCard)
	for _, o := range []plugin.OrderID{"1003"} {
		other := orderstest.Order(o, r.clock.Now())
		other.Payments[0].Method = "card"
		r.send(other)
	}

	page := r.get(path).want(http.StatusOK).says("2 замовлення чекають на вас").says("Спосіб оплати «Картка» не зіставлено")
	if to := page.Find("#journal td a").AttrOr("href", ""); to != "#map-payments" || page.Find(to).Length() != 1 {
		t.Errorf("an order that waits leads to %q", to)
	}
	sent := r.entry("1001")
	if sent.State != orders.Done || !strings.Contains(page.Find("#journal").Text(), sent.CRMID) {
		t.Errorf("order 1001 is %s, its number %q is not shown", sent.State, sent.CRMID)
	}
	for _, private := range []string{"Тестенко", "olena@example.com", "123 45 67"} {
		if strings.Contains(page.raw, private) {
			t.Errorf("the journal shows %q", private)
		}
	}

	ignore := page.Find(`form[action$="/` + strconv.FormatInt(r.entry("1003").ID, 10) + `/ignore"]`)
	if ignore.Length() != 1 {
		t.Fatal("«Ігнорувати» is not offered")
	}
	if _, done := r.post(strings.TrimPrefix(ignore.AttrOr("action", ""), mount), nil).leads(); done != "ignored" {
		t.Errorf("done %q", done)
	}
	if e := r.entry("1003"); e.State != orders.Ignored {
		t.Errorf("order 1003 is %s", e.State)
	}

	form = r.get(path).form()
	form.Set("payments.card", "c:2")
	r.post(path, form).leads()
	if _, done := r.post(path+"/journal/"+strconv.FormatInt(r.entry("1002").ID, 10)+"/retry", nil).leads(); done != "retried" {
		t.Errorf("done %q", done)
	}
	r.work()
	if e := r.entry("1002"); e.State != orders.Done {
		t.Errorf("order 1002 is %s (%s)", e.State, e.Reason)
	}
	if _, done := r.post(path+"/journal/"+strconv.FormatInt(sent.ID, 10)+"/ignore", nil).leads(); done != "entry_moved_on" {
		t.Errorf("ignoring an order KeyCRM has: done %q", done)
	}
	r.post(path+"/journal/4711/retry", nil).want(http.StatusNotFound)

	other, _ := r.post("/connect", url.Values{"key": {r.crm.Key()}, "again": {"on"}}).leads()
	r.post(other+"/journal/"+strconv.FormatInt(sent.ID, 10)+"/retry", nil).want(http.StatusNotFound)
}

func TestOrderThatNoConnectionTookIsListedAndMayBeSent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	id := r.conn(path).ID
	if err := r.store.SetEnabled(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	r.send(orderstest.Order("1001", r.clock.Now().Add(time.Second)))
	if err := r.store.SetEnabled(t.Context(), id, true); err != nil {
		t.Fatal(err)
	}
	if e := r.entry("1001"); e.State != orders.Ignored || e.Connection != "" {
		t.Fatalf("order 1001 is %s of connection %q", e.State, e.Connection)
	}
	page := r.get(path).want(http.StatusOK).says("Жодне підключення його не взяло").says("1 пропущено")
	send := page.Find(`form[action$="/` + strconv.FormatInt(r.entry("1001").ID, 10) + `/retry"]`)
	if !strings.Contains(send.Text(), "Надіслати") {
		t.Fatalf("the form says %q, want «Надіслати»", send.Text())
	}
	if _, done := r.post(strings.TrimPrefix(send.AttrOr("action", ""), mount), nil).leads(); done != "retried" {
		t.Errorf("done %q", done)
	}
	r.work()
	if e := r.entry("1001"); e.State != orders.Done || e.Connection != id {
		t.Errorf("order 1001 is %s (%s) of connection %q, want it sent by %s", e.State, e.Reason, e.Connection, id)
	}
	// Now it is that connection's alone.
	other, _ := r.post("/connect", url.Values{"key": {r.crm.Key()}, "again": {"on"}}).leads()
	r.post(other+"/journal/"+strconv.FormatInt(r.entry("1001").ID, 10)+"/retry", nil).want(http.StatusNotFound)
}

// TestOrdersThatWaitStayInSight however many come after them, and are settled together.
func TestOrdersThatWaitStayInSight(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	form := r.get(path).form()
	form.Set("payments.card", "")
	form.Set("override", "on")
	r.post(path, form).leads()
	r.clock.Advance(time.Minute)
	for i := range 3 {
		o := orderstest.Order(plugin.OrderID(fmt.Sprint(1001+i)), r.clock.Now())
		o.Payments[0].Method = "card"
		r.send(o)
	}
	for i := range journalRowsAndSome {
		r.clock.Advance(time.Second)
		r.send(orderstest.Order(plugin.OrderID(fmt.Sprint(2001+i)), r.clock.Now()))
	}

	page := r.get(path).want(http.StatusOK).says("3 замовлення чекають на вас")
	first := page.Find("#journal tbody tr").First()
	if !strings.Contains(first.Text(), "Потребує уваги") {
		t.Errorf("the first order of the journal is %s", squeeze(first.Text()))
	}
	if n := page.Find("#journal tbody tr").Length(); n != 20 {
		t.Errorf("%d orders are listed, want 20", n)
	}

	waiting := r.get(path + "/journal").want(http.StatusOK).says("3 замовлення чекають через це")
	if n := waiting.Find("tbody tr").Length(); n != 3 {
		t.Errorf("%d orders wait, want 3", n)
	}
	if to := waiting.Find(".kb-groups a").AttrOr("href", ""); to != mount+path+"#map-payments" {
		t.Errorf("the group leads to %q", to)
	}
	seen := map[string]bool{}
	for next := path + "/journal?show=all"; next != ""; {
		part := r.get(next).want(http.StatusOK)
		for _, row := range part.Find("tbody tr th").EachIter() {
			number := strings.TrimSpace(row.Contents().First().Text())
			if seen[number] {
				t.Errorf("order %s is listed twice", number)
			}
			seen[number] = true
		}
		link := part.Find("section > p:last-child > a").AttrOr("href", "")
		next = strings.TrimPrefix(link, mount)
	}
	if want := 3 + journalRowsAndSome; len(seen) != want {
		t.Errorf("%d orders on all pages, want %d", len(seen), want)
	}
	r.get(path + "/journal?show=blocked").want(http.StatusOK).says("1003")
	r.get(path + "/journal?show=dead").want(http.StatusOK).says("Таких замовлень немає")
	for _, before := range []string{"nonsense", "-9000000000000000000.1", "9000000000000000000.1", "1.", ".1"} {
		r.get(path + "/journal?before=" + before).want(http.StatusNotFound)
		r.get("/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/journal?before=" + before).want(http.StatusNotFound)
	}

	form = r.get(path).form()
	form.Set("payments.card", "c:2")
	r.post(path, form).leads()
	group := waiting.Find(".kb-groups form")
	fields := url.Values{}
	for _, in := range group.Find("input").EachIter() {
		fields.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	if to, done := r.post(strings.TrimPrefix(group.AttrOr("action", ""), mount), fields).leads(); done != "group_retried" || to != path+"/journal" {
		t.Errorf("the click leads to %s, %q", to, done)
	}
	r.work()
	for _, id := range []plugin.OrderID{"1001", "1002", "1003"} {
		if e := r.entry(id); e.State != orders.Done {
			t.Errorf("order %s is %s (%s)", id, e.State, e.Reason)
		}
	}
	if _, done := r.post(strings.TrimPrefix(group.AttrOr("action", ""), mount), fields).leads(); done != "entry_moved_on" {
		t.Errorf("a group that is settled: %q", done)
	}
	r.post(path+"/journal/retry", nil).want(http.StatusNotFound)
	for _, params := range []string{`{"a":"\u0000"}`, `{"\u0000":"a"}`} {
		r.post(path+"/journal/retry", url.Values{"reason": {"unmapped_payment"}, "params": {params}}).want(http.StatusBadRequest)
	}
}

// journalRowsAndSome is more than a page of the journal.
const journalRowsAndSome = 55

// TestARefusedStatusIsCalledByItsName in KeyCRM, of orders and of cards; one that KeyCRM does not list has its
// number.
func TestARefusedStatusIsCalledByItsName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	r.clock.Advance(time.Minute)
	for i, c := range []struct{ code, name string }{{"3", "«Погоджено»"}, {"1/102", "«У роботі»"}, {"4711", "«4711»"}} {
		id := plugin.OrderID(fmt.Sprint(1001 + i))
		r.send(orderstest.Order(id, r.clock.Now()))
		r.db.MustExec(`UPDATE keybridge.outbox SET state = 'blocked', reason = 'status_refused',
			reason_params = jsonb_build_object('crm_status', $2::text, 'message', 'Ні') WHERE order_id = $1`, id, c.code)
		for _, page := range []string{path, path + "/journal"} {
			r.get(page).want(http.StatusOK).says("KeyCRM не прийняв статус " + c.name + ": Ні")
		}
	}
}
