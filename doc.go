// Package keybridge joins a Go shop engine with KeyCRM: the catalog comes from KeyCRM into the shop,
// orders go from the shop to KeyCRM, and statuses changed there come back.
//
// An engine implements plugin.Host, calls New once, mounts the two handlers, and follows the two
// clocks of plugin.Plugin: Attach and Detach with the process, Install and Activate with the
// operator. internal/demoshop is a whole engine that does so; docs/architecture.md tells how the
// parts work together.
package keybridge
