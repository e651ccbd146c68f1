// Package catalog is the vocabulary of bringing the catalog of a CRM into a shop: categories, products, variants,
// pictures, prices and stock. It has the interface through which a CRM is read, and the words for runs, their
// phases, their outcomes and their plans. Nothing here, nor in the rooms below it, knows a particular CRM or shop.
//
// It is an incremental synchronisation with staging: a run reads the CRM page by page into staging tables, plans
// everything (a dry run stops there), and only then writes, and only what differs, each product under optimistic
// concurrency (its version in the shop). Each page and each batch ends with a checkpoint in the same transaction,
// so a run goes on where it stopped, in another process if need be.
//
// The rooms, from the bottom up:
//
//	catalog     this vocabulary
//	plan        what is to be written; pure
//	requests    the cheapest way to ask the CRM for a list; pure
//	pictures    fetches pictures from strangers' addresses
//	store       all SQL
//	session     one worker's hold on one run
//	stage       CRM to staging tables
//	propose     staging, shop and links to a stored plan
//	apply       a plan to the shop
//	quotes      price and stock alone
//	stockcalls  the CRM's calls about stock
//	engine      the facade, and which phase is done by whom
package catalog
