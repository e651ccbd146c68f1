// Package store is all SQL of the shop. Its parts are handed to those who ask: Products and Shelf are the
// catalog whole and as buyers see it, Sales are baskets and the checkout, Orders what came of it, Events
// the queue towards the plugin, Office what staff work with.
//
// Whoever writes products locks their rows first, in the order of their ids: batches of the plugin, staff,
// checkouts and cancellations alike. So no two of them wait for each other, and a version read under the
// lock is the version that is written over. Errors are those of package domain; what the database refuses
// for good is ErrInvalid, all else ErrTemporary.
package store
