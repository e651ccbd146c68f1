package keybridge

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/redislink"
)

// shared is what the processes of an engine share in Redis. A process has it from Attach to Detach.
type shared struct {
	link   *redislink.Link
	budget *budget.Budget
	queue  *jobs.Queue
}

// openShared asks nothing of Redis yet. Errors: plugin.ErrInvalid.
func (k *Keybridge) openShared() (*shared, error) {
	link, err := redislink.Open(k.host.Redis(), k.host.Clock(), k.log)
	if err != nil {
		return nil, fmt.Errorf("host's Redis: %w", err)
	}
	return &shared{
		link:   link,
		budget: budget.New(link.Client(), waiting(k.host.Clock()), k.perMinute, budgetOptions(k.host.Clock(), k.uses, k.cold)...),
		queue:  jobs.NewQueue(link.Client()),
	}, nil
}

// budgetNow answers the budget. Errors: budget.ErrNoRedis while the process is not attached.
func (k *Keybridge) budgetNow() (*budget.Budget, error) {
	s := k.shared.Load()
	if s == nil {
		return nil, fmt.Errorf("%w: this process is not attached", budget.ErrNoRedis)
	}
	return s.budget, nil
}

// pingRedis asks Redis whether it is there. Errors: budget.ErrNoRedis.
func (k *Keybridge) pingRedis(ctx context.Context) error {
	b, err := k.budgetNow()
	if err != nil {
		return err
	}
	return b.Ping(ctx)
}

// closeShared ends what openShared began. Requests that still use it are refused from here on.
func (k *Keybridge) closeShared(s *shared) {
	k.shared.CompareAndSwap(s, nil)
	if err := s.link.Close(); err != nil {
		k.log.Debug("close redis", "error", err.Error())
	}
}
