package service

import (
	"context"
	"errors"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/readiness"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
)

// SaveInput is what is to be saved, with what it is checked against.
type SaveInput struct {
	Settings settings.Settings
	// Version is the one it was made from.
	Version int64
	// Override starts schedules and export although readiness does not pass.
	Override bool
	Lists    form.Lists
	// Problems that reading the form found.
	Problems []form.Problem
}

// Save checks and stores. Problems mean that nothing was stored.
// Errors: settings.ErrStale.
func (s *Service) Save(ctx context.Context, req *web.Request, in SaveInput) (settings.Connection, []form.Problem, error) {
	siblings, err := s.siblings(ctx, req.Conn)
	if err != nil {
		return settings.Connection{}, nil, err
	}
	against := form.Against{Stored: req.Conn.Settings, Lists: in.Lists, Siblings: siblings, Words: req.Words}
	if problems := form.Check(in.Settings, against, in.Problems); len(problems) > 0 {
		return settings.Connection{}, problems, nil
	}
	start := req.Conn.Enabled && (in.Override || readiness.Ready(s.Readiness(req, in.Settings, in.Lists, s.Health(ctx), nil)))
	saved, err := s.Settings.Save(ctx, req.Conn.ID, in.Version, in.Settings, start, req.Operator)
	if err != nil {
		return settings.Connection{}, nil, err
	}
	s.Reschedule(ctx, req)
	return saved, nil, s.startFirst(ctx, req, saved)
}

// startFirst starts the first synchronisation with the save that makes a connection run, so that the
// merchant sees something come.
func (s *Service) startFirst(ctx context.Context, req *web.Request, saved settings.Connection) error {
	if req.Conn.Running() || !saved.Running() {
		return nil
	}
	_, err := s.Runs.Start(ctx, saved.ID, catalog.Full, req.Operator.ID)
	if errors.Is(err, catalog.ErrOff) || errors.Is(err, catalog.ErrRunning) {
		return nil // the catalog is not wanted, or comes already
	}
	return err
}

func (s *Service) siblings(ctx context.Context, conn settings.Connection) ([]settings.Connection, error) {
	all, err := s.Settings.List(ctx, conn.Shop)
	if err != nil {
		return nil, err
	}
	var out []settings.Connection
	for _, c := range all {
		if c.ID != conn.ID {
			out = append(out, c)
		}
	}
	return out, nil
}

// Reschedule lets a change of the settings or of the switch count at once. Should it fail, the
// workers' own check does it within a minute.
func (s *Service) Reschedule(ctx context.Context, req *web.Request) {
	if err := s.Runs.Reschedule(ctx, req.Conn.ID); err != nil {
		s.Host.Logger().Warn("reschedule", "connection", string(req.Conn.ID), "error", err.Error())
	}
}
