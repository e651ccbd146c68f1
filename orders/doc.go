// Package orders carries the shop's orders to the CRM, each of them once.
//
// It is a transactional outbox: an order that was placed becomes an entry (Put, or the hook inside the checkout's own
// transaction). A worker leases the entry, routes it to a connection, reads the order from the shop, translates it
// (Map, pure), stores the request's bytes in an attempt, sends them, and then does what follows a creation: the shop
// learns the CRM's number, the CRM learns the shop's status.
//
// Sending is at-least-once with reconciliation. The idempotency key is the order's number (KeyCRM's source_uuid), which
// the CRM refuses to take twice; a card of a pipeline carries it as a mark. While the outcome of an attempt is not
// known the entry is checking: the CRM is asked for the key, and only when the attempt is long over and two look-ups
// have found nothing are the same bytes sent again. See Config.
//
// The states of an entry are drawn in docs/states.md.
package orders
