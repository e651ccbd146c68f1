// Package admin is the merchant's page: connecting a CRM account, the settings of a connection, its
// readiness, runs, and the journal of orders. Package api gives the same in JSON.
//
// Each page has a handler type of its own (page_*.go) that turns a request into a view for a template; what
// pages and API do alike is package service's. Pages are framed by the engine (Host.RenderPage) and mounted
// by it behind its sign-in. They work without JavaScript, but for live progress and the copy button. Nothing
// here knows a particular CRM: its lists come through service.Directory in neutral words.
package admin
