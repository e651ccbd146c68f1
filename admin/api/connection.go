package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/readiness"
	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

type connectionJSON struct {
	ID          plugin.ConnectionID `json:"id"`
	CRM         string              `json:"crm"`
	Name        string              `json:"name"`
	KeyHint     string              `json:"key_hint,omitempty"`
	Enabled     bool                `json:"enabled"`
	Running     bool                `json:"running"`
	ReadyAt     *time.Time          `json:"ready_at,omitempty"`
	OrdersSince *time.Time          `json:"orders_since,omitempty"`
	Version     int64               `json:"version"`
}

func newConnectionJSON(c settings.Connection) connectionJSON {
	return connectionJSON{
		ID: c.ID, CRM: c.CRM, Name: c.Name, KeyHint: c.KeyHint, Enabled: c.Enabled, Running: c.Running(),
		ReadyAt: c.ReadyAt, OrdersSince: c.OrdersSince, Version: c.Version,
	}
}

func (h *handler) connections(r *http.Request, req *web.Request) (int, any, error) {
	conns, err := h.svc.Settings.List(r.Context(), req.Operator.Shop)
	if err != nil {
		return 0, nil, err
	}
	out := make([]connectionJSON, 0, len(conns))
	for _, c := range conns {
		out = append(out, newConnectionJSON(c))
	}
	return http.StatusOK, out, nil
}

func (h *handler) connection(_ *http.Request, req *web.Request) (int, any, error) {
	return http.StatusOK, newConnectionJSON(req.Conn), nil
}

type settingsJSON struct {
	Version  int64             `json:"version"`
	Settings settings.Settings `json:"settings"`
	// Override starts schedules and export although readiness does not pass; in requests only.
	Override bool `json:"override,omitempty"`
}

func (h *handler) settings(_ *http.Request, req *web.Request) (int, any, error) {
	return http.StatusOK, settingsJSON{Version: req.Conn.Version, Settings: req.Conn.Settings}, nil
}

// save replaces all settings. The prefix of order numbers cannot be changed here.
func (h *handler) save(r *http.Request, req *web.Request) (int, any, error) {
	in := settingsJSON{Settings: settings.Default()}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return 0, nil, errBadJSON()
	}
	lists, err := h.svc.Lists(r.Context(), req)
	if err != nil {
		return 0, nil, err
	}
	in.Settings.Orders.Prefix = req.Conn.Settings.Orders.Prefix
	saved, problems, err := h.svc.Save(r.Context(), req, service.SaveInput{
		Settings: in.Settings, Version: in.Version, Override: in.Override, Lists: lists,
		Problems: form.UnknownRows(in.Settings.Orders, req.Conn.Settings.Orders, lists),
	})
	switch {
	case errors.Is(err, settings.ErrStale):
		return 0, nil, &refusal{http.StatusConflict, errorJSON{Error: "stale", Message: req.Words.T("alert.stale")}}
	case err != nil:
		return 0, nil, err
	case len(problems) > 0:
		answer := errorJSON{Error: "invalid"}
		for _, p := range problems {
			answer.Problems = append(answer.Problems, problemJSON{p.Field, p.Code, req.Words.T("problem."+p.Code, p.Params...)})
		}
		return 0, nil, &refusal{http.StatusUnprocessableEntity, answer}
	}
	return http.StatusOK, settingsJSON{Version: saved.Version, Settings: saved.Settings}, nil
}

type verdictJSON struct {
	Code    string          `json:"code"`
	State   readiness.State `json:"state"`
	Message string          `json:"message"`
	Gates   bool            `json:"gates"`
}

type readinessJSON struct {
	Ready    bool          `json:"ready"`
	Verdicts []verdictJSON `json:"verdicts"`
}

func (h *handler) readiness(r *http.Request, req *web.Request) (int, any, error) {
	lists, err := h.svc.Lists(r.Context(), req)
	if err != nil {
		return 0, nil, err
	}
	lines := h.svc.Readiness(req, req.Conn.Settings, lists, h.svc.Health(r.Context()), h.svc.Seen(r.Context(), req.Conn.ID))
	out := readinessJSON{Ready: readiness.Ready(lines)}
	for _, line := range lines {
		out.Verdicts = append(out.Verdicts, verdictJSON{
			line.Code, line.State, req.Words.T("ready."+line.Code, line.Params...), line.Gates,
		})
	}
	return http.StatusOK, out, nil
}
