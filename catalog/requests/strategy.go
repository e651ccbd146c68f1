package requests

import "math"

// Strategy says how a run asks for offers or prices. It is stored.
type Strategy string

// The strategies, and the steps towards one.
const (
	Undecided    Strategy = ""       // not decided
	CountAll     Strategy = "count"  // the first page of all, to learn how many there are
	SampleSome   Strategy = "sample" // the first page of some products of unknown size
	FinishSample Strategy = "finish" // the rest of those
	InGroups     Strategy = "groups" // by the ids of products or offers, packed into requests
	WholeList    Strategy = "whole"  // page by page, whatever of it is wanted
)

// Estimate is what is known before offers are read.
type Estimate struct {
	// Known are the chosen products whose offers were counted before, or which have one by nature.
	Known []SizeClass
	// Unknown counts the chosen products with variants that were never counted.
	Unknown int
	// Total counts all offers of the account; negative: not known.
	Total int
	// Spent counts the pages of the whole list that were read already.
	Spent int
	// Sampled counts products of unknown size that were looked at, SampleOffers their offers.
	Sampled, SampleOffers int
}

// Next decides how to go on. The whole list is read unless groups are cheaper.
func (o Estimate) Next() Strategy {
	blocks := Pack(o.Known)
	known := requestsOf(blocks)
	if o.Total < 0 {
		if o.Unknown == 0 && known <= Pages(Offers(o.Known)) {
			return InGroups // the whole list has these offers too, so it cannot be shorter
		}
		return CountAll
	}
	whole := Pages(o.Total) - o.Spent
	if o.Unknown == 0 {
		return cheaper(known, whole)
	}
	if o.Sampled == 0 {
		if cheaper(known+Pages(o.Unknown), whole) == WholeList {
			return WholeList // not even if each has only one
		}
		return SampleSome
	}
	mean := float64(o.SampleOffers) / float64(o.Sampled)
	rest := 0.0
	if left := o.Unknown - o.Sampled; left > 0 {
		_, rest = GroupsOfUnknown(left, mean, mean/2)
	}
	if cheaper(known+Pages(o.SampleOffers)-1+int(math.Ceil(rest)), whole) == WholeList {
		return WholeList
	}
	return FinishSample
}

func cheaper(groups, whole int) Strategy {
	if groups < whole {
		return InGroups
	}
	return WholeList
}

// PriceStrategy decides how a price run asks for prices: by the ids of what is linked when that is cheaper.
// While nothing is chosen the whole list is read unless groups take half the requests at most: it is
// what keeps the count of a run the same from day to day.
func PriceStrategy(linked, total, spent int, chosen bool) Strategy {
	groups, whole := Pages(linked), Pages(total)-spent
	if chosen {
		return cheaper(groups, whole)
	}
	return cheaper(2*groups-1, whole)
}
