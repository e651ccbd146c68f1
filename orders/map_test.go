package orders_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

var update = flag.Bool("update", false, "rewrite golden files")

// shopFile is shop.json: what the shop says.
type shopFile struct {
	Order   plugin.Order `json:"order"`
	Profile struct {
		PhoneRegion string `json:"phone_region"`
		CollectsUTM bool   `json:"collects_utm"`
	} `json:"profile"`
	DeliveryName string `json:"delivery_name"`
}

// settingsFile is settings.json: what the merchant chose, and what the CRM has.
type settingsFile struct {
	Orders       settings.Orders   `json:"orders"`
	CRM          orders.Dictionary `json:"crm"`
	BranchAsText bool              `json:"branch_as_text"`
}

func TestMapGolden(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/map/*")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			in := readCase(t, dir)
			draft, blocks := orders.Map(in)
			if len(blocks) > 0 {
				golden(t, filepath.Join(dir, "blocks.json"), blocks)
				return
			}
			golden(t, filepath.Join(dir, "draft.json"), draft)
			if diff := draft.Difference(); !diff.IsZero() && !strings.Contains(dir, "differ") {
				t.Errorf("the CRM computes %s, the shop %s", draft.Total(), draft.ShopTotal)
			}
		})
	}
}

func readCase(t *testing.T, dir string) orders.Input {
	t.Helper()
	var shop shopFile
	var set settingsFile
	for name, into := range map[string]any{"shop.json": &shop, "settings.json": &set} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return orders.Input{
		Order: shop.Order, Settings: set.Orders, CRM: set.CRM, BranchAsText: set.BranchAsText, DeliveryName: shop.DeliveryName,
		Profile: plugin.Profile{
			ID: "s1", Currency: "UAH", Locale: "uk", Zone: time.UTC, PhoneRegion: shop.Profile.PhoneRegion,
			CollectsUTM: shop.Profile.CollectsUTM,
		},
	}
}

func golden(t *testing.T, path string, got any) {
	t.Helper()
	b, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, '\n')
	if *update {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, b, want)
	}
}

func dictionary() orders.Dictionary {
	return orders.Dictionary{
		Sources: map[string]string{"7": "UAH"}, BranchRefs: map[string]bool{"1": true},
		Fields: map[string]orders.FieldKind{"OR_1010": orders.FieldSwitch},
	}
}

func TestMapTellsEverythingThatBlocksAtOnce(t *testing.T) {
	t.Parallel()
	o := orderstest.Order("1", time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	o.AddOns = []plugin.OrderAddOn{{Code: "nocall", Quantity: decimal.NewFromInt(1)}, {Code: "wrap", Quantity: decimal.NewFromInt(1)}}
	o.Payments = append(o.Payments, o.Payments[0])
	set := settings.Orders{Target: settings.TargetOrders, AddOns: map[string]settings.Choice{"nocall": {Code: "OR_9"}}}
	_, blocks := orders.Map(orders.Input{Order: o, Profile: plugin.Profile{PhoneRegion: "UA"}, Settings: set, CRM: dictionary()})
	var codes []string
	for _, b := range blocks {
		codes = append(codes, string(b.Code))
	}
	want := "no_source field_gone unmapped_add_on unmapped_delivery unmapped_payment"
	if got := strings.Join(codes, " "); got != want {
		t.Errorf("blocks %q, want %q, each once", got, want)
	}
}

// FuzzMap feeds odd numbers and texts: nothing panics, and for orders whose parts add up the CRM's
// total is the shop's to the kopeck.
func FuzzMap(f *testing.F) {
	f.Add("Олена", "0501234567", int64(45000), int64(2000), int64(1001), int64(333), int64(6000), uint8(2), false, "коментар")
	f.Add("", "12", int64(999), int64(1333), int64(7), int64(0), int64(0), uint8(3), true, "a\x00b\xff")
	f.Add("x", "+380501234567;ext=5", int64(1), int64(3000), int64(-50), int64(-3), int64(1), uint8(1), true, "")
	f.Add("В’ячеслав", "tel", int64(-100), int64(0), int64(5), int64(100), int64(0), uint8(5), false, strings.Repeat("я", 2000))
	f.Fuzz(func(t *testing.T, name, phone string, price, quantity, lineDiscount, discount, shipping int64, lines uint8, cards bool, text string) {
		const bound = 1e12
		p, q := decimal.New(price%bound, -2), decimal.New(quantity%bound, -3)
		o := orderstest.Order("77", time.Unix(0, 0))
		o.Buyer = plugin.Buyer{FullName: name, Phone: phone, Email: text}
		o.Comment, o.PromoCode, o.Delivery.BranchRef = text, text, text
		o.Delivery.Price, o.Discount = decimal.New(shipping%bound, -2).Abs(), decimal.New(discount%bound, -2)
		o.Lines = nil
		total := o.Delivery.Price.Sub(o.Discount)
		for range lines % 8 {
			l := plugin.OrderLine{SKU: name, Name: text, Price: p, Quantity: q, Discount: decimal.New(lineDiscount%bound, -2)}
			o.Lines = append(o.Lines, l)
			total = total.Add(l.Price.Mul(l.Quantity)).Sub(l.Discount)
		}
		o.AddOns = []plugin.OrderAddOn{{Code: "nocall", Name: text, Price: p.Abs(), Quantity: decimal.NewFromInt(1), Value: phone}}
		o.Certificates = []plugin.Certificate{{Code: text, Amount: decimal.New(discount%bound, -2)}}
		o.Total = total.Add(p.Abs()).Sub(o.Certificates[0].Amount)

		set := orderstest.Settings()
		if cards {
			set.Target = settings.TargetCards
		}
		in := orders.Input{Order: o, Profile: plugin.Profile{PhoneRegion: "UA", CollectsUTM: true}, Settings: set, CRM: dictionary()}
		draft, blocks := orders.Map(in)
		if len(blocks) > 0 {
			return
		}
		// A discount above all there is cannot be spread over a card's prices; the difference says so.
		if diff := draft.Difference(); !diff.IsZero() && !(cards && o.Total.IsNegative()) {
			t.Errorf("the CRM computes %s, the shop %s\n%+v", draft.Total(), draft.ShopTotal, draft)
		}
		for _, l := range draft.Lines {
			if l.Name == "" {
				t.Errorf("a line without a name: %+v", l)
			}
			if l.UnitDiscount.IsNegative() || !l.UnitDiscount.Equal(l.UnitDiscount.Truncate(2)) {
				t.Errorf("discount %s of a unit is no sum in kopecks", l.UnitDiscount)
			}
		}
		if draft.Discount.IsNegative() {
			t.Errorf("discount %s is below zero", draft.Discount)
		}
		_ = draft.Masked()
	})
}

func TestCardBearsADiscountAboveItsGoods(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                       string
		goods, shipping, off, want int64
	}{
		{"a certificate above the goods is taken off the way", 10, 80, 50, 40},
		{"one of exactly the goods leaves the way", 10, 80, 10, 80},
		{"one of everything leaves nothing", 10, 80, 90, 0},
		{"one above everything leaves nothing either", 10, 80, 100, 0},
		{"without a way only the goods bear it", 10, 0, 50, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := orderstest.Order("1", time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
			o.Lines = []plugin.OrderLine{{Name: "Чашка", Price: decimal.NewFromInt(tt.goods), Quantity: decimal.NewFromInt(1)}}
			o.Delivery.Price = decimal.NewFromInt(tt.shipping)
			o.Certificates = []plugin.Certificate{{Code: "GIFT", Amount: decimal.NewFromInt(tt.off)}}
			o.Total = decimal.NewFromInt(tt.want)
			set := orderstest.Settings()
			set.Target = settings.TargetCards
			draft, blocks := orders.Map(orders.Input{Order: o, Profile: plugin.Profile{PhoneRegion: "UA"}, Settings: set, CRM: dictionary()})
			if len(blocks) > 0 {
				t.Fatal(blocks)
			}
			if !draft.Total().Equal(o.Total) {
				t.Errorf("the card's total is %s, want %d\n%+v", draft.Total(), tt.want, draft.Lines)
			}
		})
	}
}

func TestNoteOfACardKeepsTheAddressAndShortensTheComment(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("подзвоніть за годину ", 100)
	o := orderstest.Order("1", time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	o.Comment, o.Lines[0].Comment, o.Lines[1].Comment = long, long, "без цукру"
	o.AddOns = []plugin.OrderAddOn{{Code: "nocall", Name: "Листівка", Quantity: decimal.NewFromInt(1), Value: long}}
	o.Delivery.Street, o.Discount, o.PromoCode = "Лісова 7", decimal.NewFromInt(20), "LITO"
	o.Recipient = plugin.Recipient{FullName: "Ганна Отримувач", Phone: "0671112233"}
	o.Total = o.Total.Sub(o.Discount)
	set := orderstest.Settings()
	set.Target = settings.TargetCards
	draft, blocks := orders.Map(orders.Input{
		Order: o, Profile: plugin.Profile{PhoneRegion: "UA"}, Settings: set, CRM: dictionary(), DeliveryName: "Нова пошта",
	})
	if len(blocks) > 0 {
		t.Fatal(blocks)
	}
	if n := len([]rune(draft.Note)); n > 1024 {
		t.Errorf("%d characters, want 1024 at most", n)
	}
	for _, want := range []string{
		"Доставка: Нова пошта\n", "Лісова 7\n", "Відділення: Відділення №1\n", "Отримувач: Ганна Отримувач, +380671112233\n",
		"Знижка на замовлення: 20.00 UAH\n", "Промокод: LITO\n", "Коментар до «Тарілка»: без цукру", "Коментар покупця: подзвоніть",
		"Коментар до «Чашка»: подзвоніть", "Листівка: подзвоніть",
	} {
		if !strings.Contains(draft.Note, want) {
			t.Errorf("the note lacks %q:\n%s", want, draft.Note)
		}
	}
	if n := strings.Count(draft.Note, "…"); n != 3 {
		t.Errorf("%d texts are visibly shortened, want the 3 long ones:\n%s", n, draft.Note)
	}
}

func TestCampaignMarksAreOneLineEach(t *testing.T) {
	t.Parallel()
	o := orderstest.Order("1", time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	in := orders.Input{Profile: plugin.Profile{PhoneRegion: "UA", CollectsUTM: true}, Settings: orderstest.Settings(), CRM: dictionary()}
	for _, tt := range []struct {
		name      string
		utm, want plugin.UTM
	}{
		{"lines become one", plugin.UTM{Source: "a\r\nb", Campaign: " spring\t sale "}, plugin.UTM{Source: "a b", Campaign: "spring sale"}},
		{"nothing but line breaks is nothing", plugin.UTM{Term: "\r\n"}, plugin.UTM{}},
		{"a long one is cut", plugin.UTM{Content: strings.Repeat("я", 300)}, plugin.UTM{Content: strings.Repeat("я", 254) + "…"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := in
			in.Order = o
			in.Order.UTM = tt.utm
			draft, blocks := orders.Map(in)
			if len(blocks) > 0 {
				t.Fatal(blocks)
			}
			var got plugin.UTM
			if draft.UTM != nil {
				got = *draft.UTM
			}
			if got != tt.want {
				t.Errorf("%+v became %+v, want %+v", tt.utm, got, tt.want)
			}
		})
	}
}

func TestMaskedDraftHoldsNoPersonalData(t *testing.T) {
	t.Parallel()
	o := orderstest.Order("1", time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	o.Comment, o.Delivery.Street, o.Lines[0].Comment = "домофон 15", "Лісова 7", "ім'я на чашці: Ганна"
	o.Recipient = plugin.Recipient{FullName: "Ганна Отримувач", Phone: "0671112233"}
	draft, blocks := orders.Map(orders.Input{
		Order: o, Profile: plugin.Profile{PhoneRegion: "UA"}, Settings: orderstest.Settings(), CRM: dictionary(),
	})
	if len(blocks) > 0 {
		t.Fatal(blocks)
	}
	b, err := json.Marshal(draft.Masked())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Тестенко", "Отримувач", "501234567", "671112233", "olena", "домофон", "Лісова", "Ганна"} {
		if strings.Contains(string(b), secret) {
			t.Errorf("%q is still there: %s", secret, b)
		}
	}
	if whole, _ := json.Marshal(draft); !strings.Contains(string(whole), "Тестенко") || !strings.Contains(string(whole), "Ганна Отримувач") {
		t.Error("masking changed the draft itself")
	}
}

func TestReasonsAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[orders.Reason]bool{}
	for _, r := range orders.Reasons() {
		if r == "" || seen[r] {
			t.Errorf("reason %q is empty or listed twice", r)
		}
		seen[r] = true
	}
}
