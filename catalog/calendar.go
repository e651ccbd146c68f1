package catalog

import (
	"time"

	"github.com/keybridge/keybridge/internal/schedule"
)

// TaskKind is the kind of our tasks; see jobs.Task.
const TaskKind = "run"

// ByScheduleID stands in a run for the operator when the run was due.
const ByScheduleID = "schedule"

// NextRun is when a kind of run is due next.
type NextRun struct {
	Kind Kind
	Rule schedule.Rule
	// At is in UTC; nil: not by the clock. One that is past waits for the run that goes on, or for the
	// connection to be switched on.
	At *time.Time
	// LastStarted is when the schedule last started one; nil: never.
	LastStarted *time.Time
}
