package catalog

import "time"

// Pictures tunes how pictures are fetched. Zero values take the defaults.
type Pictures struct {
	// MaxBytes of one picture. Default 10 MB.
	MaxBytes int64
	// MaxPerProduct is how many pictures of a product are taken. Default 12.
	MaxPerProduct int
	// Timeout of one picture. Default 20 s.
	Timeout time.Duration
	// Parallel is how many products get their pictures at a time. Default 4.
	Parallel int
	// AllowLoopback lets pictures come from this machine, as in the demo. Other private addresses
	// stay refused.
	AllowLoopback bool
}

func (p Pictures) withDefaults() Pictures {
	p.MaxBytes = orDefault(p.MaxBytes, 10<<20)
	p.MaxPerProduct = orDefault(p.MaxPerProduct, 12)
	p.Timeout = orDefault(p.Timeout, 20*time.Second)
	p.Parallel = orDefault(p.Parallel, 4)
	return p
}

type fetcher struct{ limits Pictures }

func newFetcher(p Pictures) *fetcher { return &fetcher{limits: p} }
