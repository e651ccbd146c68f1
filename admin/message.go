package admin

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// WaitsMessage tells the merchant, in the shop's language, that a run waits for a decision.
func (a *Admin) WaitsMessage(ctx context.Context, n catalog.Waits) (plugin.Message, error) {
	w, err := a.wordsOf(ctx, n.Shop)
	if err != nil {
		return plugin.Message{}, fmt.Errorf("message about run %d: %w", n.Run, err)
	}
	var why []string
	for _, g := range n.Guards {
		why = append(why, guardText(w, g))
	}
	return plugin.Message{
		Shop: n.Shop, Severity: plugin.Problem, Key: waitsKey(n), Title: w.T("message.waits.title"),
		Text: strings.Join(why, " ") + " " + w.T("message.waits.text"),
		Path: "c/" + string(n.Connection) + "/runs/" + strconv.FormatInt(n.Run, 10) + "/plan", At: n.At,
	}, nil
}

// waitsKey lets the message of a price run replace that of the one which gave way to it, and leave that
// of a full run that waits as well.
func waitsKey(n catalog.Waits) string {
	key := "run-waits-" + string(n.Connection)
	if n.Kind == catalog.Prices {
		key += "-prices"
	}
	return key
}

// wordsOf are the words of the shop's language.
func (a *Admin) wordsOf(ctx context.Context, id plugin.ShopID) (*i18n.Words, error) {
	shop, err := a.Host.Shop(ctx, id)
	if err != nil {
		return nil, err
	}
	profile, err := shop.Profile(ctx)
	if err != nil {
		return nil, err
	}
	return a.words.For(profile.Locale), nil
}

// TroubleKind is a state of a connection that its merchant is told of.
type TroubleKind string

// The kinds of trouble.
const (
	// RunsFailed: the latest runs failed; Count of them in a row, Run the latest.
	RunsFailed TroubleKind = "runs_failed"
	// ProductsFailed: Run ended well but for Count products.
	ProductsFailed TroubleKind = "products_failed"
	// OrdersWait: Count orders go no further without a person.
	OrdersWait TroubleKind = "orders_wait"
	// MovesRefused: the shop refused Count statuses of the CRM.
	MovesRefused TroubleKind = "moves_refused"
	// KeyRefused: the CRM does not accept the key; Count orders wait for it.
	KeyRefused TroubleKind = "key_refused"
)

// TroubleKinds lists every kind.
func TroubleKinds() []TroubleKind {
	return []TroubleKind{RunsFailed, ProductsFailed, OrdersWait, MovesRefused, KeyRefused}
}

// Trouble is such a state as it is now.
type Trouble struct {
	Kind       TroubleKind         `db:"-"`
	Shop       plugin.ShopID       `db:"shop_id"`
	Connection plugin.ConnectionID `db:"connection_id"`
	Count      int                 `db:"count"`
	Run        int64               `db:"run"` // 0: it is not about runs
}

// TroubleMessage tells the merchant, in the shop's language, what the trouble is and what to do. A newer
// message about the same replaces it.
func (a *Admin) TroubleMessage(ctx context.Context, t Trouble, at time.Time) (plugin.Message, error) {
	w, err := a.wordsOf(ctx, t.Shop)
	if err != nil {
		return plugin.Message{}, err
	}
	family := "message." + string(t.Kind)
	m := plugin.Message{
		Shop: t.Shop, Severity: plugin.Problem, Key: string(t.Kind) + "-" + string(t.Connection), At: at,
		Title: w.T(family + ".title"), Text: w.N(family+".text", t.Count), Path: "c/" + string(t.Connection),
	}
	switch t.Kind {
	case RunsFailed:
		run, err := a.Runs.Run(ctx, t.Run)
		if err != nil {
			return plugin.Message{}, err
		}
		if told := DescribeRun(w, run); told.Reason != "" {
			m.Text = told.Kind + ": " + told.Reason + " " + m.Text
		}
	case OrdersWait:
		m.Path += "/journal"
	case ProductsFailed:
		m.Path += "/runs/" + strconv.FormatInt(t.Run, 10) + "/items"
	case KeyRefused:
		if t.Count > 0 {
			m.Text += " " + w.N(family+".orders", t.Count)
		}
	}
	return m, nil
}
