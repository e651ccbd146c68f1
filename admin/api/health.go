package api

import (
	"net/http"
	"time"

	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

type healthJSON struct {
	Database bool        `json:"database"`
	Redis    bool        `json:"redis"`
	Workers  bool        `json:"workers"`
	Budget   *budgetJSON `json:"budget,omitempty"`
	Queues   []queueJSON `json:"queues,omitempty"`
}

type budgetJSON struct {
	Limit   int         `json:"limit"`
	Used    int         `json:"used"`
	Free    int         `json:"free"`
	Waiting waitingJSON `json:"waiting"`
	// PausedUntil is until when nothing is sent.
	PausedUntil time.Time `json:"still_until,omitzero"`
}

type waitingJSON struct {
	Clicks     int `json:"clicks"`
	Statuses   int `json:"statuses"`
	Orders     int `json:"orders"`
	Background int `json:"runs"`
}

type queueJSON struct {
	Name          string  `json:"name"`
	Waiting       int     `json:"waiting"`
	Running       int     `json:"running"`
	Later         int     `json:"later"`
	Dead          int     `json:"dead"`
	OldestSeconds float64 `json:"oldest_seconds"`
}

func (h *handler) health(r *http.Request, req *web.Request) (int, any, error) {
	now := h.svc.Health(r.Context())
	l := h.svc.Load(r.Context(), req.Conn.ID, now)
	out := healthJSON{Database: now.Database, Redis: l.Redis, Workers: now.Workers}
	if u := l.Usage; u != nil {
		out.Budget = &budgetJSON{
			Limit: u.Limit, Used: u.Used, Free: u.Free(), Waiting: waitingJSON(u.Waiting), PausedUntil: u.StoppedUntil(),
		}
	}
	for _, q := range l.Queues {
		out.Queues = append(out.Queues, queueJSON{q.Name, q.Waiting, q.Running, q.Later, q.Dead, q.Oldest.Seconds()})
	}
	return http.StatusOK, out, nil
}

// stockJSON is the status of stock notifications. It holds no link. Times are UTC; zero ones are left out.
type stockJSON struct {
	Calls         int64             `json:"calls"`
	ReceivedAt    time.Time         `json:"received_at,omitzero"`
	AppliedAt     time.Time         `json:"applied_at,omitzero"`
	Written       int64             `json:"written"`
	Waiting       int64             `json:"waiting"`
	Unknown       int64             `json:"unknown"`
	UnknownOffers []string          `json:"unknown_offers,omitempty"`
	Reason        string            `json:"reason,omitempty"`
	Changes       []stockChangeJSON `json:"changes"`
}

type stockChangeJSON struct {
	At      time.Time        `json:"at"`
	CRMID   string           `json:"crm_id"`
	Product plugin.ProductID `json:"product"`
	Variant plugin.VariantID `json:"variant"`
	Name    string           `json:"name"`
	Field   catalog.Field    `json:"field"`
	Old     string           `json:"old"`
	New     string           `json:"new"`
}

func (h *handler) stock(r *http.Request, req *web.Request) (int, any, error) {
	out := stockJSON{Changes: []stockChangeJSON{}}
	if h.svc.Webhooks == nil {
		return http.StatusOK, out, nil
	}
	s, err := h.svc.Webhooks.StockSeen(r.Context(), req.Conn.ID)
	if err != nil {
		return 0, nil, err
	}
	out.Calls, out.ReceivedAt, out.AppliedAt, out.Written = s.Calls, s.ReceivedAt, s.AppliedAt, s.Written
	out.Waiting, out.Unknown, out.UnknownOffers, out.Reason = s.Waiting, s.Unknown, s.UnknownOffers, s.Reason
	for _, c := range s.Changes {
		out.Changes = append(out.Changes, stockChangeJSON{c.At, c.CRMID, c.Product, c.Variant, c.Name, c.Field, c.Old, c.New})
	}
	return http.StatusOK, out, nil
}
