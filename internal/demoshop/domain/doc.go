// Package domain is the shop's own rules, without a database, pages or a plugin: what a product, a basket
// and an order are and may become. Rows carry the names of their columns, so that the store needs no
// second set of types.
package domain
