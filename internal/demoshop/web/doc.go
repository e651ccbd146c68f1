// Package web is what pages of the storefront and of the admin have in common: templates, cookies, lists
// in pages, addresses, and errors put into words.
package web
