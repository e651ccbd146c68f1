package keycrmtest_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func TestDictionariesAreEdited(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t, keycrmtest.WithOtherwise(keycrmtest.GuessPaymentMethod))
	ctx := t.Context()
	source := s.AddSource(keycrmtest.Source{Name: "Rozetka", Active: true})
	delivery := s.AddDeliveryService(keycrmtest.DeliveryService{Name: "Meest", Active: true})
	method := s.AddPaymentMethod(keycrmtest.PaymentMethod{Name: "Частинами", Active: true})
	tag := s.AddTag(keycrmtest.Tag{Name: "VIP", Active: true})
	status := s.AddStatus(keycrmtest.OrderStatus{Name: "На паузі", GroupID: 2, Active: true})
	in := order("A-1", line("", "10", "1"))
	in.SourceID, in.Shipping = source, &keycrm.ShippingCreate{DeliveryServiceID: delivery}
	in.Payments = []keycrm.PaymentCreate{{PaymentMethod: "Частинами", Amount: amount("10")}}
	o := create(t, c, in)
	if o.Payments[0].PaymentMethodID != method {
		t.Errorf("paid by %d, want %d", o.Payments[0].PaymentMethodID, method)
	}
	if err := c.Orders.AddTag(ctx, o.ID, tag); err != nil {
		t.Error(err)
	}
	if err := s.SetOrderStatus(o.ID, status); err != nil {
		t.Error(err)
	}
	for _, err := range []error{
		s.EditSource(source, func(r *keycrmtest.Source) { r.Active = false }),
		s.EditDeliveryService(delivery, func(r *keycrmtest.DeliveryService) { r.Active = false }),
		s.EditPaymentMethod(method, func(r *keycrmtest.PaymentMethod) { r.Active, r.Name = false, "Частинами, стара" }),
		s.EditTag(tag, func(r *keycrmtest.Tag) { r.Active = false }),
		s.EditStatus(status, func(r *keycrmtest.OrderStatus) { r.Active = false }),
		s.EditUser(2, func(r *keycrmtest.User) { r.Active = false }),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	in.SourceUUID = "A-2"
	var refused *keycrm.APIError
	if _, err := c.Orders.Create(ctx, in); !errors.As(err, &refused) || refused.Fields["source_id"] == nil ||
		refused.Fields["shipping.delivery_service_id"] == nil || refused.Fields["payments.0.payment_method"] == nil {
		t.Errorf("what is off or renamed is refused: %v", err)
	}
	sources, _, err := c.Dictionaries.Sources(ctx, keycrm.PageQuery{})
	if err != nil || slices.ContainsFunc(sources, func(r keycrm.Source) bool { return r.ID == source }) {
		t.Errorf("a source that is off is listed: %+v, %v", sources, err)
	}
	methods, _, err := c.Dictionaries.PaymentMethods(ctx, keycrm.PageQuery{})
	if i := slices.IndexFunc(methods, func(r keycrm.PaymentMethod) bool { return r.ID == method }); err != nil || i < 0 || methods[i].IsActive {
		t.Errorf("a method that is off stays listed as such: %+v, %v", methods, err)
	}
	full, err := c.Orders.Get(ctx, o.ID, keycrm.OrderTags, keycrm.OrderPayments, keycrm.OrderStatusPart)
	if err != nil || full.SourceID != source || len(full.Tags) != 1 || full.Status.Name != "На паузі" || full.Status.IsActive {
		t.Errorf("an old order keeps what is off: %+v, %v", full, err)
	}
	if err := s.EditSource(999, func(*keycrmtest.Source) {}); err == nil {
		t.Error("an unknown source was edited")
	}
}

func TestPipelinesAreEdited(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	ctx := t.Context()
	id := s.AddPipeline(keycrmtest.Pipeline{Name: "Весілля", Active: true})
	in := aCard()
	in.PipelineID = id
	card, err := c.Cards.Create(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.EditPipeline(id, func(p *keycrmtest.Pipeline) {
		p.Statuses = append(p.Statuses, keycrmtest.PipelineStatus{Title: "Підписано", Final: true})
	}); err != nil {
		t.Fatal(err)
	}
	statuses, _, err := c.Pipelines.Statuses(ctx, id, keycrm.PageQuery{})
	if err != nil || len(statuses) != 2 || statuses[0].ID != card.StatusID || statuses[1].Title != "Підписано" {
		t.Fatalf("%+v, %v", statuses, err)
	}
	if err := s.EditPipeline(id, func(p *keycrmtest.Pipeline) { p.Statuses = p.Statuses[1:] }); err == nil {
		t.Error("a status was taken away from under a card")
	}
	if err := s.SetCardStatus(card.ID, statuses[1].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.EditPipeline(id, func(p *keycrmtest.Pipeline) { p.Statuses, p.Active = p.Statuses[1:], false }); err != nil {
		t.Fatal(err)
	}
	var refused *keycrm.APIError
	if _, err := c.Cards.Create(ctx, in); !errors.As(err, &refused) || refused.Fields["pipeline_id"] == nil {
		t.Errorf("a pipeline that is off: %v", err)
	}
	if got, err := c.Cards.Get(ctx, card.ID, keycrm.CardStatus); err != nil || !got.IsFinished || got.PipelineID != id {
		t.Errorf("its card stays: %+v, %v", got, err)
	}
	rows, _, err := c.Pipelines.List(ctx, keycrm.PageQuery{})
	if err != nil || len(rows) != 2 {
		t.Errorf("%d pipelines, want the two that are on: %v", len(rows), err)
	}
}

func TestCustomFieldsAreEdited(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	id := s.AddCustomField(keycrmtest.CustomField{
		Name: "Розмір коробки", Model: "order", Type: "select", Active: true, Options: []keycrmtest.FieldOption{{Value: "S"}, {Value: "M"}},
	})
	find := func() *keycrm.CustomField {
		t.Helper()
		rows, err := c.CustomFields.List(t.Context(), keycrm.CustomFieldQuery{IncludeOptions: true})
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			if rows[i].ID == id {
				return &rows[i]
			}
		}
		return nil
	}
	before := find()
	if before == nil || len(before.Options) != 2 || before.UUID[:3] != "OR_" {
		t.Fatalf("%+v", before)
	}
	if err := s.EditCustomField(id, func(f *keycrmtest.CustomField) { f.Name, f.UUID = "Коробка", "X"; f.SetOptions("M", "L") }); err != nil {
		t.Fatal(err)
	}
	after := find()
	if after.Name != "Коробка" || after.UUID != before.UUID || after.Options[0].ID != before.Options[1].ID || after.Options[1].Value != "L" {
		t.Errorf("%+v", after)
	}
	in := order("A-1", line("", "10", "1"))
	in.CustomFields = []keycrm.FieldValue{keycrm.SelectValue(after.UUID, "S")}
	var refused *keycrm.APIError
	if _, err := c.Orders.Create(t.Context(), in); !errors.As(err, &refused) || refused.Fields["custom_fields.0.value"] == nil {
		t.Errorf("an option that is gone: %v", err)
	}
	if err := s.EditCustomField(id, func(f *keycrmtest.CustomField) { f.Active = false }); err != nil || find() != nil {
		t.Errorf("a field that is off is listed: %v", err)
	}
}

func TestDictionariesAreKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "account.journal")
	open := func() *keycrmtest.Server {
		t.Helper()
		s, err := keycrmtest.Open(keycrmtest.WithPersistence(path), keycrmtest.WithCatalog(5, 5), keycrmtest.WithManualWebhooks())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	all := func(s *keycrmtest.Server) []any {
		return []any{s.Sources(), s.PaymentMethods(), s.DeliveryServices(), s.Tags(), s.Users(), s.Pipelines(), s.CustomFields(), s.Statuses()}
	}
	s := open()
	s.AddSource(keycrmtest.Source{Name: "Rozetka", Active: true})
	s.AddPipeline(keycrmtest.Pipeline{Name: "Весілля", Active: true})
	s.AddUser(keycrmtest.User{First: "Ірина", Last: "Нова", Active: true})
	field := s.AddCustomField(keycrmtest.CustomField{Name: "Коробка", Model: "lead", Type: "text", Active: true})
	if err := s.EditDeliveryService(3, func(r *keycrmtest.DeliveryService) { r.Name = "З магазину" }); err != nil {
		t.Fatal(err)
	}
	want := all(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s = open()
		if got := all(s); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if s = open(); s.AddCustomField(keycrmtest.CustomField{Name: "Ще", Model: "lead", Type: "text"}) != field+1 {
		t.Error("an id was given twice")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
