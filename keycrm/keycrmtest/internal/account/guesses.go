package account

// Guess names a behaviour of KeyCRM that nobody has seen. The simulator does what is likelier; WithOtherwise turns it
// round, so that a program can be tried on both. docs/keycrm.md tells what speaks for each.
type Guess string

// The guesses, and what WithOtherwise makes of them.
const (
	GuessEmptyText     Guess = "empty-text"     // "" is null; otherwise 422 where a number, an id or a switch is due
	GuessForms         Guess = "forms"          // forms and members of the query are read; otherwise JSON bodies alone
	GuessPaymentMethod Guess = "payment-method" // an unknown name of a payment method is kept; otherwise 422
	GuessSourceName    Guess = "source-name"    // a source_name will do for a source_id; otherwise 422
	GuessPhones        Guess = "phones"         // phones are kept as +380671234567; otherwise as they were typed
	GuessNegativeStock Guess = "negative-stock" // stock below zero is a text, "-1.000"; otherwise a number
)

// Guesses are all there are.
func Guesses() []Guess {
	return []Guess{GuessEmptyText, GuessForms, GuessPaymentMethod, GuessSourceName, GuessPhones, GuessNegativeStock}
}
