package session

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"unicode"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// saidParam is the parameter of items that holds the shop's own words about them.
const saidParam = "message"

// secretive are parts of an error's text that no list may show: what stands before the host of an address,
// values that are called secrets, mail addresses and phone numbers. The shop promises to put none of that
// into an error; its drivers promise nothing.
var secretive = regexp.MustCompile(`://[^/\s@]*@` +
	`|(?i:[\w-]*(?:password|passwd|pwd|secret|token|api[_-]?key|authorization)["']?\s*[:=]\s*(?:bearer\s+|basic\s+)?(?:"[^"]*"|'[^']*'|[^\s,;&]+))` +
	`|[\w.+-]+@[\w-]+(?:\.[\w-]+)+` +
	`|\+\d[\d ()-]{8,}\d`)

// shopText answers what the shop says of an item, for people to read: without the words of the contract's own
// errors, control characters and what may be secret, and not too long. Empty when it says nothing more
// than that.
func shopText(err error) string {
	var refusal *plugin.Refusal
	text := ""
	switch {
	case errors.As(err, &refusal):
		text = refusal.Reason
	case err != nil:
		text = withoutSentinel(err)
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, safehtml.Text(text))
	text = secretive.ReplaceAllString(text, "…")
	return plan.Cut(strings.Join(strings.Fields(text), " "))
}

// withoutSentinel is the text of an error less that of the sentinel it wraps, at either end.
func withoutSentinel(err error) string {
	text := err.Error()
	for _, s := range []error{
		plugin.ErrNotFound, plugin.ErrInvalid, plugin.ErrConflict, plugin.ErrRefused, plugin.ErrUnsupported, plugin.ErrTemporary,
	} {
		if !errors.Is(err, s) {
			continue
		}
		if text == s.Error() {
			return ""
		}
		text = strings.TrimPrefix(strings.TrimSuffix(text, ": "+s.Error()), s.Error()+": ")
	}
	return text
}

// TextParams are the parameters of an item that the shop did not take: what it said, without secrets; nil when it said
// nothing.
func TextParams(err error) catalog.Params {
	if text := shopText(err); text != "" {
		return catalog.Params{saidParam: text}
	}
	return nil
}

// saidMost is how many different texts of the shop one slice logs: when each product has one of its own,
// the run's items have the rest.
const saidMost = 20

// ListItems stores what a run left alone, and logs each text of the shop once a run. Errors: our database's.
func (w *Session) ListItems(ctx context.Context, tx *sqlx.Tx, items []catalog.Item) error {
	fresh := w.NewTexts(items)
	if len(fresh) > 0 {
		before, err := w.Store.Runs.TextsBefore(ctx, tx, w.Run.ID, sliceutil.Map(fresh, func(it catalog.Item) string { return it.Params[saidParam] }))
		if err != nil {
			return err
		}
		for _, it := range fresh {
			if text := it.Params[saidParam]; !before[text] {
				w.LogText(it)
			}
		}
	}
	return w.Store.Runs.AddItems(ctx, tx, w.Run.ID, items, w.Now())
}

// NewTexts are items with a text of the shop that this slice has not seen yet.
func (c *Connection) NewTexts(items []catalog.Item) []catalog.Item {
	var fresh []catalog.Item
	for _, it := range items {
		text := it.Params[saidParam]
		if text == "" || c.said[text] || len(c.said) >= saidMost {
			continue
		}
		if c.said == nil {
			c.said = map[string]bool{}
		}
		c.said[text] = true
		fresh = append(fresh, it)
	}
	return fresh
}

// LogText logs what the shop said about an item.
func (c *Connection) LogText(it catalog.Item) {
	c.Deps.Log.Warn("the shop did not take an item", "for", c.Ref, "connection", c.ID, "reason", it.Reason,
		"crm_id", it.CRMID, "product", it.Product, "text", it.Params[saidParam])
}
