package catalog

import (
	"cmp"
	"math"
	"slices"
)

// class is a number of products of which as many offers are expected each.
type class struct {
	Expected int `db:"expected"` // 0: not known
	Products int `db:"products"`
}

// block is a number of groups of products that are alike: each takes so many of each class.
type block struct {
	Groups int
	Takes  []class
}

// pack sorts products of which the offers are known into groups for one question each: at most
// GroupSize products with at most a page of offers, or one product with more than a page and small ones
// that fill its last page. The fullest come first, so that few pages stay half empty.
func pack(classes []class) []block {
	left := slices.DeleteFunc(slices.Clone(classes), func(c class) bool { return c.Products <= 0 || c.Expected <= 0 })
	slices.SortFunc(left, func(a, b class) int { return cmp.Compare(b.Expected, a.Expected) })
	var out []block
	for len(left) > 0 {
		room, slots := pages(left[0].Expected)*pageSize, GroupSize
		b := block{Groups: math.MaxInt}
		for i, c := range left {
			n := min(c.Products, room/c.Expected, slots)
			if n == 0 {
				continue
			}
			room, slots = room-n*c.Expected, slots-n
			b.Takes = append(b.Takes, class{Expected: c.Expected, Products: n})
			b.Groups = min(b.Groups, left[i].Products/n)
		}
		for _, t := range b.Takes {
			i := slices.IndexFunc(left, func(c class) bool { return c.Expected == t.Expected })
			left[i].Products -= t.Products * b.Groups
		}
		left = slices.DeleteFunc(left, func(c class) bool { return c.Products == 0 })
		out = append(out, b)
	}
	return out
}

// pageSize is how many rows a page of the CRM holds.
const pageSize = 50

// pages answers how many pages hold so many rows; an empty list is one page too.
func pages(rows int) int { return max(1, (rows+pageSize-1)/pageSize) }

// groupsOf counts the groups of blocks.
func groupsOf(blocks []block) (n int) {
	for _, b := range blocks {
		n += b.Groups
	}
	return n
}

// requestsOf counts the pages that blocks are expected to take.
func requestsOf(blocks []block) (n int) {
	for _, b := range blocks {
		n += b.Groups * pages(offersIn(b.Takes))
	}
	return n
}

func offersIn(classes []class) (n int) {
	for _, c := range classes {
		n += c.Expected * c.Products
	}
	return n
}

// seat is a range of the products of a class, counted from 0, and the groups they go to: the first
// Each to group First, the next to the one behind it, and so on.
type seat struct{ Expected, From, To, First, Each int }

// seatsOf says in which group each product of each class is asked for, from the group first on. It is
// as long as the classes are many, however many products there are.
func seatsOf(blocks []block, first int) []seat {
	var out []seat
	used := map[int]int{}
	for _, b := range blocks {
		for _, t := range b.Takes {
			from := used[t.Expected]
			used[t.Expected] = from + t.Products*b.Groups
			out = append(out, seat{Expected: t.Expected, From: from, To: used[t.Expected], First: first, Each: t.Products})
		}
		first += b.Groups
	}
	return out
}

// guessed answers in how many groups to ask for products of unknown size, when a look at some has shown
// a mean and a deviation of their offers, and how many pages that is expected to take. Groups may run
// over several pages; what costs is the empty part of the last one, so the best seldom overflow by a
// little.
func guessed(products int, mean, deviation float64) (groups int, cost float64) {
	cost = math.Inf(1)
	least := (products + GroupSize - 1) / GroupSize
	for n := least; n <= min(products, GroupSize*least); n++ {
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
	for full := float64(pageSize); full < mean+4*deviation+1; full += pageSize {
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

// way says how a run asks for offers.
type way string

const (
	wayOpen   way = ""       // not decided
	wayCount  way = "count"  // the first page of all, to learn how many there are
	waySample way = "sample" // the first page of some products of unknown size
	wayFinish way = "finish" // the rest of those
	wayGroups way = "groups"
	wayWhole  way = "whole"
)

// outlook is what is known before offers are read.
type outlook struct {
	// Known are the chosen products whose offers were counted before, or which have one by nature.
	Known []class
	// Unknown counts the chosen products with variants that were never counted.
	Unknown int
	// Total counts all offers of the account; negative: not known.
	Total int
	// Spent counts the pages of the whole list that were read already.
	Spent int
	// Sampled counts products of unknown size that were looked at, SampleOffers their offers.
	Sampled, SampleOffers int
}

// next decides how to go on; it is pure. The whole list is read unless groups are cheaper.
func (o outlook) next() way {
	blocks := pack(o.Known)
	known := requestsOf(blocks)
	if o.Total < 0 {
		if o.Unknown == 0 && known <= pages(offersIn(o.Known)) {
			return wayGroups // the whole list has these offers too, so it cannot be shorter
		}
		return wayCount
	}
	whole := pages(o.Total) - o.Spent
	if o.Unknown == 0 {
		return cheaper(known, whole)
	}
	if o.Sampled == 0 {
		if cheaper(known+pages(o.Unknown), whole) == wayWhole {
			return wayWhole // not even if each has only one
		}
		return waySample
	}
	mean := float64(o.SampleOffers) / float64(o.Sampled)
	rest := 0.0
	if left := o.Unknown - o.Sampled; left > 0 {
		_, rest = guessed(left, mean, mean/2)
	}
	if cheaper(known+pages(o.SampleOffers)-1+int(math.Ceil(rest)), whole) == wayWhole {
		return wayWhole
	}
	return wayFinish
}

func cheaper(groups, whole int) way {
	if groups < whole {
		return wayGroups
	}
	return wayWhole
}

// quotedBy decides how a price run asks for prices: by the ids of what is linked when that is cheaper.
// While nothing is chosen the whole list is read unless groups take half the requests at most: it is
// what keeps the count of a run the same from day to day.
func quotedBy(linked, total, spent int, chosen bool) way {
	groups, whole := pages(linked), pages(total)-spent
	if chosen {
		return cheaper(groups, whole)
	}
	return cheaper(2*groups-1, whole)
}
