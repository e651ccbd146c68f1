// Package bridge is the contract of package plugin, implemented over a shop that was there before: what
// the author of an engine writes. README.md tells which file keeps which promise.
//
// Shop is what the plugin reads and writes, Host what it gets of the process, Integration what the shop
// tells it. An engine makes the three in this order: the Integration and the Shop from its store, its admin
// from both, and the Host from the Shop and the admin.
package bridge
