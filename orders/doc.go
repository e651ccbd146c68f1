// Package orders carries the shop's orders to the CRM and each of them exactly once.
//
// An order that was placed becomes an entry of the outbox. The Exporter routes it to a connection,
// reads the order from the shop, translates it (Map, pure), freezes the request's bytes in an
// attempt, sends them, and then does what follows a creation: the shop learns the CRM's number, the
// CRM learns the shop's status.
//
// Nothing is ever sent twice on a guess. An order carries a natural key; while the fate of an attempt
// is not known the entry is checking: the CRM is asked for the key again and again, and only when the
// attempt is long over and the CRM twice knew nothing are the same bytes sent again. See Config.
package orders
