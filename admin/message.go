package admin

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// WaitsMessage tells the merchant, in the shop's language, that a run waits for a decision.
func (a *Admin) WaitsMessage(ctx context.Context, n catalog.Waits) (plugin.Message, error) {
	shop, err := a.Host.Shop(ctx, n.Shop)
	if err != nil {
		return plugin.Message{}, fmt.Errorf("message about run %d: %w", n.Run, err)
	}
	profile, err := shop.Profile(ctx)
	if err != nil {
		return plugin.Message{}, fmt.Errorf("message about run %d: %w", n.Run, err)
	}
	w := a.words.For(profile.Locale)
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
