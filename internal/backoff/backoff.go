// Package backoff computes how long to wait before something that failed is tried again. It is pure: a stored
// row counts its failures, so the pause is a function of that count and not of what this process has seen.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Policy is an exponential backoff with jitter. Base and Cap are needed.
type Policy struct {
	// Base is the pause after the first failure; each further one doubles it, up to Cap.
	Base, Cap time.Duration
	// Jitter is the share by which a pause may be shorter or longer, from 0 (never) to 1, so that rows that failed
	// together do not come back together. Cap bounds the pause before it is spread.
	Jitter float64
}

// Delay is the pause after a failure that `before` others in a row preceded; below 0 counts as 0. luck in [0,1) picks
// the pause within Jitter; 0.5 is the middle. It never overflows, however many failures there were.
func (p Policy) Delay(before int, luck float64) time.Duration {
	d := min(p.Base, p.Cap)
	for ; before > 0 && 0 < d && d < p.Cap; before-- {
		d += min(d, p.Cap-d)
	}
	return time.Duration(float64(d) * (1 + p.Jitter*(2*luck-1)))
}

// Pause is Delay with luck drawn at random.
func (p Policy) Pause(before int) time.Duration {
	return p.Delay(before, rand.Float64()) // #nosec G404 -- spreads load, guards nothing
}
