package catalog

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// PreviewKept is how long a preview waits for a person before it lapses. A run that a guard stopped
// waits as long as it takes.
const PreviewKept = time.Hour

var (
	// ErrNotWaiting: the run does not wait for approval, or not any more.
	ErrNotWaiting = fmt.Errorf("the run does not wait for approval: %w", plugin.ErrConflict)
	// ErrMoved: the settings have changed since the run planned, so its plan is not what they ask for.
	ErrMoved = fmt.Errorf("the settings have changed since: %w", plugin.ErrConflict)
)

// Waits tells that a run waits for approval.
type Waits struct {
	Shop       plugin.ShopID
	Connection plugin.ConnectionID
	Run        int64
	Kind       Kind
	Guards     []Guard
	At         time.Time
}

// Approve lets a run that waits for approval write its plan, and nothing but that. Before it writes,
// the run looks again at both sides of everything planned, in a worker: a product that has changed in
// the shop or in the CRM since it was planned is left alone and listed as ReasonMoved, for the next
// run. Errors: plugin.ErrNotFound, ErrNotWaiting, ErrMoved, ErrOff.
func (e *Engine) Approve(ctx context.Context, id int64, by string) error {
	run, err := e.Run(ctx, id)
	if err != nil {
		return err
	}
	if run.State != Approval {
		return fmt.Errorf("approve run %d: %w", id, ErrNotWaiting)
	}
	conn, err := e.deps.Connections.Get(ctx, run.Connection)
	if err != nil {
		return fmt.Errorf("approve run %d: %w", id, err)
	}
	if !conn.Enabled || !e.active(run.Shop) {
		return fmt.Errorf("approve run %d: %w", id, ErrOff)
	}
	if !bytes.Equal(toJSON(conn.Settings.Catalog), toJSON(run.Settings)) {
		return fmt.Errorf("approve run %d: %w", id, ErrMoved)
	}
	ok, err := e.store.approve(ctx, id, by, e.now())
	if err == nil && !ok {
		err = fmt.Errorf("approve run %d: %w", id, ErrNotWaiting)
	}
	return err
}

// Intended is what a run means to do about one product.
type Intended struct {
	CRMID   string
	Product plugin.ProductID // empty: it is to be created
	Name    string
	Action  string // "create", "update", "link" or "missing"
	Changes []Change
	// Pictures counts those that the product shall have; 0: they stay as they are.
	Pictures int
}

// Plan lists what a run means to do, in the order of the CRM's ids, from behind the product after
// (empty: from the first). It is empty before the run has planned and once the run is over.
func (e *Engine) Plan(ctx context.Context, run int64, after string, limit int) ([]Intended, error) {
	plans, err := e.store.pendingPlans(ctx, run, after, limit)
	if err != nil {
		return nil, err
	}
	return each(plans, func(p planned) Intended {
		return Intended{
			CRMID: p.CRM, Product: p.Product, Name: p.Name, Action: string(p.Action), Changes: p.Changes,
			Pictures: len(p.Images),
		}
	}), nil
}

// PlanCounts counts a plan by what is to be done.
type PlanCounts struct {
	Create  int `db:"to_create"`
	Update  int `db:"to_update"`
	Link    int `db:"to_link"`
	Missing int `db:"to_miss"`
	// Categories counts those to be created, renamed, moved or linked.
	Categories int `db:"to_tree"`
}

// PlanCounts counts what Plan and PlanTree list.
func (e *Engine) PlanCounts(ctx context.Context, run int64) (PlanCounts, error) {
	return e.store.planCounts(ctx, run)
}

// verify takes products that have changed on either side out of an approved plan.
func (w *worker) verify(ctx context.Context) error {
	at, err := w.run.at()
	if err != nil {
		return err
	}
	if at.Group == 0 {
		return w.verifyTree(ctx)
	}
	plans, err := w.e.store.pendingPlans(ctx, w.run.ID, at.Page, GroupSize)
	if err != nil {
		return err
	}
	if len(plans) == 0 {
		run := w.next()
		run.enter(w.afterVerify())
		return w.commit(ctx, run, func(tx *sqlx.Tx) error { return w.takeLinks(ctx, tx, *run) })
	}
	shop, err := w.movedInShop(ctx, plans)
	if err != nil {
		return err
	}
	run := w.next()
	crm, err := w.movedInCRM(ctx, run, plans)
	if err != nil {
		return err
	}
	var marks []written
	var items []Item
	for _, p := range plans {
		side := "crm"
		switch {
		case shop[p.CRM]:
			side = "shop"
		case !crm[p.CRM]:
			continue
		}
		marks = append(marks, written{CRM: p.CRM, State: planDropped, Product: p.Product})
		items = append(items, Item{Kind: ItemSkip, CRMID: p.CRM, Product: p.Product, Name: p.Name, Reason: ReasonMoved, Params: Params{"side": side}})
	}
	run.Done += int64(len(plans))
	run.moveTo(cursor{Group: 1, Page: plans[len(plans)-1].CRM})
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		run.Counters.count(items)
		if err := w.e.store.addItems(ctx, tx, run.ID, items, w.e.now()); err != nil {
			return err
		}
		return w.e.store.markPlans(ctx, tx, run.ID, marks)
	})
}

// movedInShop answers those whose shop product is not the one that was planned for.
func (w *worker) movedInShop(ctx context.Context, plans []planned) (map[string]bool, error) {
	var ids []plugin.ProductID
	for _, p := range plans {
		if p.Product != "" {
			ids = append(ids, p.Product)
		}
	}
	out := map[string]bool{}
	if len(ids) == 0 {
		return out, nil
	}
	versions, err := w.catalog.Versions(ctx, ids)
	if err != nil {
		return nil, fromShop(err)
	}
	for _, p := range plans {
		out[p.CRM] = p.Product != "" && versions[p.Product] != p.Seen
	}
	return out, nil
}

// movedInCRM reads the products again and answers those of which the CRM no longer says what was
// planned from.
func (w *worker) movedInCRM(ctx context.Context, run *Run, plans []planned) (map[string]bool, error) {
	source, err := w.crm(ctx)
	if err != nil {
		return nil, err
	}
	if run.Kind == Prices {
		return w.pricesMoved(ctx, source, run, plans)
	}
	ids := each(plans, func(p planned) string { return p.CRM })
	asked := w.askedFor(ids)
	page, err := source.ProductPage(ctx, ProductQuery{IDs: asked, Archived: true}, "")
	if err != nil {
		return nil, fmt.Errorf("verify %d products: %w", len(asked), err)
	}
	run.Counters.Requests++
	offers, err := w.offersNow(ctx, source, run, asked)
	if err != nil {
		return nil, err
	}
	if w.rules.Can.AsProducts {
		now, parts := splitHashes(page.Rows, offers)
		return w.e.store.differ(ctx, run.ID, ids, now, parts)
	}
	now, parts := map[string][]byte{}, map[string]map[string][]byte{}
	for _, p := range w.stagedProducts(page.Rows, false) {
		if p.Presence == live {
			now[p.ID] = p.Hash
		}
	}
	for id, list := range offers {
		parts[id] = hashesOf(list)
	}
	return w.e.store.differ(ctx, run.ID, ids, now, parts)
}

// offersNow reads the offers of some products again and answers them by product.
func (w *worker) offersNow(ctx context.Context, source CRM, run *Run, products []string) (map[string][]Offer, error) {
	out := map[string][]Offer{}
	read := 0
	for cursor := ""; ; {
		page, err := source.OfferPage(ctx, OfferQuery{Products: products}, cursor)
		if err != nil {
			return nil, fmt.Errorf("verify offers: %w", err)
		}
		run.Counters.Requests++
		read += len(page.Rows)
		if _, err := w.inWarehouses(ctx, source, run, page.Rows); err != nil {
			return nil, err
		}
		for _, o := range page.Rows {
			o = o.scrubbed()
			out[o.ProductID] = append(out[o.ProductID], o)
		}
		if cursor = page.Next; cursor == "" || read > page.Total+GroupSize*maxStale {
			return out, nil
		}
	}
}
