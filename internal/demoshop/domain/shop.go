package domain

// What never changes of this shop.
const (
	// Currency is the only currency of the shop, ISO 4217.
	Currency = "UAH"
	// Locale is the first language of its texts, BCP 47, and the language of its own pages.
	Locale = "uk"
	// ZoneName is the time zone of its calendar, in the IANA database.
	ZoneName = "Europe/Kyiv"
)

// Storefront is a face of the shop: the domains buyers know it under.
type Storefront struct {
	ID      string
	Domains []string // in lower case
}

// UTM are the campaign marks a buyer came with; empty ones were not given.
type UTM struct{ Source, Medium, Campaign, Term, Content string }
