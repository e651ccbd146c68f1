// Package keycrm is a client for the KeyCRM Open API v1.
//
// A Client is made once per API key and shared:
//
//	crm, err := keycrm.New(keycrm.BaseURL, key, keycrm.WithBudget(wait))
//	for offer, err := range crm.Offers.All(ctx, keycrm.OfferQuery{}) { … }
//
// # One method, one request
//
// Every method sends exactly one HTTP request and never repeats it. Pausing, pacing and trying again belong to the
// caller: KeyCRM allows 60 requests a minute for a key, shared by all its users, so each request first asks the hook
// given with WithBudget.
//
// # Lists
//
// List methods return the rows of one page and its Page. All and Pages walk the list from the asked page to the end,
// 50 rows at a time, in bounded memory. KeyCRM lists are newest first and paged by offset: rows that appear or move
// during the walk can come twice, or be missed. Repeats of the last few pages are dropped; a caller that must not see
// a row twice keys its own storage by id, and one that must not miss any compares with Page.Total and overlaps windows.
//
// # Errors
//
// Each failure answers "what can the caller do about it?" through errors.Is:
//
//	ErrUnauthorised   the key is wrong: ask for another
//	ErrFeatureOff     the account's plan or settings lack the feature
//	ErrNotFound       no such object, or it was deleted
//	ErrRefused        the request itself is bad: see APIError.Fields, do not repeat it
//	ErrTaken          an order with this source_uuid exists: look it up
//	ErrLimited        too many requests: wait APIError.RetryAfter; nothing was done
//	ErrUnavailable    not done, or a read that failed: try again later
//	ErrUnknownOutcome a write that may have happened: look before sending it again
//
// The API key and buyers' data never appear in an error.
//
// # Values
//
// Money and quantities go out as Amount (a bare JSON number) and come in as Decimal (a number, a string or null).
// Times are UTC both ways. Values KeyCRM may add later (statuses, drivers, field types) stay strings; unknown fields
// are in the Raw of the order, card, product, offer or buyer. A zero id stands for null: KeyCRM ids start at 1.
package keycrm
