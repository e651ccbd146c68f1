// Package admin is the merchant's page: connecting a CRM account, the settings of a connection, its
// readiness, runs, and the journal of orders; and a JSON API that gives the same.
//
// Pages are framed by the engine (Host.RenderPage) and mounted by it behind its sign-in. They work
// without JavaScript, but for live progress and the copy button. Nothing here knows a particular CRM:
// its lists come through Directory in neutral words.
package admin
