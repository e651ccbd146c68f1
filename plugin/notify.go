package plugin

import "time"

// Severity of a message to the merchant.
type Severity string

// The severities.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Problem Severity = "problem" // something waits for the merchant
)

// Message is a note to the merchant, shown by the engine in its own way (bell, letter).
// It carries no secrets and no buyers' data.
type Message struct {
	Shop     ShopID
	Severity Severity
	// Key makes repeats replace each other: the engine keeps the newest of one key.
	Key   string
	Title string
	Text  string
	// Path is the page of ours that helps, relative to the admin mount; may be empty.
	Path string
	At   time.Time
}
