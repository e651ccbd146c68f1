package service

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/catalog"
)

// RunOf reads the run that the address names. Errors: web.ErrNotFound, plugin.ErrNotFound; also for a run of another
// connection.
func (s *Service) RunOf(r *http.Request, req *web.Request) (catalog.Run, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "run"), 10, 64)
	if err != nil {
		return catalog.Run{}, web.ErrNotFound
	}
	run, err := s.Runs.Run(r.Context(), id)
	if err != nil {
		return catalog.Run{}, err
	}
	if run.Connection != req.Conn.ID {
		return catalog.Run{}, web.ErrNotFound
	}
	return run, nil
}

// Start is what kind of run is asked for.
type Start struct {
	Kind catalog.Kind
	// Preview shows what the run would do and waits for a person.
	Preview bool
	// Rematch matches linked products anew, as a preview of a full run, whatever the rest says.
	Rematch bool
}

// errRunKind: no button of ours asks for a run of that kind.
var errRunKind = &web.Refused{Status: http.StatusUnprocessableEntity, Code: "run_kind"}

// StartRun starts a run for the operator and answers its id; or, with a refusal, the code of the words
// "done.…" that say why it did not. A kind that no button of ours asks for is an error with words of its own.
func (s *Service) StartRun(ctx context.Context, req *web.Request, what Start) (id int64, refusal string, err error) {
	conn, by := req.Conn.ID, req.Operator.ID
	switch {
	case what.Kind != catalog.Full && what.Kind != catalog.Prices:
		return 0, "", errRunKind
	case what.Rematch:
		id, err = s.Runs.Rematch(ctx, conn, by)
	case what.Preview:
		id, err = s.Runs.Preview(ctx, conn, what.Kind, by)
	default:
		id, err = s.Runs.Start(ctx, conn, what.Kind, by)
	}
	switch {
	case errors.Is(err, catalog.ErrNoKey):
		return 0, "rematch_no_key", nil
	case errors.Is(err, catalog.ErrRunning):
		return 0, "run_going_on", nil
	case errors.Is(err, catalog.ErrOff):
		return 0, "run_off", nil
	}
	return id, "", err
}

// Approved is the code of the words "done.…" for a run that was approved.
const Approved = "run_approved"

// Approve lets a waiting run go on. It answers the code of the words "done.…": Approved, or why it was not.
func (s *Service) Approve(ctx context.Context, req *web.Request, run int64) (done string, err error) {
	switch err := s.Runs.Approve(ctx, run, req.Operator.ID); {
	case err == nil:
		return Approved, nil
	case errors.Is(err, catalog.ErrMoved):
		return "run_moved", nil
	case errors.Is(err, catalog.ErrNotWaiting):
		return "run_not_waiting", nil
	case errors.Is(err, catalog.ErrOff):
		return "run_off", nil
	default:
		return "", err
	}
}
