package api

import (
	"cmp"
	"net/http"
	"time"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

type entryJSON struct {
	ID     int64             `json:"id"`
	Order  plugin.OrderID    `json:"order"`
	Number string            `json:"number,omitempty"`
	State  orders.EntryState `json:"state"`
	Reason orders.Reason     `json:"reason,omitempty"`
	Params orders.Params     `json:"params,omitempty"`
	// Unrouted: no connection took it.
	Unrouted bool      `json:"unrouted,omitempty"`
	Attempts int       `json:"attempts"`
	PlacedAt time.Time `json:"placed_at"`
	NextAt   time.Time `json:"next_at,omitzero"`
	CRMID    string    `json:"crm_id,omitempty"`
	CRMURL   string    `json:"crm_url,omitempty"`
	// Waits: a person must look at it.
	Waits bool `json:"waits,omitempty"`
	// Cursor, given as "before", asks for those behind this one.
	Cursor string `json:"cursor"`
}

// journal lists orders, newest first: of all, of a state, or those that wait for a person ("show").
func (h *handler) journal(r *http.Request, req *web.Request) (int, any, error) {
	show := cmp.Or(r.URL.Query().Get("show"), service.ShowAll)
	if !service.Shows(show) {
		return 0, nil, web.ErrNotFound
	}
	f, err := service.JournalFilter(req, show, r.URL.Query().Get("before"))
	if err != nil {
		return 0, nil, err
	}
	rows, err := h.svc.Journal.List(r.Context(), f, service.JournalShown)
	if err != nil {
		return 0, nil, err
	}
	out := make([]entryJSON, 0, len(rows))
	for _, row := range rows {
		out = append(out, entryJSON{
			row.ID, row.Order, row.Number, row.State, row.Reason, row.Params, row.Connection == "", row.Attempts, row.PlacedAt, row.NextAt,
			row.CRMID, row.CRMURL, row.Waits(), service.JournalCursor(row),
		})
	}
	return http.StatusOK, out, nil
}
