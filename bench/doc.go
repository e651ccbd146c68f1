// Bench measures how quick and how frugal the catalog engine is and prints one line a figure:
//
//	figure=<name> value=<number> goal=<=|>=<number> pass|FAIL
//
// Both sides of a ratio are measured in the same run, one right after the other. The simulated
// KeyCRM is another process, the database is a PostgreSQL server of its own, pictures are off.
// It ends with status 0 when all figures pass, 1 when one fails, and 2 when something could not be
// measured. What the figures mean stands in docs/performance.md.
package main
