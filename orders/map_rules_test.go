package orders_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

// TestMapRules looks at one rule of Map at a time; how all of them look together the golden folders show.
func TestMapRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		edit  func(in *orders.Input)
		check func(c check, d orders.Draft)
	}{
		{
			"a source without a currency takes any",
			func(in *orders.Input) { in.CRM.Sources = map[string]string{"7": ""} },
			func(c check, d orders.Draft) { c.same("source", d.Source, "7") },
		},
		{
			"an order without lines has an empty list of them",
			func(in *orders.Input) { in.Order.Lines = nil },
			func(c check, d orders.Draft) { c.same("lines", d.Lines, []orders.Line{}) },
		},
		{
			"a line's discount below zero is a surcharge of the order",
			func(in *orders.Input) { in.Order.Lines[0].Discount = number("-1") },
			func(c check, d orders.Draft) {
				c.same("discount of a unit", d.Lines[0].UnitDiscount.String(), "0")
				c.same("lines", prices(d), []string{"Чашка 450 × 2", "Тарілка 240 × 1", "Доплата 1 × 1"})
			},
		},
		{
			"a payment of nothing is none",
			func(in *orders.Input) { in.Order.Payments[0].Amount = decimal.Zero },
			func(c check, d orders.Draft) { c.same("payments", len(d.Payments), 0) },
		},
		{
			"only a payment that was made has a time",
			func(in *orders.Input) { in.Order.Payments[0].PaidAt = time.Unix(1, 0) },
			func(c check, d orders.Draft) { c.same("time", d.Payments[0].PaidAt.IsZero(), true) },
		},
		{
			"an e-mail with a name around it is told in words",
			func(in *orders.Input) { in.Order.Buyer.Email = "Olena <olena@example.com>" },
			func(c check, d orders.Draft) {
				c.same("e-mail", d.Buyer.Email, "")
				c.has(d.Note, "E-mail покупця, який не вдалося розпізнати: Olena <olena@example.com>")
			},
		},
		{
			"a buyer without a phone has none that could not be read",
			func(in *orders.Input) { in.Order.Buyer.Phone = " \u200b" },
			func(c check, d orders.Draft) { c.hasNot(d.Note, "Телефон") },
		},
		{
			"a phone as long as may be is read",
			func(in *orders.Input) { in.Order.Buyer.Phone = "050" + strings.Repeat("-", 54) + "1234567" },
			func(c check, d orders.Draft) { c.same("phone", d.Buyer.Phone, "+380501234567") },
		},
		{
			"a longer one is told in words",
			func(in *orders.Input) { in.Order.Buyer.Phone = "050" + strings.Repeat("-", 55) + "1234567" },
			func(c check, d orders.Draft) {
				c.same("phone", d.Buyer.Phone, "")
				c.has(d.Note, "не вдалося розпізнати: 050---")
			},
		},
		{
			"names are in composed letters without invisible marks",
			func(in *orders.Input) { in.Order.Buyer.FullName = "Андрі\u0438\u0306 Оле\u200bна\x07" },
			func(c check, d orders.Draft) { c.same("name", d.Buyer.FullName, "Андрій Олена") },
		},
		{
			"a comment keeps its lines and tabs",
			func(in *orders.Input) { in.Order.Comment = "рядок\n\tдругий\u200b\x07" },
			func(c check, d orders.Draft) { c.same("comment", d.Comment, "рядок\n\tдругий") },
		},
		{
			"who takes the parcel has the buyer's name when none is given",
			func(in *orders.Input) { in.Order.Recipient.Phone = "0671112233" },
			func(c check, d orders.Draft) {
				c.same("recipient", d.Delivery.Recipient, orders.Person{FullName: "Олена Тестенко", Phone: "+380671112233"})
			},
		},
		{
			"who takes the parcel is told without a delivery too",
			func(in *orders.Input) {
				in.Order.Delivery = plugin.Delivery{}
				in.Order.Recipient.FullName = "Ганна"
			},
			func(c check, d orders.Draft) { c.same("recipient", d.Delivery.Recipient.FullName, "Ганна") },
		},
		{
			"an address without a method needs no choice",
			func(in *orders.Input) { in.Order.Delivery = plugin.Delivery{City: "Львів"} },
			func(c check, d orders.Draft) {
				c.same("city", d.Delivery.City, "Львів")
				c.same("service", d.Delivery.Service, "")
			},
		},
		{
			"a service that is left out is not named by an old choice",
			func(in *orders.Input) { in.Settings.Deliveries["np"] = settings.Choice{Skip: true, Code: "1"} },
			func(c check, d orders.Draft) { c.same("service", d.Delivery.Service, "") },
		},
		{
			"a branch's reference that the service does not know is told when nothing else names the branch",
			func(in *orders.Input) { in.CRM.BranchRefs, in.Order.Delivery.Branch = nil, "" },
			func(c check, d orders.Draft) { c.has(d.Note, "Код відділення: 22222222") },
		},
		{
			"and not when it is named",
			func(in *orders.Input) { in.CRM.BranchRefs = nil },
			func(c check, d orders.Draft) {
				c.hasNot(d.Note, "Код відділення")
				c.same("reference", d.Delivery.BranchRef, "")
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.check(check{t}, mapped(t, tt.edit))
		})
	}
}

func TestMapAddOns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		kind   orders.FieldKind
		values []string
		want   string // of the field; empty: there is none
		words  string // in the comment
	}{
		{"a text", orders.FieldText, []string{"Ганні"}, "Ганні", ""},
		{"a text without words is the add-on's name", orders.FieldText, []string{""}, "Листівка", ""},
		{"a second one for the same field is told in words", orders.FieldText, []string{"Ганні", "Марії"}, "Ганні", "Листівка: Марії"},
		{"a number", orders.FieldNumber, []string{"2"}, "2", ""},
		{"no number", orders.FieldNumber, []string{"дві"}, "", "Листівка: дві"},
		{"a date", orders.FieldDate, []string{"2026-08-01"}, "2026-08-01", ""},
		{"no date", orders.FieldDate, []string{"завтра"}, "", "Листівка: завтра"},
		{"a moment", orders.FieldDateTime, []string{"2026-08-01T10:00:00Z"}, "2026-08-01T10:00:00Z", ""},
		{"no moment", orders.FieldDateTime, []string{"завтра"}, "", "Листівка: завтра"},
		{"nothing that fits is said with yes", orders.FieldNumber, []string{""}, "", "Листівка: так"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := mapped(t, func(in *orders.Input) {
				in.CRM.Fields["OR_5"] = tt.kind
				in.Settings.AddOns["card"] = settings.Choice{Code: "OR_5"}
				for _, v := range tt.values {
					in.Order.AddOns = append(in.Order.AddOns, plugin.OrderAddOn{Code: "card", Name: "Листівка", Quantity: number("1"), Value: v})
				}
			})
			var got string
			for _, f := range d.Fields {
				got += f.Text
			}
			check{t}.same("field", got, tt.want)
			if tt.words == "" {
				check{t}.hasNot(d.Note, "Листівка")
			} else {
				check{t}.has(d.Note, tt.words)
			}
		})
	}
}

func TestMapTellsEachBlockOnce(t *testing.T) {
	t.Parallel()
	in := input()
	in.Settings.Source, in.Order.Buyer = "", plugin.Buyer{} // two that say nothing more
	for _, code := range []string{"a", "b", "a"} {
		in.Order.AddOns = append(in.Order.AddOns, plugin.OrderAddOn{Code: code, Quantity: number("1")})
	}
	_, blocks := orders.Map(in)
	var got []string
	for _, b := range blocks {
		got = append(got, string(b.Code)+" "+b.Params["add_on"])
	}
	check{t}.same("blocks", got, []string{"no_source ", "no_contact ", "unmapped_add_on a", "unmapped_add_on b"})
}

func TestMapCards(t *testing.T) {
	t.Parallel()
	line := func(price, quantity string) plugin.OrderLine {
		return plugin.OrderLine{Name: "Чашка", Price: number(price), Quantity: number(quantity)}
	}
	discounted := func(discount string, lines ...plugin.OrderLine) func(in *orders.Input) {
		return func(in *orders.Input) {
			in.Order.Lines, in.Order.Discount, in.Order.Delivery.Price = lines, number(discount), decimal.Zero
		}
	}
	for _, tt := range []struct {
		name  string
		edit  func(in *orders.Input)
		check func(c check, d orders.Draft)
	}{
		{
			"the title has room for the number and its marker",
			func(in *orders.Input) { in.Order.Number = strings.Repeat("9", 230) },
			func(c check, d orders.Draft) { c.same("characters", utf8.RuneCountInString(d.Title), 255) },
		},
		{
			"a line names its variant",
			func(in *orders.Input) {
				in.Order.Lines = in.Order.Lines[:1]
				in.Order.Lines[0].Options = []plugin.Attribute{{Name: "Розмір", Value: " L "}, {Name: "Колір", Value: "синя"}}
			},
			func(c check, d orders.Draft) { c.same("name", d.Lines[0].Name, "Чашка (L, синя)") },
		},
		{
			"a line without a variant is named as it is", func(*orders.Input) {},
			func(c check, d orders.Draft) { c.same("name", d.Lines[0].Name, "Чашка") },
		},
		{
			"no discount is not told", func(*orders.Input) {},
			func(c check, d orders.Draft) { c.hasNot(d.Note, "Знижка") },
		},
		{
			"the time is the shop's",
			func(in *orders.Input) { in.Profile.Zone = time.FixedZone("", 3*60*60) },
			func(c check, d orders.Draft) { c.has(d.Note, "Оформлено: 01.08.2026 12:00") },
		},
		{
			"a discount that no price divides makes two prices", discounted("1", line("10", "3")),
			func(c check, d orders.Draft) {
				c.same("lines", prices(d), []string{"Чашка 9.66 × 1", "Чашка 9.67 × 2"})
			},
		},
		{
			"what is less than a kopeck is a line of its own", discounted("0.01", line("0.335", "3")),
			func(c check, d orders.Draft) {
				c.same("lines", prices(d), []string{"Чашка 0.33 × 3", "Заокруглення 0.005 × 1"})
			},
		},
		{
			"a line that bears nothing stays as it is", discounted("1", line("0.333", "3"), line("1000", "1")),
			func(c check, d orders.Draft) {
				c.same("lines", prices(d), []string{"Чашка 0.333 × 3", "Чашка 999 × 1"})
			},
		},
		{
			"a line for nothing bears nothing", discounted("5", line("10", "1"), line("0", "1")),
			func(c check, d orders.Draft) {
				c.same("lines", prices(d), []string{"Чашка 5 × 1", "Чашка 0 × 1"})
			},
		},
		{
			"nor does one of no pieces", discounted("5", line("10", "1"), line("7", "0")),
			func(c check, d orders.Draft) {
				c.same("lines", prices(d), []string{"Чашка 5 × 1", "Чашка 7 × 0"})
			},
		},
		{
			"by the metre nothing is split", discounted("1", line("10", "1.5")),
			func(c check, d orders.Draft) {
				c.same("lines", prices(d), []string{"Чашка 9.33 × 1.5", "Заокруглення 0.005 × 1"})
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.check(check{t}, mapped(t, func(in *orders.Input) {
				in.Settings.Target = settings.TargetCards
				tt.edit(in)
			}))
		})
	}
}

// input is an order that can be put, with settings that can be changed.
func input() orders.Input {
	return orders.Input{
		Order: orderstest.Order("1", time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC)), Settings: orderstest.Settings(), CRM: dictionary(),
		Profile: plugin.Profile{PhoneRegion: "UA"},
	}
}

func mapped(t *testing.T, edit func(in *orders.Input)) orders.Draft {
	t.Helper()
	in := input()
	edit(&in)
	d, blocks := orders.Map(in)
	if len(blocks) > 0 {
		t.Fatalf("blocked: %v", blocks)
	}
	return d
}

// prices are the lines as name, price and quantity.
func prices(d orders.Draft) (list []string) {
	for _, l := range d.Lines {
		list = append(list, l.Name+" "+l.Price.String()+" × "+l.Quantity.String())
	}
	return list
}

func number(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// check says what is wrong with a draft.
type check struct{ t *testing.T }

func (c check) same(what string, got, want any) {
	c.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("%s: want -, got +\n%s", what, diff)
	}
}

func (c check) has(text, part string) {
	c.t.Helper()
	if !strings.Contains(text, part) {
		c.t.Errorf("%q is not in\n%s", part, text)
	}
}

func (c check) hasNot(text, part string) {
	c.t.Helper()
	if strings.Contains(text, part) {
		c.t.Errorf("%q is in\n%s", part, text)
	}
}
