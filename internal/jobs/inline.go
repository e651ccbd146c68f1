package jobs

import (
	"context"
	"errors"
	"fmt"
)

// Inline is an Enqueuer that runs handlers in the goroutine that calls Run, for tests in which
// nothing happens by itself. Not safe for concurrent use.
type Inline struct {
	Handlers map[string]Handler
	tasks    []Task
	known    map[Task]bool
}

// Enqueue implements Enqueuer. At is not looked at: the relay enqueues what is due.
// It answers no error.
func (i *Inline) Enqueue(_ context.Context, t Task) error {
	key := Task{Kind: t.Kind, Row: t.Row, Seq: t.Seq}
	if i.known == nil {
		i.known = map[Task]bool{}
	}
	if !i.known[key] {
		i.known[key] = true
		i.tasks = append(i.tasks, t)
	}
	return nil
}

// Run runs what was enqueued, in that order, and answers how many tasks that were. Errors: the handlers', joined, and a
// kind without a handler.
func (i *Inline) Run(ctx context.Context) (int, error) {
	var errs []error
	tasks := i.tasks
	i.tasks, i.known = nil, nil
	for _, t := range tasks {
		h := i.Handlers[t.Kind]
		if h == nil {
			errs = append(errs, fmt.Errorf("no handler for %s", t.Kind))
			continue
		}
		if err := h(ctx, t.Row); err != nil {
			errs = append(errs, fmt.Errorf("%s %d: %w", t.Kind, t.Row, err))
		}
	}
	return len(tasks), errors.Join(errs...)
}

var _ Enqueuer = (*Inline)(nil)
