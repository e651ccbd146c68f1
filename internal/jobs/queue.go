package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
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
	redis     redis.UniversalClient
	client    atomic.Pointer[asynq.Client]
	inspector *asynq.Inspector
}

// NewQueue asks nothing; Redis need not be there yet. Closing the client is the caller's.
func NewQueue(client redis.UniversalClient) *Queue {
	q := &Queue{redis: client, inspector: asynq.NewInspectorFromRedisClient(client)}
	q.introduce()
	return q
}

// introduce makes the next task tell Redis the name of its queue. An asynq client does so once and
// remembers it, also when Redis has forgotten.
func (q *Queue) introduce() { q.client.Store(asynq.NewClientFromRedisClient(q.redis)) }

// Enqueue implements Enqueuer. A finished task leaves nothing behind in Redis; a failing one is
// tried again a few times only, because the relay enqueues the row anew. Errors: Redis does not answer.
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
	_, err = q.client.Load().EnqueueContext(ctx, asynq.NewTask(t.Kind, body), opts...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("enqueue %s %d: %w", t.Kind, t.Row, err)
	}
	return nil
}
