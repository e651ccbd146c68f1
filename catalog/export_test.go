package catalog

// ErrLost is how a worker learns that its run is another's by now: it then writes nothing any more.
var ErrLost = errLost

// Rules are the sentences of the contract that runs cite.
func Rules() []string { return []string{ruleVariants, ruleAdded, ruleBatch} }
