package connector_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/connector"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
)

var updateOrders = flag.Bool("update-orders", false, "rewrite the golden requests of orders")

// TestOrderRequestGolden takes the drafts that orders' own golden cases end with, so that the two
// halves of the translation meet.
func TestOrderRequestGolden(t *testing.T) {
	t.Parallel()
	drafts, err := filepath.Glob("../../orders/testdata/map/*/draft.json")
	if err != nil || len(drafts) == 0 {
		t.Fatalf("no drafts: %v", err)
	}
	c := connector.New(nil)
	for _, path := range drafts {
		name := filepath.Base(filepath.Dir(path))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			draft := readDraft(t, path)
			body, err := c.EncodeOrder(draft)
			if err != nil {
				t.Fatal(err)
			}
			again, err := c.EncodeOrder(readDraft(t, path))
			if err != nil || !bytes.Equal(body, again) {
				t.Errorf("encoded twice:\n%s\n%s (%v)", body, again, err)
			}
			golden := filepath.Join("testdata", "orders", name+".json")
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, body, "", "  "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			if *updateOrders {
				if err := os.WriteFile(golden, pretty.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, pretty.Bytes()) {
				t.Errorf("got\n%s\nwant\n%s", pretty.String(), want)
			}
			sent(t, draft, body)
		})
	}
}

// sent gives the request to a simulator that minds unknown fields: it takes every field, and reckons the draft's total.
func sent(t *testing.T, draft orders.Draft, body []byte) {
	t.Helper()
	_, c := strictCRM(t)
	got, err := c.CreateOrder(t.Context(), draft.Target, body)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Total.Equal(draft.Total()) {
		t.Errorf("the CRM reckons %s, the draft %s", got.Total, draft.Total())
	}
}

func strictCRM(t *testing.T) (*keycrmtest.Server, *connector.Connector) {
	t.Helper()
	s := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithStrict())
	t.Cleanup(func() {
		if unknown := s.UnknownFields(); len(unknown) > 0 {
			t.Errorf("fields KeyCRM does not document: %v", unknown)
		}
	})
	client, err := keycrm.New(s.BaseURL(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	return s, connector.New(client)
}

func readDraft(t *testing.T, path string) orders.Draft {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var d orders.Draft
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEncodeRefusesWhatIsNoCode(t *testing.T) {
	t.Parallel()
	plain := readDraft(t, "../../orders/testdata/map/plain/draft.json")
	for name, spoil := range map[string]func(*orders.Draft){
		"source":   func(d *orders.Draft) { d.Source = "seven" },
		"payment":  func(d *orders.Draft) { d.Payments[0].Method = "" },
		"delivery": func(d *orders.Draft) { d.Delivery.Service = "-1" },
		"number":   func(d *orders.Draft) { d.Fields = []orders.Field{{Code: "OR_1", Kind: orders.FieldNumber, Text: "x"}} },
		"date":     func(d *orders.Draft) { d.Fields = []orders.Field{{Code: "OR_1", Kind: orders.FieldDate, Text: "x"}} },
		"pipeline": func(d *orders.Draft) { d.Target, d.Pipeline = settings.TargetCards, "x" },
	} {
		d := plain
		d.Payments = append([]orders.Payment(nil), plain.Payments...)
		delivery := *plain.Delivery
		d.Delivery = &delivery
		spoil(&d)
		if _, err := connector.New(nil).EncodeOrder(d); !errors.Is(err, orders.ErrBadCode) {
			t.Errorf("%s: %v, want ErrBadCode", name, err)
		}
	}
}

func TestFieldsAreWrittenByTheirKind(t *testing.T) {
	t.Parallel()
	d := readDraft(t, "../../orders/testdata/map/plain/draft.json")
	d.Fields = []orders.Field{
		{Code: "OR_1", Kind: orders.FieldSwitch, On: true},
		{Code: "OR_2", Kind: orders.FieldSelect, Text: "Подарункове"},
		{Code: "OR_3", Kind: orders.FieldNumber, Text: "12.50"},
		{Code: "OR_4", Kind: orders.FieldDate, Text: "2026-08-05"},
		{Code: "OR_5", Kind: orders.FieldDateTime, Text: "2026-08-05T12:00:00+03:00"},
		{Code: "OR_6", Kind: orders.FieldText, Text: "так"},
	}
	body, err := connector.New(nil).EncodeOrder(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"uuid":"OR_1","value":true}`, `{"uuid":"OR_2","value":["Подарункове"]}`, `{"uuid":"OR_3","value":12.5}`,
		`{"uuid":"OR_4","value":"2026-08-05"}`, `{"uuid":"OR_5","value":"2026-08-05 09:00:00"}`, `{"uuid":"OR_6","value":"так"}`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func TestFindOrdersByTheirKeyAlone(t *testing.T) {
	t.Parallel()
	_, c := strictCRM(t)
	body := func(source, key string) []byte {
		return []byte(`{"source_id":` + source + `,"source_uuid":"` + key + `","buyer":{"full_name":"А"},"products":[{"name":"x","price":5,"quantity":2}]}`)
	}
	ctx := t.Context()
	first, err := c.CreateOrder(ctx, settings.TargetOrders, body("7", "A-1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateOrder(ctx, settings.TargetOrders, body("7", "A-1")); !errors.Is(err, crm.ErrTaken) {
		t.Errorf("the same key again: %v, want ErrTaken", err)
	}
	found, err := c.FindOrders(ctx, orders.Probe{Target: settings.TargetOrders, Key: "A-1", Source: "8"})
	if err != nil || len(found) != 1 || found[0].ID != first.ID || found[0].Source != "7" || !found[0].Total.Equal(decimal.NewFromInt(10)) {
		t.Errorf("FindOrders = %+v, %v; want order %s of source 7", found, err, first.ID)
	}
	for _, key := range []string{"A-2", "A", "A-1,A-2"} {
		found, err := c.FindOrders(ctx, orders.Probe{Target: settings.TargetOrders, Key: key, Source: "7"})
		if err != nil || len(found) != 0 {
			t.Errorf("FindOrders(%q) = %+v, %v; want none", key, found, err)
		}
	}
}

func TestFindCardsByTheirMarker(t *testing.T) {
	t.Parallel()
	s, c := strictCRM(t)
	d := readDraft(t, "../../orders/testdata/map/card/draft.json")
	body, err := c.EncodeOrder(d)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	made, err := c.CreateOrder(ctx, settings.TargetCards, body)
	if err != nil {
		t.Fatal(err)
	}
	other := d
	other.Key = "[SHOP1-100450]"
	other.Title = strings.ReplaceAll(d.Title, d.Key, other.Key)
	if body, err = c.EncodeOrder(other); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateOrder(ctx, settings.TargetCards, body); err != nil {
		t.Fatal(err)
	}
	now := s.Now()
	probe := orders.Probe{Target: settings.TargetCards, Key: d.Key, Source: "7", Since: now, Until: now}
	found, err := c.FindOrders(ctx, probe)
	if err != nil || len(found) != 1 || found[0].ID != made.ID {
		t.Errorf("FindOrders = %+v, %v; want card %s alone", found, err, made.ID)
	}
	probe.Since, probe.Until = now.Add(-2*time.Hour), now.Add(-time.Hour)
	if found, err = c.FindOrders(ctx, probe); err != nil || len(found) != 0 {
		t.Errorf("FindOrders in another hour = %+v, %v", found, err)
	}
}

// TestACardThatOnlyNamesAnotherIsNotTakenForIt: a manager writes of an order in the comment of another card.
func TestACardThatOnlyNamesAnotherIsNotTakenForIt(t *testing.T) {
	t.Parallel()
	s, c := strictCRM(t)
	d := readDraft(t, "../../orders/testdata/map/card/draft.json")
	ctx := t.Context()
	create := func(key, note string) orders.Receipt {
		t.Helper()
		other := d
		other.Key, other.Title, other.Note = key, strings.ReplaceAll(d.Title, d.Key, key), note
		body, err := c.EncodeOrder(other)
		if err != nil {
			t.Fatal(err)
		}
		made, err := c.CreateOrder(ctx, settings.TargetCards, body)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	create("[SHOP1-9]", "дубль "+d.Key)
	probe := orders.Probe{Target: settings.TargetCards, Key: d.Key, Source: "7", Since: s.Now(), Until: s.Now()}
	if found, err := c.FindOrders(ctx, probe); err != nil || len(found) != 0 {
		t.Errorf("FindOrders = %+v, %v; want none", found, err)
	}
	create("[SHOP1-8]", d.Key+" той самий покупець") // a line may begin with it: then the title tells
	made := create(d.Key, d.Note)
	if found, err := c.FindOrders(ctx, probe); err != nil || len(found) != 1 || found[0].ID != made.ID {
		t.Errorf("FindOrders = %+v, %v; want card %s alone", found, err, made.ID)
	}
}

func TestStateTellsWhatAManagerDid(t *testing.T) {
	t.Parallel()
	s, c := strictCRM(t)
	ctx := t.Context()
	d := readDraft(t, "../../orders/testdata/map/plain/draft.json")
	body, err := c.EncodeOrder(d)
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.CreateOrder(ctx, settings.TargetOrders, body)
	if err != nil {
		t.Fatal(err)
	}
	order, _ := s.OrderBySourceUUID(d.Key)
	set, err := c.SetOrderStatus(ctx, settings.TargetOrders, made.ID, "8")
	if err != nil || set.At.IsZero() {
		t.Fatalf("SetOrderStatus = %+v, %v", set, err)
	}
	if err := s.SetTracking(order.ID, "20450000000001"); err != nil {
		t.Fatal(err)
	}
	got, err := c.OrderState(ctx, settings.TargetOrders, made.ID)
	if err != nil || got.Key != d.Key || got.Source != "7" || got.Status != "8" || !got.StatusAt.Equal(set.At) ||
		got.Tracking != "20450000000001" || got.Payment != "не оплачено" || !got.Total.Equal(d.Total()) {
		t.Errorf("OrderState = %+v, %v", got, err)
	}
	if err := s.DeleteOrder(order.ID); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{made.ID, "no-number"} {
		if _, err := c.OrderState(ctx, settings.TargetOrders, id); !errors.Is(err, crm.ErrNotFound) {
			t.Errorf("OrderState(%s) of a deleted order = %v, want ErrNotFound", id, err)
		}
		if _, err := c.OrderState(ctx, settings.TargetCards, id); !errors.Is(err, crm.ErrNotFound) {
			t.Errorf("OrderState(%s) of a card = %v, want ErrNotFound", id, err)
		}
	}
	if _, err := c.SetOrderStatus(ctx, settings.TargetOrders, made.ID, "new"); !errors.Is(err, orders.ErrBadCode) {
		t.Errorf("SetOrderStatus to no code = %v", err)
	}
}

func TestOrderDictionary(t *testing.T) {
	t.Parallel()
	_, c := strictCRM(t)
	d, err := c.OrderDictionary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d.Sources["9"] != "EUR" || !d.BranchRefs["1"] || d.BranchRefs["3"] || d.Fields["OR_1010"] != orders.FieldSwitch ||
		d.Fields["LD_1018"] != orders.FieldText || d.Fields["OR_1009"] != orders.FieldSelect || d.Fields["OR_1016"] != orders.FieldNumber {
		t.Errorf("OrderDictionary = %+v", d)
	}
	if _, ok := d.Fields["CT_1013"]; ok {
		t.Error("a buyer's field is offered for orders")
	}
}
