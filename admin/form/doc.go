// Package form is the form of a connection's settings without its page: what its fields are called, what
// they offer, what was typed into them (Parse), what of it may not be saved (Check), and what is likely to
// be meant where nothing was chosen yet (Propose). All of it is pure: it works on lists that others read.
//
// A new setting that is one of a few options is a line in CatalogMenus; a number is one in
// settings.Limits; anything else is read and checked beside each other, as in advanced.go.
package form
