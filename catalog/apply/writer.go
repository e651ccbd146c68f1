package apply

import (
	"github.com/keybridge/keybridge/catalog/propose"
	"github.com/keybridge/keybridge/catalog/session"
)

// writer makes the steps in which a run writes to the shop.
type writer struct{ *session.Session }

// proposer looks and plans for it.
func (w writer) proposer() propose.Proposer { return propose.Proposer{Session: w.Session} }
