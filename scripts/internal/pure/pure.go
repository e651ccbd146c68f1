// Package pure tells which tests need nothing but Go: no Postgres, no Redis, no browser, no simulated CRM, no process
// started. It follows what the source of a test names, so a new test is sorted by what it uses and no list has to be
// kept.
package pure

import (
	"maps"
	"slices"

	"github.com/keybridge/keybridge/internal/source"
)

// harnesses are the packages that a pure test does not reach, nor any of ours that imports one. Those of ours are
// named from the module's root.
func harnesses() []string {
	return []string{
		"os/exec",             // a process: Postgres, Redis, ourselves
		"internal/localredis", // a Redis, embedded or real
		"keycrm/keycrmtest",   // the simulated CRM
		"internal/demoshop",   // the reference shop, which is nothing without a database
	}
}

// libraries are those that a test names only when it has a server. The product names them too, and uses them through
// what it is given.
func libraries() []string {
	return []string{
		"database/sql", "github.com/jmoiron/sqlx", "github.com/alicebob/miniredis/v2", "github.com/redis/go-redis/v9",
		"github.com/hibiken/asynq", "github.com/chromedp/chromedp",
	}
}

// Package is a package with tests.
type Package struct {
	Path, Dir string
	// Pure and Impure are the names of its tests, fuzz tests and examples, sorted.
	Pure, Impure []string
}

// Sort divides the tests of each package that has any.
func Sort(m *source.Module) []Package {
	named := named(m)
	harness := reaching(m, named)
	var out []Package
	for _, p := range m.Packages {
		u := newUses(p)
		t := Package{Path: p.Path, Dir: p.Dir}
		// A program that starts processes has functions that do not: its own are looked into.
		harness := maps.Clone(harness)
		harness[p.Path] = named[p.Path]
		for _, name := range u.tests {
			if u.reaches(name, harness) {
				t.Impure = append(t.Impure, bare(name))
			} else {
				t.Pure = append(t.Pure, bare(name))
			}
		}
		if len(u.tests) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// named answers the import paths of the harnesses.
func named(m *source.Module) map[string]bool {
	found := map[string]bool{}
	for _, h := range harnesses() {
		found[h], found[m.Path+"/"+h] = true, true
	}
	return found
}

// reaching answers the named ones and all of ours that import one, directly or not.
func reaching(m *source.Module, named map[string]bool) map[string]bool {
	found := maps.Clone(named)
	for grew := true; grew; {
		grew = false
		for _, p := range m.Packages {
			if !found[p.Path] && slices.ContainsFunc(p.Imports, func(i string) bool { return found[i] }) {
				found[p.Path], grew = true, true
			}
		}
	}
	return found
}
