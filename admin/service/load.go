package service

import (
	"context"
	"time"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/plugin"
)

// loadWait is how long a page waits for Redis; without it the page says so.
const loadWait = time.Second

// Load is how busy everything is: the minute's requests of a connection, and the queues of all.
type Load struct {
	// Redis: it answers. Without it nothing of the rest is known.
	Redis  bool
	Usage  *budget.Usage
	Queues []Queue
}

// Load asks Redis how busy everything is, for a second at most.
func (s *Service) Load(ctx context.Context, id plugin.ConnectionID, health plugin.Health) Load {
	out := Load{Redis: health.Redis}
	if !out.Redis {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, loadWait)
	defer cancel()
	if s.Usage != nil {
		u, err := s.Usage(ctx, id)
		if err != nil {
			return s.unknownLoad(id, err)
		}
		out.Usage = &u
	}
	if s.Queues != nil {
		var err error
		if out.Queues, err = s.Queues(ctx); err != nil {
			return s.unknownLoad(id, err)
		}
	}
	return out
}

func (s *Service) unknownLoad(id plugin.ConnectionID, err error) Load {
	s.Host.Logger().Warn("queues", "connection", string(id), "error", err.Error())
	return Load{}
}
