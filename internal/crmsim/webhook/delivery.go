// Package webhook delivers the webhooks of a simulated CRM, with its attempts and with faults on demand.
package webhook

import (
	"time"

	"github.com/keybridge/keybridge/internal/crmsim/table"
)

// Delivery is one webhook on its way: a few attempts, until the answer is exactly 200.
type Delivery struct {
	ID        int64
	TriggerID int64 // what caused it; 0: the stock webhook
	Event     string
	Method    string
	URL       string
	Body      []byte
	Attempts  []Attempt
	NextAt    time.Time
	Done      bool // delivered or given up
	CreatedAt time.Time
}

// Delivered reports whether an attempt was answered with 200.
func (d *Delivery) Delivered() bool {
	n := len(d.Attempts)
	return n > 0 && d.Attempts[n-1].Status == 200
}

// Attempt is one try of a delivery.
type Attempt struct {
	At     time.Time
	Status int // 0: no answer
	Err    string
}

// keptDeliveries is how many finished deliveries are kept for the page.
const keptDeliveries = 300

// Queue puts a webhook on its way, with the account's lock held, and forgets finished ones that are too old.
func Queue(t *table.Table[Delivery], d Delivery) {
	d.ID = t.Next()
	t.Put(d.ID, &d)
	ids := t.IDs()
	for _, id := range ids[min(len(ids), keptDeliveries):] {
		if t.Get(id).Done {
			t.Drop(id)
		}
	}
}
