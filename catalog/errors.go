package catalog

import (
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

var (
	// ErrNotWaiting: the run does not wait for approval, or not any more.
	ErrNotWaiting = fmt.Errorf("the run does not wait for approval: %w", plugin.ErrConflict)
	// ErrMoved: the settings have changed since the run planned, so its plan is not what they ask for.
	ErrMoved = fmt.Errorf("the settings have changed since: %w", plugin.ErrConflict)
)

var (
	// ErrRunning: another run of the connection is in the way: one at work in that of every other, a full
	// one that waits for a person in that of a full one. Start answers its id beside it.
	ErrRunning = fmt.Errorf("a run of the connection is not over: %w", plugin.ErrConflict)
	// ErrOff: the connection, or what the run would bring, is switched off.
	ErrOff = fmt.Errorf("switched off: %w", plugin.ErrRefused)
)

// ErrNoKey: «Не оновлювати» is set, so there is no key to match by.
var ErrNoKey = fmt.Errorf("there is no key to match by: %w", plugin.ErrRefused)
