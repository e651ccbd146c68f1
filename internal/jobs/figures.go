package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Figures are what asynq's Inspector says of one lane.
type Figures struct {
	Lane Lane
	// Waiting tasks have no worker yet; Running have one; Later are to start or be tried again at a
	// time to come; Dead are those whose row says so.
	Waiting, Running, Later, Dead int
	// Oldest is how long the task has waited that waits longest; 0 when none does.
	Oldest time.Duration
	// Done and Failed count today's tries, by the UTC day.
	Done, Failed int
}

// Figures reads both lanes, the interactive one first. A lane never used has zeros; so has one that
// Redis has forgotten, until it is used again. Errors: Redis does not answer.
func (q *Queue) Figures() ([]Figures, error) {
	var out []Figures
	for _, lane := range []Lane{Interactive, Background} {
		f, err := q.figures(lane)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (q *Queue) figures(lane Lane) (Figures, error) {
	names, err := q.inspector.Queues()
	if err != nil {
		return Figures{}, fmt.Errorf("read queues: %w", err)
	}
	if !slices.Contains(names, lane.queue()) { // never used, or Redis was emptied
		q.introduce()
		return Figures{Lane: lane}, nil
	}
	i, err := q.inspector.GetQueueInfo(lane.queue())
	if err != nil {
		return Figures{}, fmt.Errorf("read queue %s: %w", lane, err)
	}
	return Figures{
		Lane: lane, Waiting: i.Pending, Running: i.Active, Later: i.Scheduled + i.Retry, Dead: i.Archived,
		Oldest: i.Latency, Done: i.Processed - i.Failed, Failed: i.Failed,
	}, nil
}

// Waiting implements Gauge. Errors: Redis does not answer.
func (q *Queue) Waiting(_ context.Context, l Lane) (int, error) {
	f, err := q.figures(l)
	return f.Waiting, err
}

var _ Gauge = (*Queue)(nil)
