package keycrmtest

import (
	"context"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/webhook"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// trafficControl is what goes in and out of the account, and what goes wrong there.
type trafficControl struct {
	account *account.Account
	traffic *crmsim.Traffic
	sender  *webhook.Sender
}

// DeliverWebhooks sends everything that waits, each up to 3 times without a pause, and returns when nothing waits.
func (s trafficControl) DeliverWebhooks(ctx context.Context) error { return s.sender.Deliver(ctx) }

// Requests returns the API requests so far, oldest first, the last 3000 at most.
func (s trafficControl) Requests() []Request { return s.traffic.Log.All() }

// RequestCount is how many API requests came since the start or the last Reset.
func (s trafficControl) RequestCount() int { return s.traffic.Log.Count() }

// Used is how many requests of the last 60 seconds count for the key.
func (s trafficControl) Used(key string) int { return s.traffic.Limiter.Used(key, s.account.Now()) }

// UnknownFields lists what strict mode found, such as "POST /v1/order: products.0.offer_id".
func (s trafficControl) UnknownFields() []string { return s.traffic.Findings.All() }

// Reset forgets the request log, the used minute, the faults and what strict mode found. The account stays.
func (s trafficControl) Reset() {
	s.traffic.Log.Reset()
	s.traffic.Limiter.Reset()
	s.traffic.Faults.Clear()
	s.traffic.Findings.Reset()
}

// Fault makes something go wrong and returns its id. Faults are looked through in the order they were added.
func (s trafficControl) Fault(f Fault) int64 {
	id := s.traffic.Faults.Add(f)
	s.sender.Wake()
	return id
}

// Faults lists what is still to go wrong.
func (s trafficControl) Faults() []Fault { return s.traffic.Faults.All() }

// ClearFault ends one fault.
func (s trafficControl) ClearFault(id int64) { s.traffic.Faults.Remove(id) }

// ClearFaults ends all faults.
func (s trafficControl) ClearFaults() { s.traffic.Faults.Clear() }

// After calls f after every API request, without any lock held, so that f can change the account between two pages.
// nil stops that.
func (s trafficControl) After(f func(Request)) { s.traffic.OnRequest(f) }
