package api

import (
	"net/http"
	"time"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/schedule"
)

type runJSON struct {
	ID         int64             `json:"id"`
	Kind       catalog.Kind      `json:"kind"`
	State      catalog.State     `json:"state"`
	Phase      catalog.Phase     `json:"phase"`
	Done       int64             `json:"done"`
	Total      int64             `json:"total"`
	Counters   catalog.Counters  `json:"counters"`
	Code       catalog.Code      `json:"code,omitempty"`
	Params     map[string]string `json:"params,omitempty"`
	Guards     []catalog.Guard   `json:"guards,omitempty"`
	Preview    bool              `json:"preview,omitempty"`
	Rematch    bool              `json:"rematch,omitempty"`
	ApprovedBy string            `json:"approved_by,omitempty"`
	StartedAt  *time.Time        `json:"started_at,omitempty"`
	FinishedAt *time.Time        `json:"finished_at,omitempty"`
}

func (h *handler) runs(r *http.Request, req *web.Request) (int, any, error) {
	runs, err := h.svc.Runs.Runs(r.Context(), req.Conn.ID, service.RunsShown)
	if err != nil {
		return 0, nil, err
	}
	out := make([]runJSON, 0, len(runs))
	for _, run := range runs {
		out = append(out, newRunJSON(run))
	}
	return http.StatusOK, out, nil
}

func newRunJSON(run catalog.Run) runJSON {
	return runJSON{
		run.ID, run.Kind, run.State, run.Phase, run.Done, run.Total, run.Counters, run.Code, run.Params,
		run.Guards, run.Preview, run.Rematch, run.ApprovedBy, run.StartedAt, run.FinishedAt,
	}
}

type startedJSON struct {
	ID int64 `json:"id"`
}

func (h *handler) start(r *http.Request, req *web.Request) (int, any, error) {
	var in struct {
		Kind    catalog.Kind `json:"kind"`
		Preview bool         `json:"preview"`
		// Rematch matches linked products anew, as a preview of a full run.
		Rematch bool `json:"rematch"`
	}
	if err := decode(r, &in); err != nil {
		return 0, nil, err
	}
	id, refused, err := h.svc.StartRun(r.Context(), req, service.Start(in))
	switch {
	case err != nil:
		return 0, nil, err
	case refused != "":
		return 0, nil, notDone(req, refused)
	}
	return http.StatusAccepted, startedJSON{id}, nil
}

func (h *handler) run(r *http.Request, req *web.Request) (int, any, error) {
	run, err := h.svc.RunOf(r, req)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, newRunJSON(run), nil
}

func (h *handler) approve(r *http.Request, req *web.Request) (int, any, error) {
	run, err := h.svc.RunOf(r, req)
	if err != nil {
		return 0, nil, err
	}
	done, err := h.svc.Approve(r.Context(), req, run.ID)
	switch {
	case err != nil:
		return 0, nil, err
	case done != service.Approved:
		return 0, nil, notDone(req, done)
	}
	return http.StatusAccepted, startedJSON{run.ID}, nil
}

func (h *handler) cancel(r *http.Request, req *web.Request) (int, any, error) {
	run, err := h.svc.RunOf(r, req)
	if err != nil {
		return 0, nil, err
	}
	if err := h.svc.Runs.Cancel(r.Context(), run.ID); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, startedJSON{run.ID}, nil
}

type nextRunJSON struct {
	Kind        catalog.Kind  `json:"kind"`
	Rule        schedule.Rule `json:"rule"`
	At          *time.Time    `json:"at,omitempty"`
	LastStarted *time.Time    `json:"last_started_at,omitempty"`
}

func (h *handler) schedule(r *http.Request, req *web.Request) (int, any, error) {
	list, err := h.svc.Runs.NextRuns(r.Context(), req.Conn.ID)
	if err != nil {
		return 0, nil, err
	}
	out := make([]nextRunJSON, 0, len(list))
	for _, n := range list {
		out = append(out, nextRunJSON(n))
	}
	return http.StatusOK, out, nil
}
