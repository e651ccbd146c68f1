// Package readiness tells, line by line, whether a connection can work as it is set: the key, the catalog,
// the source, each map, the CRM's webhooks, and our own workers. It is pure.
package readiness
