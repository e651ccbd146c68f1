// Package entity is what a simulated KeyCRM account consists of: products, orders, cards, buyers, dictionaries and
// triggers. Their sums are computed here; everything else about them is the account's matter. Times are UTC.
//
// Package keycrmtest names these types as its own: the control methods of its Server hand out copies of them.
package entity
