package admin_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

func TestRunIsStartedWatchedAndStopped(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	page := r.get(path).want(http.StatusOK).says("Синхронізацій ще не було")
	if _, polls := page.Find("#runs").Attr("hx-get"); polls {
		t.Error("the page polls although nothing runs")
	}
	if to, done := r.post(path+"/runs", url.Values{"kind": {"full"}}).leads(); to != path || done != "run_started" {
		t.Fatalf("leads to %q, done %q", to, done)
	}
	runs, err := r.runs.Runs(t.Context(), r.only(), 5)
	if err != nil || len(runs) != 1 || runs[0].Kind != catalog.Full || runs[0].StartedBy != "anna" {
		t.Fatalf("runs = %+v, %v", runs, err)
	}
	if _, done := r.post(path+"/runs", url.Values{"kind": {"prices"}}).leads(); done != "run_going_on" {
		t.Errorf("a second run at once: done %q", done)
	}

	page = r.get(path).want(http.StatusOK).says("У черзі").says("Оновити сторінку")
	box := page.Find("#runs")
	if got := box.AttrOr("hx-get", ""); got != mount+path+"/progress" {
		t.Errorf("progress is asked for at %q", got)
	}
	if box.Find(`[aria-live="polite"]`).Length() != 1 {
		t.Error("progress is not announced")
	}
	htmx := http.Header{"Hx-Request": {"true"}}
	part := r.do(http.MethodGet, path+"/progress", "", nil, htmx).want(http.StatusOK)
	if strings.Contains(part.raw, "<html") || part.Find("#runs").Length() != 1 {
		t.Errorf("the fragment is %.100s", part.raw)
	}
	if to, _ := r.get(path + "/progress").leads(); to != path {
		t.Errorf("without htmx the fragment leads to %q", to)
	}

	cancel := path + "/runs/" + strconv.FormatInt(runs[0].ID, 10) + "/cancel"
	if _, done := r.post(cancel, nil).leads(); done != "run_cancelled" {
		t.Errorf("stopping: done %q", done)
	}
	part = r.do(http.MethodGet, path+"/progress", "", nil, htmx).want(http.StatusOK)
	if _, polls := part.Find("#runs").Attr("hx-get"); polls || !strings.Contains(part.Text(), "Зупинено") {
		t.Errorf("after the end the fragment is %s", squeeze(part.Text()))
	}
	r.post(path+"/runs/4711/cancel", nil).want(http.StatusNotFound)
	r.post(path+"/runs/x/cancel", nil).want(http.StatusNotFound)
}

func TestRunThatFailedSaysWhy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	if err := r.store.SetKey(t.Context(), r.only(), "revoked-key-of-the-account", ""); err != nil {
		t.Fatal(err)
	}
	r.post(path+"/runs", url.Values{"kind": {"full"}}).leads()
	tasks, err := r.runs.Due(t.Context(), r.clock.Now(), 10)
	if err != nil || len(tasks) != 1 {
		t.Fatalf("tasks = %v, %v", tasks, err)
	}
	if err := r.runs.Handle(t.Context(), tasks[0].Row); err != nil {
		t.Fatal(err)
	}
	r.get(path).want(http.StatusOK).says("KeyCRM не приймає ключ API. Вставте новий ключ.")
}

func TestFinishedRunCountsAndNamesWhatNeedsAPerson(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	id, err := r.runs.Start(t.Context(), r.only(), catalog.Full, "schedule")
	if err != nil {
		t.Fatal(err)
	}
	r.db.MustExec(`UPDATE keybridge.run SET state = 'done', finished_at = created_at,
		counters = '{"created": 21, "unchanged": 2, "conflicts": 1, "errors": 1, "skipped": {"not_updated": 5}}' WHERE id = $1`, id)
	for _, item := range [][3]string{
		{"skip", "not_updated", "{}"}, {"conflict", "linked_elsewhere", `{"product": "3"}`}, {"error", "shop_refused", `{"message": "Артикул завдовгий"}`},
	} {
		r.db.MustExec(`INSERT INTO keybridge.run_item (run_id, kind, crm_id, product_id, name, reason, params, at)
			VALUES ($1, $2, '5', '', '<b>Чашка</b>', $3, $4, now())`, id, item[0], item[1], item[2])
	}
	page := r.get(path).want(http.StatusOK).
		says("створено 21 товар, 2 товари без змін, пропущено 5 товарів, 1 конфлікт, 1 помилка").
		says("<b>Чашка</b> — Товар магазину 3 уже пов'язано з іншим товаром KeyCRM (—).").says("Магазин відмовив. Пояснення магазину: Артикул завдовгий")
	if n := page.Find("#runs details li").Length(); n != 2 {
		t.Errorf("%d items are shown, want the conflict and the error", n)
	}
	if _, polls := page.Find("#runs").Attr("hx-get"); polls {
		t.Error("the page polls although the run is over")
	}
}

func TestCatalogSwitchedOffHasNothingToRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.connected()
	page := r.get(path).says("Увімкніть «Синхронізувати товари»")
	if page.Find(`button[name="kind"]`).Length() != 0 {
		t.Error("a run is offered although nothing is switched on")
	}
	if _, done := r.post(path+"/runs", url.Values{"kind": {"full"}}).leads(); done != "run_off" {
		t.Errorf("done %q", done)
	}
}

// send places an order in the shop and does all that is due for it.
func (r *rig) send(o plugin.Order) {
	r.t.Helper()
	r.shop.Put(o)
	if _, err := r.outbox.Put(r.t.Context(), orderstest.PlacementOf(shopID, o)); err != nil {
		r.t.Fatal(err)
	}
	r.work()
}

func (r *rig) work() {
	r.t.Helper()
	tasks, err := r.outbox.Due(r.t.Context(), r.clock.Now(), 10)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, task := range tasks {
		if err := r.outbox.Handle(r.t.Context(), task.Row); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *rig) entry(order plugin.OrderID) orders.Entry {
	r.t.Helper()
	e, err := r.outbox.ByOrder(r.t.Context(), shopID, order)
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

func TestWebhookBlockTellsWhatTheCRMSaidLast(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	r.mu.Lock()
	r.seen[settings.ObjectOrder] = service.WebhookSeen{
		Received: time.Date(2026, 8, 1, 8, 59, 0, 0, time.UTC), Reason: "shop_refused", Params: map[string]string{"detail": "замовлення закрито"},
	}
	r.mu.Unlock()
	r.get(path).want(http.StatusOK).says("Webhook замовлень надходить").
		says("Останній отримано: 01.08.2026").says("Останній застосовано: ще не було").
		says("Магазин не дозволив змінити статус: замовлення закрито").says("12 з 55 за хвилину")
}

func TestRunThatWaitsShowsWhyAndWhatAndTakesTheDecision(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	id, err := r.runs.Start(t.Context(), r.only(), catalog.Full, "schedule")
	if err != nil {
		t.Fatal(err)
	}
	wait := func() {
		r.db.MustExec(`UPDATE keybridge.run SET state = 'approval', phase = 'verify',
			guards = '[{"code": "missing", "params": {"count": "9", "of": "15"}}]' WHERE id = $1`, id)
	}
	wait()
	for i := range 60 {
		r.db.MustExec(`INSERT INTO keybridge.run_plan (run_id, crm_id, action, product_id, name, body, state, images)
			VALUES ($1, $2, 'missing', '7', '<b>Чашка</b>', $3, 'pending', 'none')`, id, "p"+strconv.Itoa(100+i),
			`{"action": "missing", "name": "<b>Чашка</b>", "changes": [{"Field": "published", "Old": "yes", "New": "no"}]}`)
	}
	r.db.MustExec(`INSERT INTO keybridge.run_plan (run_id, crm_id, action, product_id, name, body, state, images)
		VALUES ($1, 'p000', 'missing', '8', 'Вже прихована', '{"action": "missing", "name": "Вже прихована"}', 'pending', 'none')`, id)
	page := r.get(path).want(http.StatusOK).says("У KeyCRM немає 9 з 15 пов'язаних товарів").says("Застосувати").says("Потребує рішення").
		says("61 товару немає в KeyCRM") // what it means to do, before anything else is opened
	if _, polls := page.Find("#runs").Attr("hx-get"); polls {
		t.Error("the page polls although the run waits for a person")
	}
	at := path + "/runs/" + strconv.FormatInt(id, 10)
	plan := r.get(at + "/plan").want(http.StatusOK).says("<b>Чашка</b>").says("У магазині не зміниться нічого").says("Показувати: так → ні")
	if n := plan.Find("#plan tbody tr").Length(); n != 50 {
		t.Errorf("%d products on the first page", n)
	}
	next := plan.Find(`#plan a[href*="after="]`).AttrOr("href", "")
	if n := r.get(strings.TrimPrefix(next, mount)).want(http.StatusOK).Find("#plan tbody tr").Length(); n != 11 {
		t.Errorf("%d products on the second page", n)
	}
	var api struct {
		Missing  int
		Next     string
		Products []struct{ Changes []struct{ Field, New string } }
	}
	inAPI := "/api" + strings.Replace(at, "/c/", "/connections/", 1)
	r.get(inAPI+"/plan?after=p149").want(http.StatusOK).json(t, &api)
	if api.Missing != 61 || api.Next != "" || len(api.Products) != 10 || api.Products[0].Changes[0].New != "no" {
		t.Errorf("plan = %+v", api)
	}
	if _, done := r.post(at+"/approve", nil).leads(); done != "run_approved" {
		t.Errorf("done %q", done)
	}
	if run, err := r.runs.Run(t.Context(), id); err != nil || run.State != catalog.Queued || run.ApprovedBy != "anna" {
		t.Errorf("the run is %+v, %v", run, err)
	}
	if _, done := r.post(at+"/approve", nil).leads(); done != "run_not_waiting" {
		t.Errorf("approving twice: done %q", done)
	}
	r.call(http.MethodPost, inAPI+"/approve", "").want(http.StatusConflict)
	wait()
	r.call(http.MethodPost, inAPI+"/approve", "").want(http.StatusAccepted)
	wait()
	r.call(http.MethodPost, inAPI+"/cancel", "").want(http.StatusOK)
	var run struct{ State string }
	r.get(inAPI).want(http.StatusOK).json(t, &run)
	if run.State != "cancelled" {
		t.Errorf("the run is %s", run.State)
	}
	r.post(path+"/runs/4711/approve", nil).want(http.StatusNotFound)
	r.get(path + "/runs/4711/plan").want(http.StatusNotFound)
}

func TestPlanShowsCategoriesOnItsFirstPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	id, err := r.runs.Start(t.Context(), r.only(), catalog.Full, "schedule")
	if err != nil {
		t.Fatal(err)
	}
	r.db.MustExec(`UPDATE keybridge.run SET state = 'approval', phase = 'verify', preview = true WHERE id = $1`, id)
	r.db.MustExec(`INSERT INTO keybridge.run_tree (run_id, n, crm_id, action, body, state) VALUES
		($1, 1, '10', 'update', '{"name": "Сукні", "old_name": "Плаття", "parent": "Одяг", "old_parent": ""}', 'pending'),
		($1, 2, '11', 'create', '{"name": "<b>Сад</b>"}', 'pending'),
		($1, 3, '12', 'gone', '{"name": "Меблі"}', 'pending'),
		($1, 4, '13', 'create', '{"name": "Відкинута"}', 'dropped')`, id)
	at := path + "/runs/" + strconv.FormatInt(id, 10)
	page := r.get(at + "/plan").want(http.StatusOK).says("змінити 2 категорії").says("Плаття → Сукні").
		says("верхній рівень → Одяг").says("<b>Сад</b>").says("Немає в KeyCRM, залишиться в магазині")
	if n := page.Find("#plan-categories tbody tr").Length(); n != 3 {
		t.Errorf("%d categories", n)
	}
	if n := r.get(at + "/plan?after=x").want(http.StatusOK).Find("#plan-categories").Length(); n != 0 {
		t.Error("the second page repeats the categories")
	}
}

func TestPreviewIsAskedForFromThePage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	if n := r.get(path).Find(`#runs button[name="kind"][value="preview"]`).Length(); n != 1 {
		t.Fatalf("%d buttons for a preview", n)
	}
	if _, done := r.post(path+"/runs", url.Values{"kind": {"preview"}}).leads(); done != "preview_started" {
		t.Errorf("done %q", done)
	}
	runs, err := r.runs.Runs(t.Context(), r.only(), 1)
	if err != nil || len(runs) != 1 || !runs[0].Preview {
		t.Fatalf("runs = %+v, %v", runs, err)
	}
	// It stands in nobody's way: another run can be started over it.
	r.db.MustExec(`UPDATE keybridge.run SET state = 'approval', phase = 'verify' WHERE id = $1`, runs[0].ID)
	page := r.get(path).says("Застосувати саме це")
	if n := page.Find(`#runs button[name="kind"]`).Length(); n != 4 {
		t.Errorf("%d buttons to start a run while a preview waits", n)
	}
	if _, done := r.post(path+"/runs", url.Values{"kind": {"full"}}).leads(); done != "run_started" {
		t.Errorf("done %q", done)
	}
	r.db.MustExec(`UPDATE keybridge.run SET state = 'approval', phase = 'verify' WHERE state = 'queued'`)
	if got := r.get(path).Find(`#runs button[name="kind"]`); got.Length() != 1 || got.AttrOr("value", "") != "prices" {
		t.Errorf("%d buttons to start a run while a full one waits for a decision, want one for prices", got.Length())
	}
}

func TestARunThatWaitsStaysInSightWhilePricesGoOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	start := func(kind catalog.Kind) int64 {
		t.Helper()
		id, err := r.runs.Start(t.Context(), r.only(), kind, "schedule")
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	full := start(catalog.Full)
	r.db.MustExec(`UPDATE keybridge.run SET state = 'approval', phase = 'verify' WHERE id = $1`, full)
	for range 12 { // more than the page lists
		r.db.MustExec(`UPDATE keybridge.run SET state = 'done', finished_at = now() WHERE id = $1`, start(catalog.Prices))
	}
	if _, done := r.post(path+"/runs", url.Values{"kind": {"prices"}}).leads(); done != "run_started" {
		t.Errorf("prices beside it: done %q", done)
	}
	if _, done := r.post(path+"/runs", url.Values{"kind": {"full"}}).leads(); done != "run_going_on" {
		t.Errorf("a full run beside it: done %q", done)
	}
	page := r.get(path).says("Застосувати саме це").says("Ціни й залишки тим часом оновлюються далі").says("У черзі")
	if _, polls := page.Find("#runs").Attr("hx-get"); !polls || page.Find("#runs .kb-run").Length() != 2 {
		t.Errorf("%d runs are shown; the page polls: %v", page.Find("#runs .kb-run").Length(), polls)
	}
	at := path + "/runs/" + strconv.FormatInt(full, 10)
	r.get(at + "/plan").says("Ціни й залишки тим часом оновлюються далі")
	if _, done := r.post(at+"/approve", nil).leads(); done != "run_approved" {
		t.Errorf("done %q", done)
	}
	r.get(path).says("Почнеться одразу після синхронізації, що триває")
	r.db.MustExec(`UPDATE keybridge.run SET state = 'cancelled', finished_at = now() WHERE id = $1`, full)

	r.db.MustExec(`UPDATE keybridge.run SET state = 'approval', phase = 'verify' WHERE state = 'queued'`)
	if n := r.get(path).says("замінить цей запуск").Find(`#runs button[name="kind"]`).Length(); n != 4 {
		t.Errorf("%d buttons to start a run while prices wait for a decision", n)
	}
	start(catalog.Full)
	r.get(path).says("Замінено новішим запуском")
}

func TestAnUnknownKindOfRunStartsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	for _, form := range []url.Values{{"kind": {"half"}}, {"kind": {""}}, {}} {
		r.post(path+"/runs", form).want(http.StatusUnprocessableEntity).says("Нічого не запущено")
	}
	var refused struct{ Error, Message string }
	r.call(http.MethodPost, "/api"+strings.Replace(path, "/c/", "/connections/", 1)+"/runs", `{"kind":"half"}`).
		want(http.StatusUnprocessableEntity).json(t, &refused)
	if refused.Error != "run_kind" || !strings.Contains(refused.Message, "Нічого не запущено") {
		t.Errorf("the API answers %+v", refused)
	}
	if runs, err := r.runs.Runs(t.Context(), r.only(), 5); err != nil || len(runs) != 0 {
		t.Errorf("runs = %+v, %v; want none", runs, err)
	}
}

func TestTheWebhookJournalSpeaksOfCardsWhereItMeansThem(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetCards)
	gone := service.WebhookSeen{Received: r.clock.Now(), Reason: "crm_order_gone"}
	r.seen[settings.ObjectCard] = gone
	r.get(path).want(http.StatusOK).says("Картку видалено в KeyCRM.").doesNotSay("Замовлення видалено в KeyCRM.")
	r.seen[settings.ObjectOrder], r.seen[settings.ObjectCard] = gone, service.WebhookSeen{}
	r.get(path).want(http.StatusOK).says("Замовлення видалено в KeyCRM.").doesNotSay("Картку видалено")
}
