package keycrmtest

import "slices"

// Guess names a behaviour of KeyCRM that nobody has seen. The simulator does what is likelier; WithOtherwise turns it
// round, so that a program can be tried on both. docs/keycrm.md tells what speaks for each.
type Guess string

// The guesses, and what WithOtherwise makes of them.
const (
	GuessEmptyText Guess = "empty-text" // "" is null; otherwise 422 where a number, an id or a switch is due
	GuessForms     Guess = "forms"      // forms and members of the query are read; otherwise JSON bodies alone
)

// Guesses are all there are.
func Guesses() []Guess { return []Guess{GuessEmptyText, GuessForms} }

// WithOtherwise turns guesses round.
func WithOtherwise(guesses ...Guess) Option {
	return func(c *config) { c.otherwise = append(c.otherwise, guesses...) }
}

func (s *Server) otherwise(g Guess) bool { return slices.Contains(s.cfg.otherwise, g) }
