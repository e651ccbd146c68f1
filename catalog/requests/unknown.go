package requests

import "math"

// GroupsOfUnknown answers in how many groups to ask for products of unknown size, when a look at some has shown
// a mean and a deviation of their offers, and how many pages that is expected to take. Groups may run
// over several pages; what costs is the empty part of the last one, so the best seldom overflow by a
// little.
func GroupsOfUnknown(products int, mean, deviation float64) (groups int, cost float64) {
	cost = math.Inf(1)
	least := (products + MaxIDs - 1) / MaxIDs
	for n := least; n <= min(products, MaxIDs*least); n++ {
		each := float64(products) / float64(n)
		if c := float64(n) * expectedPages(each*mean, deviation*math.Sqrt(each)); c < cost-1e-9 {
			groups, cost = n, c
		}
		if float64(n) > cost {
			break // a page each would be dearer
		}
	}
	return groups, cost
}

// expectedPages is how many pages rows take whose number is about normally distributed.
func expectedPages(mean, deviation float64) float64 {
	out := 1.0
	for full := float64(PageSize); full < mean+4*deviation+1; full += PageSize {
		if deviation == 0 {
			if mean > full {
				out++
			}
			continue
		}
		out += math.Erfc((full+0.5-mean)/(deviation*math.Sqrt2)) / 2
	}
	return out
}
