package readiness_test

import (
	"slices"
	"testing"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/admin/readiness"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// working is a connection at which nothing is to be mended: cards of one pipeline, one row in each map.
func working(t *testing.T) readiness.Input {
	t.Helper()
	b, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]settings.Choice{"new": {Code: "1/1"}}
	set := settings.Default()
	set.Catalog.Products = true
	set.Orders = settings.Orders{
		Target: settings.TargetCards, Source: "7", Pipeline: "1",
		OrderStatus: map[string]settings.Choice{"1": {Code: "new"}}, CardStatus: map[string]settings.Choice{"1/1": {Code: "new"}},
		StatusOut: made, Payments: map[string]settings.Choice{"cash": {Code: "2"}}, Deliveries: map[string]settings.Choice{"post": {Code: "3"}},
	}
	return readiness.Input{
		Settings: set, Words: b.For("uk"), Profile: plugin.Profile{Currency: "UAH"},
		Health: plugin.Health{Database: true, Redis: true, Workers: true},
		Called: map[settings.Object]bool{settings.ObjectOrder: true, settings.ObjectCard: true},
		Lists: form.Lists{
			CRM: &form.CRMLists{
				Sources:    form.List[crm.Source]{Rows: []crm.Source{{Code: "7", Name: "Магазин", Currency: "UAH"}, {Code: "8", Name: "EU", Currency: "EUR"}}},
				Statuses:   form.List[crm.Status]{Rows: []crm.Status{{Code: "1", Name: "Новий"}}},
				Pipelines:  form.List[crm.Pipeline]{Rows: []crm.Pipeline{{Code: "1", Name: "Заявки", Statuses: []crm.Status{{Code: "1/1", Name: "Новий"}}}}},
				Payments:   form.List[crm.PaymentMethod]{Rows: []crm.PaymentMethod{{Code: "2", Name: "Готівка"}}},
				Deliveries: form.List[crm.DeliveryService]{Rows: []crm.DeliveryService{{Code: "3", Name: "Пошта"}}},
			},
			Shop: &form.ShopLists{
				Statuses:   []plugin.OrderStatus{{Code: "new", Name: "Новий"}},
				Payments:   []plugin.PaymentMethod{{Code: "cash", Name: "Готівка"}},
				Deliveries: []plugin.DeliveryMethod{{Code: "post", Name: "Пошта"}},
			},
		},
	}
}

func TestNothingIsToBeMendedAtAConnectionThatWorks(t *testing.T) {
	t.Parallel()
	for _, line := range readiness.Check(working(t)) {
		if line.State != readiness.OK || line.Anchor(settings.TargetCards) != "" {
			t.Errorf("%+v", line)
		}
	}
}

func TestEachThingThatIsWrongHasItsLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil  func(*readiness.Input)
		code   string
		state  readiness.State
		starts bool // in spite of it
		anchor string
	}{
		"the key is refused":      {func(in *readiness.Input) { in.Trouble = "crm_unauthorised" }, "key_crm_unauthorised", readiness.Fail, false, "kb-key"},
		"the CRM is away":         {func(in *readiness.Input) { in.Trouble = "crm_unavailable" }, "key_crm_unavailable", readiness.Fail, false, ""},
		"nothing is synchronised": {func(in *readiness.Input) { in.Settings = settings.Default() }, "nothing_on", readiness.Warn, true, "settings"},
		"no product could be written": {func(in *readiness.Input) {
			in.Settings.Catalog.New, in.Settings.Catalog.Match = settings.NewSkip, settings.MatchNever
		}, "catalog_nothing", readiness.Warn, true, "settings"},
		"no source is chosen":          {func(in *readiness.Input) { in.Settings.Orders.Source = "" }, "source_unset", readiness.Fail, false, "f-source"},
		"the source is gone":           {func(in *readiness.Input) { in.Settings.Orders.Source = "99" }, "source_gone", readiness.Fail, false, "f-source"},
		"the source sells in euros":    {func(in *readiness.Input) { in.Settings.Orders.Source = "8" }, "source_currency", readiness.Fail, false, "f-source"},
		"there are no sources":         {func(in *readiness.Input) { in.Lists.CRM.Sources.Rows = nil }, "source_none", readiness.Fail, false, "f-source"},
		"sources cannot be read":       {func(in *readiness.Input) { in.Lists.CRM.Sources = form.List[crm.Source]{Err: crm.ErrUnavailable} }, "source_unknown", readiness.Fail, false, ""},
		"pipelines are switched off":   {func(in *readiness.Input) { in.Lists.CRM.Pipelines = form.List[crm.Pipeline]{Err: crm.ErrFeatureOff} }, "pipelines_off", readiness.Fail, false, "f-target"},
		"no pipeline is chosen":        {func(in *readiness.Input) { in.Settings.Orders.Pipeline = "" }, "pipeline_unset", readiness.Fail, false, "f-pipeline"},
		"the pipeline is gone":         {func(in *readiness.Input) { in.Settings.Orders.Pipeline = "5" }, "pipeline_gone", readiness.Fail, false, "f-pipeline"},
		"a payment is not decided":     {func(in *readiness.Input) { in.Settings.Orders.Payments = nil }, "payments_open", readiness.Fail, false, "map-payments"},
		"a payment is gone in the CRM": {func(in *readiness.Input) { in.Lists.CRM.Payments.Rows = nil }, "payments_gone", readiness.Fail, false, "map-payments"},
		"a status out is not decided":  {func(in *readiness.Input) { in.Settings.Orders.StatusOut = nil }, "status_out_open", readiness.Warn, true, "map-status_out_card"},
		"the CRM has not called":       {func(in *readiness.Input) { in.Called[settings.ObjectCard] = false }, "webhook_card", readiness.Warn, true, "webhook"},
		"no worker is alive":           {func(in *readiness.Input) { in.Health.Workers = false }, "workers", readiness.Fail, true, ""},
		"Redis is away":                {func(in *readiness.Input) { in.Health.Redis = false }, "redis", readiness.Fail, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := working(t)
			c.spoil(&in)
			lines := readiness.Check(in)
			at := slices.IndexFunc(lines, func(l readiness.Line) bool { return l.Code == c.code })
			if at < 0 {
				t.Fatalf("no line %s in %+v", c.code, lines)
			}
			if lines[at].State != c.state || readiness.Ready(lines) != c.starts {
				t.Errorf("%s is %s, ready %v; want %s, %v", c.code, lines[at].State, readiness.Ready(lines), c.state, c.starts)
			}
			if got := lines[at].Anchor(in.Settings.Orders.Target); got != c.anchor {
				t.Errorf("%s is mended at %q, want %q", c.code, got, c.anchor)
			}
			if !in.Words.Has("ready." + c.code) {
				t.Errorf("no words for ready.%s", c.code)
			}
		})
	}
}

func TestWebhooksAreNotTalkedOfWhenNobodyCanTell(t *testing.T) {
	t.Parallel()
	in := working(t)
	in.Called = nil
	for _, line := range readiness.Check(in) {
		if line.Anchor(settings.TargetCards) == "webhook" || line.Code == "webhook_order_ok" {
			t.Errorf("%+v", line)
		}
	}
}
