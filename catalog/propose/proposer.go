package propose

import "github.com/keybridge/keybridge/catalog/session"

// Proposer makes the steps in which a run plans what it will write. Errors of its methods are those of package session.
type Proposer struct{ *session.Session }
