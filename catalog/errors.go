package catalog

import (
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

var (
	// ErrNotWaiting: the run does not wait for approval, or not any more. Look at the run again.
	ErrNotWaiting = fmt.Errorf("the run does not wait for approval: %w", plugin.ErrConflict)
	// ErrMoved: the settings have changed since the run planned, or another version of ours has stored its plan.
	// Ask for a new run.
	ErrMoved = fmt.Errorf("the settings have changed since: %w", plugin.ErrConflict)
)

var (
	// ErrRunning: a run of the connection is active, or a full run awaits approval and another full run was asked
	// for. Start returns its id beside the error.
	ErrRunning = fmt.Errorf("a run of the connection is not over: %w", plugin.ErrConflict)
	// ErrOff: the connection, the plugin in the shop, or what the run would bring is switched off.
	ErrOff = fmt.Errorf("switched off: %w", plugin.ErrRefused)
)

// ErrNoKey: the settings say never to match, so there is no key to match by.
var ErrNoKey = fmt.Errorf("there is no key to match by: %w", plugin.ErrRefused)
