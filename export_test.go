package keybridge

import "github.com/keybridge/keybridge/plugin"

// What tests compare with plugin.yaml and the schema.

// JobKinds are the kinds of jobs that workers have handlers for.
func (k *Keybridge) JobKinds() []string {
	var kinds []string
	for kind := range k.handlers() {
		kinds = append(kinds, kind)
	}
	return kinds
}

// KeepDays is how long bodies of orders and webhooks are kept.
func KeepDays() (bodies, inbox int) { return int(keepBodies.Hours() / 24), int(keepInbox.Hours() / 24) }

// Active asks what hooks inside a checkout ask.
func (k *Keybridge) Active(shop plugin.ShopID) bool { return k.installs.Active(shop) }
