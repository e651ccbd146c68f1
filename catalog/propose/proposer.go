package propose

import "github.com/keybridge/keybridge/catalog/session"

// Proposer takes the steps in which a run makes up what it will do.
type Proposer struct{ *session.Session }
