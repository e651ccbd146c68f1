package orders

import (
	"cmp"
	"time"

	"github.com/keybridge/keybridge/internal/backoff"
)

// Config holds the timings. The zero value takes the defaults.
type Config struct {
	// Lease is how long a worker has an entry to itself: 40 s by default, and always longer than Request.
	Lease time.Duration
	// Request is how long one request to the CRM may take, waiting for the budget included (30 s).
	Request time.Duration
	// ResendAfter is how long after an attempt's deadline the CRM may still come out with the order
	// (2 min): nobody sends again before.
	ResendAfter time.Duration
	// LookupGap is the least time between two look-ups that count (60 s).
	LookupGap time.Duration
	// MaxResends is after how many attempts with an unknown outcome it goes slower (3): an order, which the CRM
	// refuses to make twice, is sent again after growing pauses, a card after a day of look-ups and only once.
	MaxResends int
	// LastLook is for how long a card is looked for before it is sent once more (24 h), LookupCap the longest
	// pause between two of these look-ups (1 h).
	LastLook, LookupCap time.Duration
	// RetryBase and RetryCap bound the pause after a temporary error: it doubles from 5 s to 10 min.
	RetryBase, RetryCap time.Duration
	// BlockedRetry is the pause before a blocked step is tried that may be mended outside, as by another key (15 min).
	BlockedRetry time.Duration
	// RequeueAfter is how long a row handed to the queue is left to it before it is handed over again (30 s).
	RequeueAfter time.Duration
	// StepBack is how far the scan looks back from where it was (15 min).
	StepBack time.Duration
	// DictionaryTTL is how long the account's sources and fields are believed (10 min).
	DictionaryTTL time.Duration
}

func (c Config) withDefaults() Config {
	c.Lease = cmp.Or(c.Lease, 30*time.Second)
	c.Request = cmp.Or(c.Request, 30*time.Second)
	c.ResendAfter = cmp.Or(c.ResendAfter, 2*time.Minute)
	c.LookupGap = cmp.Or(c.LookupGap, time.Minute)
	c.RetryBase = cmp.Or(c.RetryBase, 5*time.Second)
	c.RetryCap = cmp.Or(c.RetryCap, 10*time.Minute)
	c.BlockedRetry = cmp.Or(c.BlockedRetry, 15*time.Minute)
	c.RequeueAfter = cmp.Or(c.RequeueAfter, 30*time.Second)
	c.StepBack = cmp.Or(c.StepBack, 15*time.Minute)
	c.DictionaryTTL = cmp.Or(c.DictionaryTTL, 10*time.Minute)
	if c.Lease <= c.Request { // nobody may take over while a request is under way
		c.Lease = c.Request + 10*time.Second
	}
	c.MaxResends = cmp.Or(c.MaxResends, 3)
	c.LastLook = cmp.Or(c.LastLook, 24*time.Hour)
	c.LookupCap = cmp.Or(c.LookupCap, time.Hour)
	return c
}

// backoff is the pause before a step is tried again.
func (c Config) backoff() backoff.Policy {
	return backoff.Policy{Base: c.RetryBase, Cap: c.RetryCap, Jitter: 0.2}
}

// lookups is the pause between look-ups of a card that may never be found.
func (c Config) lookups() backoff.Policy { return backoff.Policy{Base: c.LookupGap, Cap: c.LookupCap} }
