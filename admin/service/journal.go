package service

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
)

// JournalOf is what a connection's page lists: its own orders, and those that no connection took and
// that it may still send.
func JournalOf(req *web.Request) orders.Filter {
	return orders.Filter{Shop: req.Operator.Shop, Connection: req.Conn.ID, Unrouted: req.Conn.Settings.Orders.Target != settings.TargetOff}
}

// EntryStates are all states, the most pressing first.
func EntryStates() []orders.EntryState {
	return []orders.EntryState{
		orders.Blocked, orders.Dead, orders.Checking, orders.Retrying, orders.Sending, orders.Pending, orders.Created,
		orders.Done, orders.Ignored,
	}
}

// What of the journal is shown, beside a state: ShowWaiting what waits for a person, ShowAll everything.
const (
	ShowWaiting = "waiting"
	ShowAll     = "all"
)

// Shows reports whether there is such a part of the journal.
func Shows(part string) bool {
	return part == ShowAll || part == ShowWaiting || slices.Contains(EntryStates(), orders.EntryState(part))
}

// JournalFilter is the part of the journal that is shown, from behind a cursor on; no cursor is the beginning.
// Errors: web.ErrNotFound for what is no cursor.
func JournalFilter(req *web.Request, show, before string) (orders.Filter, error) {
	f := JournalOf(req)
	switch show {
	case ShowWaiting:
		f.Waiting = true
	case ShowAll:
	default:
		f.States = []orders.EntryState{orders.EntryState(show)}
	}
	if before == "" {
		return f, nil
	}
	at, id, _ := strings.Cut(before, ".")
	micros, errAt := strconv.ParseInt(at, 10, 64)
	row, errID := strconv.ParseInt(id, 10, 64)
	if errAt != nil || errID != nil {
		return f, web.ErrNotFound
	}
	placed := time.UnixMicro(micros).UTC()
	if year := placed.Year(); year < 1 || year > 9999 { // no order is that old, and the database cannot hold it
		return f, web.ErrNotFound
	}
	f.Before = &orders.Row{ID: row, PlacedAt: placed}
	return f, nil
}

// JournalCursor names a row, so that the list can go on behind it.
func JournalCursor(row orders.Row) string {
	return fmt.Sprintf("%d.%d", row.PlacedAt.UnixMicro(), row.ID)
}
