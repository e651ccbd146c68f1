package engine

import (
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/jobs/lease"
)

// ErrLost is how a worker learns that its run is another's by now: it then writes nothing any more.
var ErrLost = lease.ErrLost

// Rules are the sentences of the contract that runs cite.
func Rules() []string { return []string{session.RuleVariants, session.RuleAdded, session.RuleBatch} }
