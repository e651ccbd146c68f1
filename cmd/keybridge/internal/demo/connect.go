package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/cmd/keybridge/internal/progress"
	"github.com/keybridge/keybridge/cmd/keybridge/internal/visit"
)

// wishes are what the demo's merchant sets; everything else is what the page proposes.
func wishes() visit.Wishes {
	return visit.Wishes{
		Target: "Створювати в замовленнях", NewProducts: "Опублікувати", Source: "Мій магазин",
		AddOns: map[string]string{"Не дзвоніть мені": "Без дзвінка"},
	}
}

// firstSync is how long the first synchronisation of the demo may take.
const firstSync = 10 * time.Minute

// connect joins the shop with the CRM as a merchant would, unless that was done at an earlier start,
// and shows the first synchronisation.
func (d *demo) connect(ctx context.Context) error {
	merchant, err := d.merchant(ctx)
	if err != nil {
		return err
	}
	switch err := merchant.Open(ctx); {
	case err == nil:
		return d.setTrigger(ctx, merchant) // the shop's port may have changed
	case !errors.Is(err, visit.ErrNotConnected):
		return err
	}
	if err := merchant.Connect(ctx, d.key()); err != nil {
		return fmt.Errorf("connect KeyCRM: %w", err)
	}
	if d.services.sim == nil {
		fmt.Fprintln(d.cfg.Out, "KeyCRM is connected. Nothing is synchronised until you save the settings on its page.")
		return nil
	}
	if err := merchant.Save(ctx, wishes()); err != nil {
		return err
	}
	if err := d.setTrigger(ctx, merchant); err != nil {
		return err
	}
	if err := merchant.RunNow(ctx); err != nil {
		return err
	}
	fmt.Fprintln(d.cfg.Out, "First synchronisation of the catalog:")
	_, err = d.watchRun(ctx, merchant, progress.New(d.cfg.Out))
	return err
}

// merchant signs in as the owner of the shop.
func (d *demo) merchant(ctx context.Context) (*visit.Merchant, error) {
	staff, err := visit.SignIn(ctx, d.shop.url, "admin", d.state.AdminPassword)
	if err != nil {
		return nil, err
	}
	return visit.NewMerchant(staff), nil
}

// key is the API key the demo connects with.
func (d *demo) key() string {
	if d.cfg.Key == "" && d.services.sim != nil {
		return d.services.sim.Key()
	}
	return d.cfg.Key
}

// setTrigger makes the automation in the simulated KeyCRM that tells the shop of new statuses, and the
// webhook that tells it of stock.
func (d *demo) setTrigger(ctx context.Context, merchant *visit.Merchant) error {
	if d.services.sim == nil {
		return nil
	}
	link, source, err := merchant.WebhookLink(ctx)
	if err != nil {
		return err
	}
	manager, err := visit.NewManager(d.services.sim.URL(), d.services.sim.Key())
	if err != nil {
		return err
	}
	stock, err := merchant.StockLink(ctx)
	if err != nil {
		return err
	}
	if err := manager.SetStockHook(ctx, stock); err != nil {
		return err
	}
	return manager.SetTrigger(ctx, visit.Trigger{
		Name: "Статус замовлення → магазин", Event: "order.change_order_status", URL: link, Source: source,
	})
}

// watchRun shows the latest run until it is over.
func (d *demo) watchRun(ctx context.Context, merchant *visit.Merchant, bar *progress.Bar) (visit.Run, error) {
	var last visit.Run
	err := eventually(ctx, firstSync, func(ctx context.Context) error {
		runs, err := merchant.Runs(ctx)
		if err != nil {
			return err
		}
		if len(runs) == 0 {
			return errors.New("no synchronisation has started")
		}
		last = runs[0]
		bar.Show(progress.Words(last.Kind, last.Phase, last.Done, last.Total), progress.Overall(last.Kind, last.Phase, last.Done, last.Total))
		if !last.Over() {
			return fmt.Errorf("the synchronisation is %s (%s, %d of %d)", last.State, last.Phase, last.Done, last.Total)
		}
		return nil
	})
	if err != nil {
		return last, err
	}
	if last.State != "done" {
		return last, fmt.Errorf("the synchronisation ended as %s: %s", last.State, last.Code)
	}
	c := last.Counters
	bar.End(fmt.Sprintf("%d products created, %d updated, %d unchanged, %d categories, %d pictures, in %d requests",
		c.Created, c.Updated, c.Unchanged, c.Categories, c.Images, c.Requests))
	return last, nil
}
