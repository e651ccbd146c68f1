package form

import (
	"net/url"
	"slices"
	"testing"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// sample is a small account and a small shop.
func sample() Lists {
	l := &CRMLists{
		Sources: List[crm.Source]{Rows: []crm.Source{{Code: "7", Name: "Магазин", Currency: "UAH"}, {Code: "9", Name: "EUR", Currency: "EUR"}}},
		Statuses: List[crm.Status]{Rows: []crm.Status{
			{Code: "1", Name: "new", Term: "new"},
			{Code: "3", Name: "Погоджено"},
			{Code: "8", Name: "Передано в доставку"},
			{Code: "9", Name: "delivered", Term: "delivered"},
			{Code: "4", Name: "Немає відповіді"},
		}},
		Pipelines: List[crm.Pipeline]{Rows: []crm.Pipeline{{Code: "1", Name: "Заявки", Statuses: []crm.Status{
			{Code: "1/101", Name: "Новий"}, {Code: "1/102", Name: "У роботі"},
		}}}},
		Payments: List[crm.PaymentMethod]{Rows: []crm.PaymentMethod{
			{Code: "1", Name: "Готівка", Term: "cash"},
			{Code: "2", Name: "Банківська картка", Term: "bank_card"},
			{Code: "3", Name: "Банківський переказ", Term: "bank_transfer"},
			{Code: "5", Name: "Інше", Term: "other"},
		}},
		Deliveries: List[crm.DeliveryService]{Rows: []crm.DeliveryService{
			{Code: "1", Name: "НП", Carrier: "novaposhta"},
			{Code: "2", Name: "Укрпошта", Carrier: "ukrposhta"},
			{Code: "3", Name: "Самовивіз", Carrier: "pickup"},
		}},
		Fields: List[crm.Field]{Rows: []crm.Field{
			{Code: "OR_1", Name: "Подарункове пакування", Owner: crm.FieldOfOrder, Switch: true},
			{Code: "LD_1", Name: "Подарункове  пакування", Owner: crm.FieldOfCard, Switch: true},
		}},
		Categories: List[crm.Category]{Rows: []crm.Category{{Code: "10", Name: "Посуд"}, {Code: "11", Name: "Чашки", Parent: "10"}}},
	}
	s := &ShopLists{
		Statuses: []plugin.OrderStatus{
			{Code: "new", Name: "Новий"},
			{Code: "confirmed", Name: "Підтверджено"},
			{Code: "shipped", Name: "Відправлено"},
			{Code: "delivered", Name: "Доставлено"},
			{Code: "odd", Name: "Особливий"},
		},
		Payments: []plugin.PaymentMethod{
			{Code: "cod", Name: "Готівка при отриманні"},
			{Code: "online", Name: "Карткою онлайн"},
			{Code: "invoice", Name: "Рахунок-фактура"},
			{Code: "coins", Name: "Бонуси"},
			{Code: "old", Name: "Чек", Retired: true},
		},
		Deliveries: []plugin.DeliveryMethod{
			{Code: "branch", Name: "У відділення", Carrier: "novaposhta"},
			{Code: "ukr", Name: "Укрпошта, листом"},
			{Code: "self", Name: "Самовивіз"},
			{Code: "taxi", Name: "Таксі"},
		},
		AddOns: []plugin.AddOn{{Code: "wrap", Name: "подарункове пакування"}, {Code: "card", Name: "Листівка"}},
	}
	return Lists{CRM: l, Shop: s}
}

func code(c string) settings.Choice { return settings.Choice{Code: c} }

func TestProposalsFollowLikenessAndNeverGuessWildly(t *testing.T) {
	t.Parallel()
	lists := sample()
	skip := settings.Choice{Skip: true}
	for target, want := range map[settings.Target]map[MapID]map[string]settings.Choice{
		settings.TargetOrders: {
			MapOrderStatus: {"1": code("new"), "3": code("confirmed"), "8": code("shipped"), "9": code("delivered"), "4": skip},
			MapStatusOut:   {"new": code("1"), "confirmed": code("3"), "shipped": code("8"), "delivered": code("9"), "odd": skip},
			MapAddOns:      {"wrap": code("OR_1")},
			MapPayments:    {"cod": code("1"), "online": code("2"), "invoice": code("3"), "coins": code("5")},
			MapDeliveries:  {"branch": code("1"), "ukr": code("2"), "self": code("3")},
		},
		settings.TargetCards: {
			MapOrderStatus: {"1": code("new"), "3": code("confirmed"), "8": code("shipped"), "9": code("delivered"), "4": skip},
			MapCardStatus:  {"1/101": code("new"), "1/102": skip},
			MapStatusOut:   {"new": code("1/101"), "confirmed": skip, "shipped": skip, "delivered": skip, "odd": skip},
			MapAddOns:      {"wrap": code("LD_1")},
			MapPayments:    {"cod": code("1"), "online": code("2"), "invoice": code("3"), "coins": code("5")},
			MapDeliveries:  {"branch": code("1"), "ukr": code("2"), "self": code("3")},
		},
	} {
		got := Propose(Mappings(settings.Orders{Target: target}, lists), target)
		for id, rows := range want {
			for row, choice := range rows {
				if got[id][row] != choice {
					t.Errorf("%s: %s of %q is proposed as %+v, want %+v", target, id, row, got[id][row], choice)
				}
			}
			if len(got[id]) != len(rows) {
				t.Errorf("%s: proposals of %s = %v, want %v", target, id, got[id], rows)
			}
		}
	}
}

func TestDecidedRowsAreNotProposedAgain(t *testing.T) {
	t.Parallel()
	lists := sample()
	o := settings.Orders{
		Target:      settings.TargetOrders,
		OrderStatus: map[string]settings.Choice{"3": code("odd")},
		Payments:    map[string]settings.Choice{"cod": {Skip: true}},
	}
	got := Propose(Mappings(o, lists), o.Target)
	if c, ok := got[MapPayments]["cod"]; ok {
		t.Errorf("the decided payment is proposed as %+v", c)
	}
	if c := got[MapStatusOut]["odd"]; c.Code != "3" {
		t.Errorf("the way out of %q is proposed as %+v, but 3 leads to it", "odd", c)
	}
	if c := got[MapStatusOut]["confirmed"]; !c.Skip {
		t.Errorf("%q is proposed as %+v, although it would come back as another status", "confirmed", c)
	}
}

func TestSourceIsProposedOnlyWhenThereIsNoChoice(t *testing.T) {
	t.Parallel()
	a, b := crm.Source{Code: "1", Name: "Обрій", Currency: "UAH"}, crm.Source{Code: "2", Name: "Instagram", Currency: "UAH"}
	euro := crm.Source{Code: "3", Name: "Обрій", Currency: "EUR"}
	for name, c := range map[string]struct {
		sources []crm.Source
		want    string
	}{
		"the only one in the currency": {[]crm.Source{b, euro}, "2"},
		"the one named like the shop":  {[]crm.Source{a, b, euro}, "1"},
		"none in the currency":         {[]crm.Source{euro}, ""},
		"two alike":                    {[]crm.Source{b, {Code: "4", Name: "Facebook", Currency: "UAH"}}, ""},
		"none at all":                  {nil, ""},
	} {
		if got := ProposeSource(c.sources, "UAH", " обрій "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// FuzzForm posts anything: what passes the checks holds nothing that no list offers.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"", "target=orders&source=7&match=sku&new=hide&existing=update&missing=nothing&payments.cod=c%3A1&order_status.1=c%3Anew",
		"target=cards&pipeline=1&card_status.1%2F101=skip&status_out_card.new=c%3A1%2F101&match=id&new=skip&existing=skip&missing=hide",
		"target=off&match=never&new=publish&existing=update&missing=unavailable&chosen=10&chosen=11&products=on",
		"target=orders&payments.=c%3A1&payments.cod=c%3A&match=sku", "target=orders&status_out.new=c:3&order_status.3=c:odd&match=sku",
		"target=off&match=sku&new=hide&existing=update&missing=hide&owner_name=shop&owner_price=nobody&limit_missing_count=-1&limit_price_move=1e9",
		"target=off&match=sku&new=hide&existing=update&missing=hide&owner_sku=fill&limit_missing_percent=50&limit_price_move=+90&language=xx&default_category=%00",
		"target=everything&chosen=%00&source=%F0%9F%92%A5", "%zz;=&&&=a=b",
	} {
		f.Add(seed)
	}
	bundle, err := i18n.Load()
	if err != nil {
		f.Fatal(err)
	}
	words := bundle.For("uk")
	f.Fuzz(func(t *testing.T, raw string) {
		form, _ := url.ParseQuery(raw)
		lists := sample()
		stored := settings.Default()
		set, problems := Parse(form, stored, lists)
		if len(Check(set, Against{Stored: stored, Lists: lists, Words: words}, problems)) > 0 {
			return
		}
		for _, m := range append(CatalogMenus(), TargetMenu()) {
			if !slices.Contains(m.Options, m.Chosen(set)) {
				t.Errorf("passed: %s = %q", m.Name, m.Chosen(set))
			}
		}
		for _, n := range set.Catalog.Limits.Numbers() {
			if !n.Valid() {
				t.Errorf("passed: %s = %d", n.Name, *n.Value)
			}
		}
		for field, o := range set.Catalog.Owners {
			if !slices.Contains(settings.OwnedFields(), field) || !slices.Contains(ShownOwners(), o) {
				t.Errorf("passed: %q owned by %q", field, o)
			}
		}
		for _, m := range Mappings(set.Orders, lists) {
			for row, choice := range m.Choices {
				if Find(m.Rows, row) == nil || choice.Code != "" && Find(m.Values, choice.Code) == nil || !choice.Made() {
					t.Errorf("passed in %s: %q → %+v", m.ID, row, choice)
				}
			}
		}
	})
}
