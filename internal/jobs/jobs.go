// Package jobs carries work from rows in Postgres to workers over asynq: a polling publisher.
//
// Postgres holds the truth: what is to be done, when, and who does it (package lease). asynq only spreads it. A task
// names a row and may run twice, late, or never (at-least-once); the relay polls each Source once a second, or when
// nudged, for rows that are due and enqueues them again, so Redis may forget everything. A handler is idempotent
// because it asks the row first.
package jobs

import (
	"context"
	"errors"
	"time"
)

// Lane says which workers run a task.
type Lane string

const (
	// Interactive work is short and somebody waits for it: orders, statuses, clicks.
	Interactive Lane = "interactive"
	// Background work is long: catalog runs, back-fill.
	Background Lane = "background"
)

// Task asks to look at one row. It carries no other data.
type Task struct {
	// Kind names the handler, "outbox", "inbox", "run".
	Kind string
	// Row is the row's id in Postgres.
	Row int64
	// Seq tells two tasks for one row apart; it is raised in Postgres each time the row is handed
	// over, so that a task lost in Redis never blocks its successor.
	Seq  int64
	Lane Lane
	// At is when it may start, UTC; zero means at once.
	At time.Time
}

// DueRow is a row that a Source hands over, as lease.Table selects it.
type DueRow struct {
	ID  int64 `db:"id"`
	Seq int64 `db:"seq"`
}

// Tasks are tasks for rows of one kind, to be started at once.
func Tasks(kind string, lane Lane, rows []DueRow) []Task {
	tasks := make([]Task, len(rows))
	for i, r := range rows {
		tasks[i] = Task{Kind: kind, Row: r.ID, Seq: r.Seq, Lane: lane}
	}
	return tasks
}

// Enqueuer hands a task to the workers. Enqueueing the same (Kind, Row, Seq) twice is no error and does nothing (it is
// deduplicated). An error means that the queue is away: the row is still due, and the relay enqueues it later.
type Enqueuer interface {
	Enqueue(ctx context.Context, t Task) error
}

// Handler works on a row. It first asks the row whether there is work left and takes its lease; a
// row that is leased by somebody else or done is no error. An error means the row could not even be
// asked or updated (database gone): the task is tried again. What went wrong with the work itself
// is written into the row, with the time of its next try, and is no error here.
type Handler func(ctx context.Context, row int64) error

// ErrDead is what a Handler's error wraps once the row itself says that no retry will cure it: only
// then is the task kept among asynq's archived ones, for a person to see.
var ErrDead = errors.New("the row says that no retry will cure it")

// Source answers rows that are due and marks them handed over until a moment later, so that the
// next call leaves them out unless their task was lost. Several processes may ask at once (SKIP
// LOCKED). An error means that the table could not be asked; the relay logs it and asks again.
type Source interface {
	Due(ctx context.Context, now time.Time, limit int) ([]Task, error)
}
