// Package catalog brings the catalog of a CRM into a shop: categories, products, variants, pictures,
// prices and stock.
//
// A run reads the CRM page by page into staging tables, plans everything, and only then writes, and
// only what differs. Each page and each batch ends with a checkpoint in the same transaction, so a
// run goes on where it stopped, in another process if need be. Nothing here knows a particular CRM
// or shop: the CRM is reached through the CRM interface, the shop through package plugin.
package catalog
