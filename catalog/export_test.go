package catalog

// ErrLost is how a worker learns that its run is another's by now: it then writes nothing any more.
var ErrLost = errLost
