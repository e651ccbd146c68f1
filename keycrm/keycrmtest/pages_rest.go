package keycrmtest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type buyersPage struct {
	head
	Rows  []buyerRow
	Pager pager
}

type buyerRow struct {
	ID                   int64
	Name, Phones, Emails string
	Orders               int
	Duplicate            bool
}

func (p *pages) buyers(w http.ResponseWriter, r *http.Request) {
	s := p.s
	v := buyersPage{head: p.head(r, "Покупці")}
	s.locked(func() {
		count := map[int64]int{}
		for _, o := range s.db.orders.rows {
			count[o.BuyerID]++
		}
		ids := s.db.buyers.ids()
		v.Pager = newPager(r, len(ids))
		for _, id := range cut(ids, v.Pager.window()) {
			b := s.db.buyers.rows[id]
			v.Rows = append(v.Rows, buyerRow{
				id, b.FullName, strings.Join(b.Phones, ", "), strings.Join(b.Emails, ", "), count[id], b.HasDuplicates,
			})
		}
	})
	p.render(w, http.StatusOK, "buyers", v)
}

func (p *pages) mergeBuyers(f *input) (string, error) {
	return "/buyers", p.s.MergeBuyers(f.id("from"), f.id("into"))
}

type triggersPage struct {
	head
	Rows       []triggerRow
	Form       triggerRow
	Events     []eventChoice
	Sources    []choice
	Deliveries []deliveryRow
}

type triggerRow struct {
	ID                                        int64
	Name, Event, Values, Sources, URL, Method string
	Active                                    bool
}

type eventChoice struct {
	Code, Name string
	Chosen     bool
}

type deliveryRow struct {
	Created, Event, URL, Body string
	Attempts                  []attemptBadge
}

type attemptBadge struct{ Text, Class string }

func eventNames() []eventChoice {
	return []eventChoice{
		{EventOrderStatus, "Зміна статусу замовлення", false},
		{EventOrderPayment, "Зміна статусу оплати", false},
		{EventCardStatus, "Зміна статусу картки", false},
		{EventCardCreated, "Створення картки", false},
	}
}

func (p *pages) triggers(w http.ResponseWriter, r *http.Request) {
	v := triggersPage{head: p.head(r, "Автоматизація"), Events: eventNames()}
	edit, _ := strconv.ParseInt(r.URL.Query().Get("edit"), 10, 64) // 0: a new one
	sources := p.s.Sources()
	chosen := []int64{sources[0].ID}
	for _, t := range p.s.Triggers() {
		row := newTriggerRow(&t, sources)
		v.Rows = append(v.Rows, row)
		if t.ID == edit {
			v.Form, chosen = row, t.SourceIDs
			for i := range v.Events {
				v.Events[i].Chosen = v.Events[i].Code == t.Event
			}
		}
	}
	for _, src := range sources {
		v.Sources = append(v.Sources, choice{src.ID, src.Name, slices.Contains(chosen, src.ID)})
	}
	rows := p.s.Deliveries()
	for _, d := range rows[:min(len(rows), 40)] {
		v.Deliveries = append(v.Deliveries, newDeliveryRow(&d))
	}
	p.render(w, http.StatusOK, "triggers", v)
}

func newTriggerRow(t *Trigger, sources []Source) triggerRow {
	row := triggerRow{
		ID: t.ID, Name: t.Name, Values: strings.Join(t.Values, ", "), URL: t.URL, Method: t.Method, Active: t.Active,
	}
	for _, e := range eventNames() {
		if e.Code == t.Event {
			row.Event = e.Name
		}
	}
	var names []string
	for _, id := range t.SourceIDs {
		if src := findRow(sources, func(r *Source) bool { return r.ID == id }); src != nil {
			names = append(names, src.Name)
		}
	}
	row.Sources = strings.Join(names, ", ")
	return row
}

func newDeliveryRow(d *Delivery) deliveryRow {
	row := deliveryRow{Created: when(d.CreatedAt), Event: d.Event, URL: d.URL, Body: shorten(d.Body)}
	for _, a := range d.Attempts {
		switch {
		case a.Status == http.StatusOK:
			row.Attempts = append(row.Attempts, attemptBadge{"200", "good"})
		case a.Status != 0:
			row.Attempts = append(row.Attempts, attemptBadge{strconv.Itoa(a.Status), "bad"})
		default:
			row.Attempts = append(row.Attempts, attemptBadge{"немає відповіді: " + a.Err, "bad"})
		}
	}
	return row
}

func shorten(b []byte) string {
	const most = 4000
	if len(b) <= most {
		return string(b)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(b[cut]) {
		cut--
	}
	return string(b[:cut]) + "…"
}

func (p *pages) saveTrigger(f *input) (string, error) {
	t := Trigger{
		ID: f.id("id"), Name: f.text("name"), Event: f.text("event"), Values: splitComma(f.text("values")),
		SourceIDs: f.ids("source"), URL: f.text("url"), Method: f.text("method"), Active: true,
	}
	known := slices.ContainsFunc(eventNames(), func(e eventChoice) bool { return e.Code == t.Event })
	if t.Name == "" || !known || !strings.HasPrefix(t.URL, "http") {
		return "", userError("потрібні назва, подія і посилання на Webhook.")
	}
	p.s.AddTrigger(t)
	return "/triggers", nil
}

func (p *pages) toggleTrigger(f *input) (string, error) {
	for _, t := range p.s.Triggers() {
		if t.ID == f.path("id") {
			t.Active = !t.Active
			p.s.AddTrigger(t)
		}
	}
	return "/triggers", nil
}

func (p *pages) deleteTrigger(f *input) (string, error) {
	p.s.DeleteTrigger(f.path("id"))
	return "/triggers", nil
}

// unknownFields is what strict mode found, one finding a line, for scripts: empty is good.
func (p *pages) unknownFields(w http.ResponseWriter, _ *http.Request) {
	if !p.s.cfg.strict {
		http.Error(w, "the simulator was not started strict", http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, line := range p.s.UnknownFields() {
		_, _ = fmt.Fprintln(w, line) // the reader may be gone
	}
}

type requestsPage struct {
	head
	Keys    []keyMeter
	Strict  bool
	Unknown []string // what strict mode found
	Rows    []requestRow
}

type keyMeter struct {
	Name                 string
	Used, Limit, Percent int
}

type requestRow struct {
	At, Method, Path, Query, Key, Status, Class, Duration, Body, Answer string
}

func (p *pages) requests(w http.ResponseWriter, r *http.Request) {
	s := p.s
	v := requestsPage{head: p.head(r, "Запити API"), Strict: s.cfg.strict, Unknown: s.UnknownFields()}
	for _, key := range s.Keys() {
		m := keyMeter{"Ключ " + lastFour(key), s.Used(key), s.cfg.limit, 0}
		if m.Limit > 0 {
			m.Percent = min(m.Used*100/m.Limit, 100)
		}
		v.Keys = append(v.Keys, m)
	}
	rows := s.Requests()
	slices.Reverse(rows)
	for _, q := range rows[:min(len(rows), 150)] {
		v.Rows = append(v.Rows, newRequestRow(&q))
	}
	p.render(w, http.StatusOK, "requests", v)
}

func newRequestRow(q *Request) requestRow {
	row := requestRow{
		At: when(q.At), Method: q.Method, Path: q.Path, Query: q.Query, Key: q.Key, Status: strconv.Itoa(q.Status),
		Duration: q.Duration.Round(time.Millisecond).String(), Body: shorten(q.Body), Answer: shorten(q.Answer),
		Class: "good",
	}
	switch {
	case q.Status == 0:
		row.Status, row.Class = "обрив", "bad"
	case q.Status >= 400:
		row.Class = "bad"
	}
	return row
}

func (p *pages) resetRequests(*input) (string, error) {
	p.s.log.reset()
	p.s.limiter.reset()
	p.s.forgetUnknown()
	return "/requests", nil
}

type faultsPage struct {
	head
	Rows  []faultRow
	Kinds []eventChoice
}

type faultRow struct {
	ID                 int64
	Name, Method, Path string
	Skip, Times        int
}

func faultNames() []eventChoice {
	return []eventChoice{
		{string(FaultLimited), "429: забагато запитів", false},
		{string(FaultStatus), "5xx зі сторінкою HTML", false},
		{string(FaultErrorAfter), "виконати, але відповісти 5xx", false},
		{string(FaultSlow), "повільна відповідь", false},
		{string(FaultHang), "не відповідати", false},
		{string(FaultHangAfter), "виконати й не відповідати", false},
		{string(FaultCutBefore), "обрив до виконання", false},
		{string(FaultCutAfter), "обрив після виконання", false},
		{string(FaultCutBody), "обрив посередині відповіді", false},
		{string(FaultWrongJSON), "зіпсований JSON", false},
		{string(FaultMovingRows), "новий товар між сторінками", false},
		{string(FaultHookTwice), "Webhook двічі", false},
		{string(FaultHookReorder), "Webhook не по порядку", false},
		{string(FaultHookDrop), "Webhook загублено", false},
	}
}

func (p *pages) faults(w http.ResponseWriter, r *http.Request) {
	v := faultsPage{head: p.head(r, "Збої"), Kinds: faultNames()}
	for _, f := range p.s.Faults() {
		row := faultRow{f.ID, string(f.Kind), f.Method, f.Path, f.Skip, f.Times}
		for _, k := range v.Kinds {
			if k.Code == row.Name {
				row.Name = k.Name
				break
			}
		}
		v.Rows = append(v.Rows, row)
	}
	p.render(w, http.StatusOK, "faults", v)
}

func (p *pages) addFault(f *input) (string, error) {
	kind := f.text("kind")
	if !slices.ContainsFunc(faultNames(), func(k eventChoice) bool { return k.Code == kind }) {
		return "", userError("такого збою немає.")
	}
	seconds, status := f.id("seconds"), f.id("status")
	if seconds < 0 || seconds > 3600 || f.id("skip") < 0 || f.id("times") < 0 {
		return "", userError("пауза має бути від 0 до 3600 секунд, а пропуски й рази не від’ємні.")
	}
	if status != 0 && (status < 400 || status > 599) {
		return "", userError("код відповіді збою має бути від 400 до 599.")
	}
	pause := time.Duration(seconds) * time.Second
	p.s.Fault(Fault{
		Kind: FaultKind(kind), Method: f.text("method"), Path: f.text("path"), Skip: int(f.id("skip")),
		Times: int(f.id("times")), Status: int(status), Delay: pause, RetryAfter: pause,
	})
	return "/faults", nil
}

func (p *pages) clearFault(f *input) (string, error) {
	p.s.ClearFault(f.path("id"))
	return "/faults", nil
}
