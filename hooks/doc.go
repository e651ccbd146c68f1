// Package hooks is what others call: the shop's checkout when an order is placed, the shop's events, and the CRM's
// webhooks. All of them only enqueue, quickly and without asking anybody else; the work is done by jobs.
//
// The hook inside the checkout is one statement that cannot raise, so that nothing of ours ever costs a sale. A webhook
// is a hint that something about an object changed: it becomes a row of the inbox, one per object (deduplicated); a
// worker leases the row, reads the object from the CRM again and moves the shop's order as the merchant's table of
// statuses says. Webhooks may come twice, late, out of order or not at all: what is applied is what the CRM says when
// it is read, if that is newer than what was applied last.
//
// The states of a row are drawn in docs/states.md.
package hooks
