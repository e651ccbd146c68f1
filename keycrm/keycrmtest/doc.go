// Package keycrmtest simulates a KeyCRM account, importable like net/http/httptest.
package keycrmtest
