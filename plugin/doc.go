// Package plugin is the contract between a shop engine and Keybridge.
//
// An engine that wants to sell with KeyCRM implements Host and Shop, hands them to the root
// package's New, and calls the returned Plugin. Nothing else of Keybridge is needed to embed it,
// and this package imports nothing of Keybridge.
//
// # The life of the plugin
//
// Two clocks run. Attach and Detach follow the process: every process of the engine attaches at its
// start and detaches before it ends; it may detach and attach again meanwhile. Install, Activate, Deactivate, Upgrade and
// Uninstall follow the operator: each concerns one shop, is recorded in our tables, and may be
// repeated after a crash in the middle with the same end. While a shop is inactive its routes
// answer 404 and its order hooks do nothing; other processes learn of a change within two seconds.
//
// # Connections
//
// A connection of ours joins one shop with one CRM account. Two constraints hold over all
// connections of a shop: an order goes to exactly one of them, the first whose RoutingRule matches
// (two that overlap cannot both be saved), and a product or variant is kept by at most one
// (Plugin.OwnerOf tells which); another that meets it reports so and writes nothing.
//
// # What every implementation promises
//
//   - IDs are opaque strings, stable for the life of the thing, never reused for another.
//   - Money is an exact decimal with an ISO 4217 currency. Times are UTC instants.
//   - Catalog writes come in batches of 1 to MaxBatch and are answered item by item at the same
//     index. One bad item never undoes another. A write equal to the stored state answers
//     Changed=false, raises no version and fires no event.
//   - Finding by key answers every match, never only the first.
//   - Errors wrap exactly one of the sentinels in errors.go, so that we know what to do next.
//   - Every write carries an Origin, and every event caused by that write repeats it.
//
// # Orders must not be lost, and checkout must not wait
//
// The engine declares how it captures a placed order (see CaptureLevel). Under every level a
// reconciling scan over Orders.List finds what the capture missed. Our hook inside the checkout is
// one statement that cannot raise; see OrderListener.PlacedTx for what the engine owes it.
package plugin
