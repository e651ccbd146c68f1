package admin

import (
	"net/url"
	"slices"
	"testing"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// sample is a small account and a small shop.
func sample() (*lists, *shopLists) {
	l := &lists{
		sources: list[crm.Source]{rows: []crm.Source{{Code: "7", Name: "Магазин", Currency: "UAH"}, {Code: "9", Name: "EUR", Currency: "EUR"}}},
		statuses: list[crm.Status]{rows: []crm.Status{
			{Code: "1", Name: "new", Term: "new"},
			{Code: "3", Name: "Погоджено"},
			{Code: "8", Name: "Передано в доставку"},
			{Code: "9", Name: "delivered", Term: "delivered"},
			{Code: "4", Name: "Немає відповіді"},
		}},
		pipelines: list[crm.Pipeline]{rows: []crm.Pipeline{{Code: "1", Name: "Заявки", Statuses: []crm.Status{
			{Code: "1/101", Name: "Новий"}, {Code: "1/102", Name: "У роботі"},
		}}}},
		payments: list[crm.PaymentMethod]{rows: []crm.PaymentMethod{
			{Code: "1", Name: "Готівка", Term: "cash"},
			{Code: "2", Name: "Банківська картка", Term: "bank_card"},
			{Code: "3", Name: "Банківський переказ", Term: "bank_transfer"},
			{Code: "5", Name: "Інше", Term: "other"},
		}},
		deliveries: list[crm.DeliveryService]{rows: []crm.DeliveryService{
			{Code: "1", Name: "НП", Carrier: "novaposhta"},
			{Code: "2", Name: "Укрпошта", Carrier: "ukrposhta"},
			{Code: "3", Name: "Самовивіз", Carrier: "pickup"},
		}},
		fields: list[crm.Field]{rows: []crm.Field{
			{Code: "OR_1", Name: "Подарункове пакування", Owner: crm.FieldOfOrder, Switch: true},
			{Code: "LD_1", Name: "Подарункове  пакування", Owner: crm.FieldOfCard, Switch: true},
		}},
		categories: list[crm.Category]{rows: []crm.Category{{Code: "10", Name: "Посуд"}, {Code: "11", Name: "Чашки", Parent: "10"}}},
	}
	s := &shopLists{
		statuses: []plugin.OrderStatus{
			{Code: "new", Name: "Новий"},
			{Code: "confirmed", Name: "Підтверджено"},
			{Code: "shipped", Name: "Відправлено"},
			{Code: "delivered", Name: "Доставлено"},
			{Code: "odd", Name: "Особливий"},
		},
		payments: []plugin.PaymentMethod{
			{Code: "cod", Name: "Готівка при отриманні"},
			{Code: "online", Name: "Карткою онлайн"},
			{Code: "invoice", Name: "Рахунок-фактура"},
			{Code: "coins", Name: "Бонуси"},
			{Code: "old", Name: "Чек", Retired: true},
		},
		deliveries: []plugin.DeliveryMethod{
			{Code: "branch", Name: "У відділення", Carrier: "novaposhta"},
			{Code: "ukr", Name: "Укрпошта, листом"},
			{Code: "self", Name: "Самовивіз"},
			{Code: "taxi", Name: "Таксі"},
		},
		addOns: []plugin.AddOn{{Code: "wrap", Name: "подарункове пакування"}, {Code: "card", Name: "Листівка"}},
	}
	return l, s
}

func code(c string) settings.Choice { return settings.Choice{Code: c} }

func TestProposalsFollowLikenessAndNeverGuessWildly(t *testing.T) {
	t.Parallel()
	l, s := sample()
	skip := settings.Choice{Skip: true}
	for target, want := range map[settings.Target]map[mapID]map[string]settings.Choice{
		settings.TargetOrders: {
			mapOrderStatus: {"1": code("new"), "3": code("confirmed"), "8": code("shipped"), "9": code("delivered"), "4": skip},
			mapStatusOut:   {"new": code("1"), "confirmed": code("3"), "shipped": code("8"), "delivered": code("9"), "odd": skip},
			mapAddOns:      {"wrap": code("OR_1")},
			mapPayments:    {"cod": code("1"), "online": code("2"), "invoice": code("3"), "coins": code("5")},
			mapDeliveries:  {"branch": code("1"), "ukr": code("2"), "self": code("3")},
		},
		settings.TargetCards: {
			mapOrderStatus: {"1": code("new"), "3": code("confirmed"), "8": code("shipped"), "9": code("delivered"), "4": skip},
			mapCardStatus:  {"1/101": code("new"), "1/102": skip},
			mapStatusOut:   {"new": code("1/101"), "confirmed": skip, "shipped": skip, "delivered": skip, "odd": skip},
			mapAddOns:      {"wrap": code("LD_1")},
			mapPayments:    {"cod": code("1"), "online": code("2"), "invoice": code("3"), "coins": code("5")},
			mapDeliveries:  {"branch": code("1"), "ukr": code("2"), "self": code("3")},
		},
	} {
		got := propose(mappings(settings.Orders{Target: target}, l, s), target)
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
	l, s := sample()
	o := settings.Orders{
		Target:      settings.TargetOrders,
		OrderStatus: map[string]settings.Choice{"3": code("odd")},
		Payments:    map[string]settings.Choice{"cod": {Skip: true}},
	}
	got := propose(mappings(o, l, s), o.Target)
	if c, ok := got[mapPayments]["cod"]; ok {
		t.Errorf("the decided payment is proposed as %+v", c)
	}
	if c := got[mapStatusOut]["odd"]; c.Code != "3" {
		t.Errorf("the way out of %q is proposed as %+v, but 3 leads to it", "odd", c)
	}
	if c := got[mapStatusOut]["confirmed"]; !c.Skip {
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
		if got := proposeSource(c.sources, "UAH", " обрій "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestCategoryTreeBearsParentsThatComeLateGoOrLoop(t *testing.T) {
	t.Parallel()
	l, s := sample()
	l.categories.rows = []crm.Category{
		{Code: "2", Name: "Чашки", Parent: "1"},
		{Code: "1", Name: "Посуд"},
		{Code: "3", Name: "Сирота", Parent: "77"},
		{Code: "4", Name: "Коло", Parent: "5"},
		{Code: "5", Name: "Коло", Parent: "4"},
		{Code: "6", Name: "Біля кола", Parent: "5"},
	}
	b := formBuilder{v: testVisit(t), lists: l, shop: s, set: settings.Settings{Catalog: settings.Catalog{Chosen: []string{"2", "99"}}}}
	count := 0
	var walk func([]*treeNode)
	walk = func(nodes []*treeNode) {
		for _, n := range nodes {
			count++
			walk(n.Children)
		}
	}
	roots := b.tree()
	walk(roots)
	if count != 7 {
		t.Errorf("the tree shows %d nodes, want all 6 and the chosen one that is gone", count)
	}
	at := slices.IndexFunc(roots, func(n *treeNode) bool { return n.Code == "1" })
	if at < 0 || !roots[at].Open || len(roots[at].Children) != 1 || !roots[at].Children[0].Checked {
		t.Errorf("the branch with the chosen category is %+v", roots[at])
	}
	if last := roots[len(roots)-1]; last.Code != "99" || !last.Gone || !last.Checked {
		t.Errorf("the chosen category that is gone is %+v", last)
	}
}

func testVisit(t *testing.T) *visit {
	t.Helper()
	a, err := New(Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return &visit{words: a.words.For("uk")}
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
	f.Fuzz(func(t *testing.T, raw string) {
		form, _ := url.ParseQuery(raw)
		l, s := sample()
		stored := settings.Default()
		set, problems := readForm(form, stored, func(o settings.Orders) []mapping { return mappings(o, l, s) })
		c := checker{stored: stored, lists: l, shop: s, say: func(e entry) string { return e.name }, problems: problems}
		if len(c.check(set)) > 0 {
			return
		}
		if !slices.Contains(targets(), set.Orders.Target) || !slices.Contains(matchKeys(), set.Catalog.Match) {
			t.Errorf("passed: %+v", set)
		}
		for _, n := range set.Catalog.Limits.Numbers() {
			if !n.Valid() {
				t.Errorf("passed: %s = %d", n.Name, *n.Value)
			}
		}
		for field, o := range set.Catalog.Owners {
			if !slices.Contains(settings.OwnedFields(), field) || !slices.Contains(shownOwners(), o) {
				t.Errorf("passed: %q owned by %q", field, o)
			}
		}
		for _, m := range mappings(set.Orders, l, s) {
			for row, choice := range m.choices {
				if find(m.rows, row) == nil || choice.Code != "" && find(m.values, choice.Code) == nil || !choice.Made() {
					t.Errorf("passed in %s: %q → %+v", m.id, row, choice)
				}
			}
		}
	})
}
