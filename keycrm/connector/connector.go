// Package connector puts KeyCRM behind the small interfaces that catalog, orders, hooks and admin
// declare in neutral words. Nothing else of Keybridge knows KeyCRM.
package connector

import "github.com/keybridge/keybridge/keycrm"

// Connector speaks to one KeyCRM account with one API key in one lane of the budget.
// Safe for concurrent use.
type Connector struct {
	crm *keycrm.Client
}

// New wraps a client.
func New(client *keycrm.Client) *Connector { return &Connector{crm: client} }
