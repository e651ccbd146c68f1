package stage

import "github.com/keybridge/keybridge/catalog/session"

// reader makes the steps in which a run reads the CRM.
type reader struct{ *session.Session }
