// Package demo runs the whole product on one machine: Postgres, Redis, the simulated KeyCRM, the
// reference shop with the plugin in it, and visitors who try it out.
package demo

import (
	"io"

	"github.com/keybridge/keybridge/plugin"
)

// Config says what demo to run.
type Config struct {
	// Dir keeps the state between starts.
	Dir string
	// Fresh forgets it.
	Fresh bool
	// Throwaway keeps nothing after the end.
	Throwaway bool
	// Blank connects nothing.
	Blank bool
	// Key is the API key of a real account; empty: the simulator is used.
	Key string
	// CRMURL is the API of a CRM that runs elsewhere; empty: KeyCRM's own with a Key, else our simulator.
	CRMURL     string
	RealLimits bool
	Role       plugin.Role
	ShopPort   int
	SimPort    int
	// QuickChecks shortens the waits after an unclear answer; for the simulator only.
	QuickChecks bool
	// Lang is the language of the shop's admin, "uk" or "en", until somebody chooses another; empty: "uk".
	Lang string
	// Bilingual makes a shop that keeps texts in Ukrainian and English.
	Bilingual bool
	// VariantsAsProducts makes a shop that keeps each variant as a product of its own.
	VariantsAsProducts bool
	Out                io.Writer
}

// simulated reports whether this process runs the simulator.
func (c Config) simulated() bool { return c.Key == "" && c.CRMURL == "" && c.Role != plugin.RoleWorker }

// Requests a minute: what KeyCRM allows, and what the demo allows instead to be quick.
const (
	realLimit    = 60
	raisedLimit  = 6000
	raisedBudget = 5500
)
