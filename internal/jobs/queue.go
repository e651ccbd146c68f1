package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/hibiken/asynq"
)

// Queues of ours carry this prefix, since the shop may use asynq on the same Redis.
const queuePrefix = "keybridge_"

func (l Lane) queue() string { return queuePrefix + string(l) }

// payload is what travels through Redis. V lets an old worker refuse a newer form during a roll-out.
type payload struct {
	V   int   `json:"v"`
	Row int64 `json:"row"`
}

const payloadVersion = 1

// maxRetry is how often a task is tried again: the row could not be asked, which is tried soon; after
// that the relay hands the row over anew.
const maxRetry = 3

// Queue hands tasks to asynq. Safe for concurrent use.
type Queue struct {
	client    *asynq.Client
	inspector *asynq.Inspector
}

// NewQueue connects lazily; Redis need not be there yet.
func NewQueue(redis asynq.RedisConnOpt) *Queue {
	return &Queue{client: asynq.NewClient(redis), inspector: asynq.NewInspector(redis)}
}

// Close closes the connections to Redis.
func (q *Queue) Close() error { return errors.Join(q.client.Close(), q.inspector.Close()) }

// Enqueue implements Enqueuer. A finished task leaves nothing behind in Redis; a failing one is
// tried again a few times only, because the relay hands the row over anew.
func (q *Queue) Enqueue(ctx context.Context, t Task) error {
	body, err := json.Marshal(payload{V: payloadVersion, Row: t.Row})
	if err != nil {
		return fmt.Errorf("enqueue %s %d: %w", t.Kind, t.Row, err)
	}
	opts := []asynq.Option{
		asynq.Queue(t.Lane.queue()),
		asynq.TaskID(t.Kind + ":" + strconv.FormatInt(t.Row, 10) + ":" + strconv.FormatInt(t.Seq, 10)),
		asynq.MaxRetry(maxRetry),
	}
	if !t.At.IsZero() {
		opts = append(opts, asynq.ProcessAt(t.At))
	}
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(t.Kind, body), opts...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("enqueue %s %d: %w", t.Kind, t.Row, err)
	}
	return nil
}
