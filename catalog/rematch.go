package catalog

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// ErrNoKey: «Не оновлювати» is set, so there is no key to match by.
var ErrNoKey = fmt.Errorf("there is no key to match by: %w", plugin.ErrRefused)

// Rematch is a full run that also looks, by the key that is set now, for the products that others of
// the shop were linked to before. It is a preview: links change only once somebody approves, all at
// once, and where the key finds one product beyond doubt. A link stays when the key finds none,
// several, or what belongs to another; so do links of products we have created, which bear the CRM's
// id. Errors: as Start's, and ErrNoKey.
func (e *Engine) Rematch(ctx context.Context, id plugin.ConnectionID, by string) (int64, error) {
	conn, err := e.deps.Connections.Get(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("rematch: %w", err)
	}
	if conn.Settings.Catalog.Match == settings.MatchNever {
		return 0, fmt.Errorf("rematch %s: %w", id, ErrNoKey)
	}
	return e.start(ctx, id, request{kind: Full, preview: true, rematch: true, by: by})
}

// decideRematch plans a linked product whose link is in question.
func decideRematch(r rules, g crmProduct, f productInputs) decision {
	found, none := match(r, g, f)
	switch {
	case none != nil:
		d := decideLinked(r, g, f)
		d.Items = append(d.Items, none.Items...)
		return d
	case found == nil:
		d := decideLinked(r, g, f)
		d.item(ItemNote, ReasonLinkKept, nil)
		return d
	case found.ID == f.Shop.ID:
		return decideLinked(r, g, f)
	}
	was := *f.Shop
	f.Link, f.Shop = nil, nil
	d := decideMatched(r, g, f, *found)
	if d.Joins {
		d.From = was.ID
		to := Change{Product: found.ID, Field: FieldLink, Old: linkText(was), New: linkText(*found)}
		d.Changes = append([]Change{to}, d.Changes...)
	}
	return d
}

func linkText(p plugin.Product) string { return cut(p.Name) + " (" + string(p.ID) + ")" }

// claim is a product that a plan would link, and who holds the shop product now.
type claim struct {
	CRM     string           `db:"crm_id"`
	Name    string           `db:"name"`
	Product plugin.ProductID `db:"product_id"`
	Holder  string           `db:"holder"` // the CRM's product; empty: nobody
	// Other: the holder belongs to another connection.
	Other bool `db:"other"`
}

// barred answers the claims that cannot be met: those on products whose holders do not let go of them.
func barred(claims []claim) []claim {
	moves := make(map[string]bool, len(claims))
	for _, c := range claims {
		moves[c.CRM] = true
	}
	var out []claim
	for again := true; again; {
		again = false
		for _, c := range claims {
			free := c.Holder == "" || !c.Other && (c.Holder == c.CRM || moves[c.Holder])
			if moves[c.CRM] && !free {
				delete(moves, c.CRM)
				out = append(out, c)
				again = true
			}
		}
	}
	return out
}

// bar takes plans that cannot be met out and lists them.
func (w *worker) bar(ctx context.Context, tx *sqlx.Tx, run *Run) error {
	claims, err := w.e.store.claims(ctx, tx, *run)
	if err != nil {
		return err
	}
	var marks []planOutcome
	var items []Item
	for _, c := range barred(claims) {
		marks = append(marks, planOutcome{CRM: c.CRM, State: planDropped, Product: c.Product})
		items = append(items, Item{
			Kind: ItemConflict, CRMID: c.CRM, Product: c.Product, Name: c.Name, Reason: ReasonLinkedElsewhere,
			Params: Params{"product": string(c.Product), "crm": c.Holder},
		})
	}
	run.Counters.count(items)
	if err := w.e.store.addItems(ctx, tx, run.ID, items, w.e.now()); err != nil {
		return err
	}
	return w.e.store.markPlans(ctx, tx, run.ID, marks)
}

// foresee looks at the links that a rematching run would change, before anybody is asked.
func (w *worker) foresee(ctx context.Context, tx *sqlx.Tx, run *Run) error {
	if !run.Rematch {
		return nil
	}
	if err := w.bar(ctx, tx, run); err != nil {
		return err
	}
	n, err := w.e.store.countRelinks(ctx, tx, run.ID)
	if err == nil && n > 0 {
		run.Guards = append(run.Guards, Guard{Code: GuardRematch, Params: Params{"count": strconv.Itoa(n)}})
	}
	return err
}

// relink changes the links of an approved plan, all of them in one transaction: two products that
// change places never stand in each other's way, and a crash leaves either all old or all new.
func (w *worker) relink(ctx context.Context) error {
	run := w.next()
	run.enter(firstWrite(run.Kind))
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.bar(ctx, tx, run); err != nil {
			return err
		}
		return w.e.store.relink(ctx, tx, *run, w.e.now())
	})
}

// afterVerify is what follows once nothing has moved.
func (w *worker) afterVerify() Phase {
	if w.run.Rematch {
		return Relink
	}
	return firstWrite(w.run.Kind)
}
