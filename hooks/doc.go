// Package hooks is what others call: the shop's checkout when an order is placed, the shop's events,
// and the CRM's webhooks. All of them only take a note, quickly and without network; the work is done
// by jobs.
//
// The hook inside the checkout is one statement that cannot raise, so that nothing of ours ever costs
// a sale. A webhook is a hint that something about an object changed: the inbox reads the object from
// the CRM again and moves the shop's order as the merchant's table of statuses says.
package hooks
