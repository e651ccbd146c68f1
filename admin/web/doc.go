// Package web is what every page of the merchant's has in common: who asks and whether they may, the
// connection an address names, forged and unreadable requests, the frame around a page, its addresses,
// styles and scripts. It knows no page.
package web
