// Package requests finds the cheapest way to ask a CRM for the offers or prices of chosen products, when a query
// names some ids and a page holds some rows. It is pure: what is known goes in as numbers.
package requests

import (
	"cmp"
	"math"
	"slices"
)

// SizeClass is a number of products of which as many offers are expected each.
type SizeClass struct {
	Expected int `db:"expected"` // 0: not known
	Products int `db:"products"`
}

// BatchShape is a number of groups of products that are alike: each takes so many of each class.
type BatchShape struct {
	Groups int
	Takes  []SizeClass
}

// Pack packs products of which the offers are known into requests (bin packing): at most
// MaxIDs products with at most a page of offers, or one product with more than a page and small ones
// that fill its last page. The fullest come first, so that few pages stay half empty.
func Pack(classes []SizeClass) []BatchShape {
	left := slices.DeleteFunc(slices.Clone(classes), func(c SizeClass) bool { return c.Products <= 0 || c.Expected <= 0 })
	slices.SortFunc(left, func(a, b SizeClass) int { return cmp.Compare(b.Expected, a.Expected) })
	var out []BatchShape
	for len(left) > 0 {
		room, slots := Pages(left[0].Expected)*PageSize, MaxIDs
		b := BatchShape{Groups: math.MaxInt}
		for i, c := range left {
			n := min(c.Products, room/c.Expected, slots)
			if n == 0 {
				continue
			}
			room, slots = room-n*c.Expected, slots-n
			b.Takes = append(b.Takes, SizeClass{Expected: c.Expected, Products: n})
			b.Groups = min(b.Groups, left[i].Products/n)
		}
		for _, t := range b.Takes {
			i := slices.IndexFunc(left, func(c SizeClass) bool { return c.Expected == t.Expected })
			left[i].Products -= t.Products * b.Groups
		}
		left = slices.DeleteFunc(left, func(c SizeClass) bool { return c.Products == 0 })
		out = append(out, b)
	}
	return out
}

const (
	// PageSize is how many rows a page of the CRM holds.
	PageSize = 50
	// MaxIDs is how many ids one query may name.
	MaxIDs = 50
)

// Pages answers how many pages hold so many rows; an empty list is one page too.
func Pages(rows int) int { return max(1, (rows+PageSize-1)/PageSize) }

// Groups counts the groups of all shapes.
func Groups(blocks []BatchShape) (n int) {
	for _, b := range blocks {
		n += b.Groups
	}
	return n
}

// requestsOf counts the pages that the groups are expected to take.
func requestsOf(blocks []BatchShape) (n int) {
	for _, b := range blocks {
		n += b.Groups * Pages(Offers(b.Takes))
	}
	return n
}

// Offers counts the offers expected of all products of the classes.
func Offers(classes []SizeClass) (n int) {
	for _, c := range classes {
		n += c.Expected * c.Products
	}
	return n
}

// BatchRange is a range of the products of a class, counted from 0, and the groups they go to: the first
// Each to group First, the next to the one behind it, and so on.
type BatchRange struct{ Expected, From, To, First, Each int }

// Ranges says in which group each product of each class is asked for, from the group first on. It is
// as long as the classes are many, however many products there are.
func Ranges(blocks []BatchShape, first int) []BatchRange {
	var out []BatchRange
	used := map[int]int{}
	for _, b := range blocks {
		for _, t := range b.Takes {
			from := used[t.Expected]
			used[t.Expected] = from + t.Products*b.Groups
			out = append(out, BatchRange{Expected: t.Expected, From: from, To: used[t.Expected], First: first, Each: t.Products})
		}
		first += b.Groups
	}
	return out
}
