package words

import (
	"strconv"
	"strings"
	"time"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// WaitsMessage tells the merchant that a run waits for a decision.
func WaitsMessage(w *i18n.Words, n catalog.ApprovalRequest) plugin.Message {
	return plugin.Message{
		Shop: n.Shop, Severity: plugin.Problem, Key: waitsKey(n), Title: w.T("message.waits.title"),
		Text: strings.Join(guardTexts(w, n.Guards), " ") + " " + w.T("message.waits.text"),
		Path: "c/" + string(n.Connection) + "/runs/" + strconv.FormatInt(n.Run, 10) + "/plan", At: n.At,
	}
}

// waitsKey lets the message of a price run replace that of the one which gave way to it, and leave that
// of a full run that waits as well.
func waitsKey(n catalog.ApprovalRequest) string {
	key := "run-waits-" + string(n.Connection)
	if n.Kind == catalog.Prices {
		key += "-prices"
	}
	return key
}

// HeldMessage tells the merchant that stock is held back.
func HeldMessage(w *i18n.Words, n catalog.HeldNotice) plugin.Message {
	m := plugin.Message{
		Shop: n.Shop, Severity: plugin.Problem, Key: "stock-held-" + string(n.Connection), Title: w.T("message.held.title"),
		Text: w.N("message.held.text", n.Count), Path: "c/" + string(n.Connection) + "/held", At: n.At,
	}
	if n.Again {
		m.Title = w.T("message.held.again")
	}
	for _, c := range n.Causes {
		if c.Setting != "" {
			m.Text += Setting(w, c.Setting)
			break
		}
	}
	return m
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

// TroubleMessage tells the merchant what the trouble is and what to do. failed is the run that RunsFailed is
// about; of the other kinds it is not looked at. A newer message about the same replaces it.
func TroubleMessage(w *i18n.Words, t Trouble, failed catalog.Run, at time.Time) plugin.Message {
	family := "message." + string(t.Kind)
	m := plugin.Message{
		Shop: t.Shop, Severity: plugin.Problem, Key: string(t.Kind) + "-" + string(t.Connection), At: at,
		Title: w.T(family + ".title"), Text: w.N(family+".text", t.Count), Path: "c/" + string(t.Connection),
	}
	switch t.Kind {
	case RunsFailed:
		if told := DescribeRun(w, failed); told.Reason != "" {
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
	case MovesRefused: // what is to be done is said by the text
	}
	return m
}
