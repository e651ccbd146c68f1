package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/cmd/keybridge/internal/progress"
	"github.com/keybridge/keybridge/cmd/keybridge/internal/visit"
	"github.com/keybridge/keybridge/keycrm"
)

// ErrSelftest means that the selftest failed and has said why.
var ErrSelftest = errors.New("selftest failed")

// Selftest does the whole main job unattended, as people would, over HTTP, in a folder of its own.
// Errors: ErrSelftest.
func Selftest(ctx context.Context, cfg Config) error {
	dir, err := os.MkdirTemp("", "keybridge-selftest-")
	if err != nil {
		return fmt.Errorf("selftest: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cfg.Dir, cfg.Throwaway = dir, true
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	t := &selftest{cfg: cfg}
	defer t.stop()
	s := newSteps(cfg.Out)
	s.do(ctx, "start Postgres, Redis, KeyCRM and the shop", t.start)
	s.do(ctx, "refuse a wrong key with clear words", t.wrongKey)
	s.do(ctx, "connect KeyCRM on the integrations page", t.connect)
	s.do(ctx, "save settings, set the trigger in KeyCRM", t.settings)
	s.do(ctx, "bring the catalog", t.catalog)
	s.do(ctx, "run again: nothing to write", t.again)
	s.do(ctx, "buy in the storefront with UTM marks", t.buy)
	s.do(ctx, "see the order in KeyCRM, to the kopeck", t.order)
	s.do(ctx, "see its KeyCRM number in the shop", t.number)
	s.do(ctx, "move the status in KeyCRM, see it in the shop", t.status)
	return s.end()
}

type selftest struct {
	cfg      Config
	demo     *demo
	merchant *visit.Merchant
	manager  *visit.Manager
	bought   visit.Bought
	sold     *keycrm.Order
}

func (t *selftest) stop() {
	if t.demo != nil {
		t.demo.stop()
	}
}

func (t *selftest) start(ctx context.Context) (string, error) {
	var err error
	if t.demo, err = start(ctx, t.cfg); err != nil {
		return "", friendly(err)
	}
	sim := t.demo.services.sim
	if t.manager, err = visit.NewManager(sim.URL(), sim.Key()); err != nil {
		return "", err
	}
	if t.merchant, err = t.demo.merchant(ctx); err != nil {
		return "", err
	}
	return "shop " + t.demo.shop.url + ", KeyCRM " + sim.URL(), nil
}

func (t *selftest) wrongKey(ctx context.Context) (string, error) {
	err := t.merchant.Connect(ctx, "this-is-not-a-key-of-the-account")
	if err == nil {
		return "", errors.New("a wrong key was accepted")
	}
	if !strings.Contains(err.Error(), "ключ") {
		return "", fmt.Errorf("the refusal does not speak of the key: %w", err)
	}
	return shorten(err.Error(), 60), nil
}

func (t *selftest) connect(ctx context.Context) (string, error) {
	if err := t.merchant.Connect(ctx, t.demo.key()); err != nil {
		return "", err
	}
	return "connected and switched on", nil
}

func (t *selftest) settings(ctx context.Context) (string, error) {
	if err := t.merchant.Save(ctx, wishes()); err != nil {
		return "", err
	}
	return "saved with the page's proposals", t.demo.setTrigger(ctx, t.merchant)
}

func (t *selftest) catalog(ctx context.Context) (string, error) {
	if err := t.merchant.RunNow(ctx); err != nil {
		return "", err
	}
	run, err := t.demo.watchRun(ctx, t.merchant, progress.New(io.Discard))
	if err != nil {
		return "", err
	}
	c := run.Counters
	if c.Created < 1200 || c.Errors > 0 || c.Conflicts > 0 || c.ImagesFailed > 0 {
		return "", fmt.Errorf("created %d, errors %d, conflicts %d, pictures failed %d", c.Created, c.Errors, c.Conflicts, c.ImagesFailed)
	}
	return fmt.Sprintf("%d products, %d categories, %d pictures, %d requests", c.Created, c.Categories, c.Images, c.Requests), nil
}

func (t *selftest) again(ctx context.Context) (string, error) {
	if err := t.merchant.RunNow(ctx); err != nil {
		return "", err
	}
	run, err := t.demo.watchRun(ctx, t.merchant, progress.New(io.Discard))
	if err != nil {
		return "", err
	}
	c := run.Counters
	if c.Created+c.Updated+c.Categories+c.Images > 0 || c.Unchanged < 1200 {
		return "", fmt.Errorf("created %d, updated %d, categories %d, pictures %d, unchanged %d",
			c.Created, c.Updated, c.Categories, c.Images, c.Unchanged)
	}
	return fmt.Sprintf("%d products unchanged", c.Unchanged), nil
}

// postcard is what the buyer has written on the card that goes with the goods.
const postcard = "З днем народження!"

func (t *selftest) buy(ctx context.Context) (string, error) {
	buyer, err := visit.NewBuyer(t.demo.shop.url)
	if err != nil {
		return "", err
	}
	t.bought, err = buyer.Buy(ctx, visit.Purchase{
		Landing: "/?utm_source=google&utm_medium=cpc&utm_campaign=selftest", Search: "футболка", Quantity: 2,
		Fields: url.Values{
			"name": {"Олена Тестенко"}, "phone": {"067 123 45 67"}, "email": {"olena@example.com"},
			"delivery": {"np_branch"}, "payment": {"card"}, "promo": {"ЛІТО5"}, "addon_gift_wrap": {"1"},
			"addon_postcard": {"1"}, "postcard_text": {postcard},
			"comment": {"Подзвоніть перед відправкою"},
		},
	})
	if err != nil {
		return "", err
	}
	return "order " + t.bought.Number, nil
}

func (t *selftest) order(ctx context.Context) (string, error) {
	err := eventually(ctx, 15*time.Second, func(ctx context.Context) error {
		var err error
		t.sold, err = t.manager.FindOrder(ctx, t.bought.Number)
		return err
	})
	if err != nil {
		return "", err
	}
	buyer, err := visit.NewBuyer(t.demo.shop.url)
	if err != nil {
		return "", err
	}
	total, err := buyer.Total(ctx, t.bought)
	if err != nil {
		return "", err
	}
	if err := checkOrder(t.sold, total); err != nil {
		return "", err
	}
	return fmt.Sprintf("KeyCRM order %d, %s UAH, buyer, lines, delivery, payment and UTM as bought", t.sold.ID, total), nil
}

// checkOrder compares what the CRM has with what was bought.
func checkOrder(o *keycrm.Order, total decimal.Decimal) error {
	var wrong []string
	want := func(what string, ok bool) {
		if !ok {
			wrong = append(wrong, what)
		}
	}
	want("total", o.GrandTotal.Decimal.Equal(total))
	want("buyer", o.Buyer != nil && o.Buyer.FullName == "Олена Тестенко")
	want("phone", o.Buyer != nil && slices.Contains(o.Buyer.Phones, "+380671234567"))
	want("UTM", o.Marketing != nil && o.Marketing.Source == "google" && o.Marketing.Campaign == "selftest")
	want("quantity", len(o.Products) > 0 && o.Products[0].Quantity.Decimal.Equal(decimal.NewFromInt(2)))
	want("SKU", len(o.Products) > 0 && o.Products[0].SKU != "")
	want("delivery", o.Shipping != nil && o.Shipping.DeliveryServiceID != 0 && o.Shipping.ReceivePoint != "")
	want("payment", len(o.Payments) == 1 && o.Payments[0].Status == "paid" && o.Payments[0].Amount.Decimal.Equal(total))
	want("postcard", slices.ContainsFunc(o.CustomFields, func(v keycrm.FieldValue) bool { return slices.Contains(v.Texts(), postcard) }))
	want("comment", o.BuyerComment == "Подзвоніть перед відправкою")
	if len(wrong) > 0 {
		return fmt.Errorf("KeyCRM order %d differs in: %s", o.ID, strings.Join(wrong, ", "))
	}
	return nil
}

func (t *selftest) number(ctx context.Context) (string, error) {
	want := fmt.Sprint(t.sold.ID)
	err := eventually(ctx, 10*time.Second, func(ctx context.Context) error {
		o, err := t.merchant.Order(ctx, t.bought.Number)
		if err == nil && o.CRMID != want {
			err = fmt.Errorf("the admin shows %q, want %s", o.CRMID, want)
		}
		return err
	})
	return want + " stands on the shop's order", err
}

func (t *selftest) status(ctx context.Context) (string, error) {
	before, err := t.merchant.Order(ctx, t.bought.Number)
	if err != nil {
		return "", err
	}
	if err := t.manager.MoveStatus(ctx, t.sold.ID, "Погоджено"); err != nil {
		return "", err
	}
	err = eventually(ctx, 15*time.Second, func(ctx context.Context) error {
		o, err := t.merchant.Order(ctx, t.bought.Number)
		if err == nil && o.Status != "confirmed" {
			err = fmt.Errorf("the shop's order is %q, want confirmed", o.Status)
		}
		return err
	})
	return before.Status + " → confirmed", err
}

func shorten(s string, letters int) string {
	if r := []rune(s); len(r) > letters {
		return string(r[:letters]) + "…"
	}
	return s
}
