package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/internal/crmsim/webhook"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// triggers is the page of webhooks.
type triggers struct{ *pages }

type triggersPage struct {
	frame.Head
	Rows       []triggerRow
	Form       triggerRow
	Events     []frame.CodeChoice
	Sources    []frame.Choice
	Deliveries []deliveryRow
}

type triggerRow struct {
	ID                                        int64
	Name, Event, Values, Sources, URL, Method string
	Active                                    bool
}

type deliveryRow struct {
	Created, Event, URL, Body string
	Attempts                  []attemptBadge
}

type attemptBadge struct{ Text, Class string }

func eventNames() []frame.CodeChoice {
	return []frame.CodeChoice{
		{Code: entity.EventOrderStatus, Name: "Зміна статусу замовлення", Chosen: false},
		{Code: entity.EventOrderPayment, Name: "Зміна статусу оплати", Chosen: false},
		{Code: entity.EventCardStatus, Name: "Зміна статусу картки", Chosen: false},
		{Code: entity.EventCardCreated, Name: "Створення картки", Chosen: false},
	}
}

func (p triggers) triggers(in *frame.Input) (string, any) {
	v := triggersPage{Head: p.Head(in, "Автоматизація"), Events: eventNames()}
	edit := in.Query("edit") // 0: a new one
	sources := p.DB.Sources.Where(nil)
	chosen := []int64{sources[0].ID}
	for _, t := range p.DB.Triggers.Copies() {
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
		v.Sources = append(v.Sources, frame.Choice{ID: src.ID, Name: src.Name, Chosen: slices.Contains(chosen, src.ID)})
	}
	ids := p.DB.Deliveries.IDs()
	for _, id := range ids[:min(len(ids), 40)] {
		v.Deliveries = append(v.Deliveries, newDeliveryRow(p.DB.Deliveries.Get(id)))
	}
	return "triggers", v
}

func newTriggerRow(t *entity.Trigger, sources []entity.Source) triggerRow {
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
		if src := crmsim.Find(sources, func(r *entity.Source) bool { return r.ID == id }); src != nil {
			names = append(names, src.Name)
		}
	}
	row.Sources = strings.Join(names, ", ")
	return row
}

func newDeliveryRow(d *webhook.Delivery) deliveryRow {
	row := deliveryRow{Created: frame.When(d.CreatedAt), Event: d.Event, URL: d.URL, Body: frame.Shorten(d.Body)}
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

func (p triggers) saveTrigger(f *frame.Input) (string, error) {
	t := entity.Trigger{
		ID: f.ID("id"), Name: f.Text("name"), Event: f.Text("event"), Values: crmsim.SplitComma(f.Text("values")),
		SourceIDs: f.IDs("source"), URL: f.Text("url"), Method: f.Text("method"), Active: true,
	}
	known := slices.ContainsFunc(eventNames(), func(e frame.CodeChoice) bool { return e.Code == t.Event })
	if t.Name == "" || !known || !strings.HasPrefix(t.URL, "http") {
		return "", frame.UserError("потрібні назва, подія і посилання на Webhook.")
	}
	p.Hooks.AddTrigger(t)
	return "/triggers", nil
}

func (p triggers) toggleTrigger(f *frame.Input) (string, error) {
	if t, ok := p.DB.Triggers.Copy(f.Path("id")); ok {
		t.Active = !t.Active
		p.Hooks.AddTrigger(t)
	}
	return "/triggers", nil
}

func (p triggers) deleteTrigger(f *frame.Input) (string, error) {
	p.DB.Triggers.Drop(f.Path("id"))
	return "/triggers", nil
}
