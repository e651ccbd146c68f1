package progress

import "fmt"

// Overall puts the phases of a run on one scale of 0 to 100. Total is 0 while nobody knows it.
func Overall(kind, name string, done, total int) int {
	from := 0
	for _, p := range phasesOf(kind) {
		if p.name != name {
			from = p.until
			continue
		}
		if total <= 0 {
			return from
		}
		return from + (p.until-from)*min(done, total)/total
	}
	return 0
}

// Words say what a run is at: "reading offers, 300 of 2400". An unknown phase is called by its name.
func Words(kind, name string, done, total int) string {
	for _, p := range phasesOf(kind) {
		switch {
		case p.name != name:
		case total <= 0:
			return p.words
		default:
			return fmt.Sprintf("%s, %d of %d", p.words, done, total)
		}
	}
	return name
}

type phase struct {
	name, words string
	until       int // percent of the whole when the phase is over
}

// phasesOf are those of a kind of run.
func phasesOf(kind string) []phase {
	if kind == "prices" {
		return priceRun()
	}
	return fullRun()
}

// fullRun gives each phase the share of the whole that people wait for.
func fullRun() []phase {
	return []phase{
		{"read_categories", "reading categories", 2},
		{"read_products", "reading products", 15},
		{"read_offers", "reading offers", 35},
		{"confirm", "asking for what is missing", 36},
		{"confirm_offers", "asking for variants that are missing", 38},
		{"read_stocks", "reading stock of warehouses", 39},
		{"check_warehouses", "looking whether the warehouses are still there", 39},
		{"split", "making products of variants", 39},
		{"plan", "comparing with the shop", 40},
		{"check", "looking at the plan as a whole", 41},
		{"verify_categories", "looking which categories have moved since", 41},
		{"verify", "looking what has moved since", 42},
		{"relink", "changing links", 42},
		{"write_categories", "writing categories", 44},
		{"write", "writing products", 65},
		{"write_again", "trying once more what failed", 66},
		{"images", "fetching pictures", 99},
		{"tidy", "tidying up", 100},
	}
}

func priceRun() []phase {
	return []phase{
		{"check_currency", "checking the currency", 2},
		{"read_prices", "reading prices and stock", 60},
		{"check_warehouses", "looking whether the warehouses are still there", 60},
		{"plan_prices", "comparing prices and stock", 75},
		{"check", "looking at the plan as a whole", 76},
		{"verify", "looking what has moved since", 80},
		{"write_prices", "writing prices and stock", 97},
		{"write_again", "trying once more what failed", 98},
		{"tidy", "tidying up", 100},
	}
}
