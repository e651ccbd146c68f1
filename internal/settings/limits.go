package settings

// Limits say how much a run or a stock call may change without asking a person first. A zero value has its usual one;
// see OrUsual.
type Limits struct {
	// A run asks when more than MissingCount products, and more than MissingPercent of the linked
	// ones, are missing from the CRM. That more than half are missing is always asked about.
	MissingCount   int `json:"missing_count,omitempty"`
	MissingPercent int `json:"missing_percent,omitempty"`
	// It asks when more than PriceCount prices, and more than PricePercent of the linked ones, move
	// by more than PriceMove percent of what they were.
	PriceCount   int `json:"price_count,omitempty"`
	PricePercent int `json:"price_percent,omitempty"`
	PriceMove    int `json:"price_move,omitempty"`
	// The stock of variants that would go from available to none is held back when they are more than
	// StockCount, and more than StockPercent of the linked ones that were available.
	StockCount   int `json:"stock_count,omitempty"`
	StockPercent int `json:"stock_percent,omitempty"`
}

// Limit is one number of Limits, with its bounds.
type Limit struct {
	Name  string // as in JSON
	Value *int   // 0: Usual
	// Usual counts when nothing is set; Least and Most are the bounds of what may be.
	Usual, Least, Most int
}

// Valid reports whether the number may be saved.
func (n Limit) Valid() bool { return *n.Value == 0 || *n.Value >= n.Least && *n.Value <= n.Most }

// Numbers lists the numbers of l, to read or set them.
func (l *Limits) Numbers() []Limit {
	return []Limit{
		{"missing_count", &l.MissingCount, 20, 1, 10_000},
		{"missing_percent", &l.MissingPercent, 10, 1, 50},
		{"price_count", &l.PriceCount, 5, 1, 10_000},
		{"price_percent", &l.PricePercent, 10, 1, 50},
		{"price_move", &l.PriceMove, 50, 5, 90},
		{"stock_count", &l.StockCount, 20, 1, 10_000},
		{"stock_percent", &l.StockPercent, 30, 1, 90},
	}
}

// OrUsual fills in what is not set.
func (l Limits) OrUsual() Limits {
	for _, n := range l.Numbers() {
		if *n.Value == 0 {
			*n.Value = n.Usual
		}
	}
	return l
}
