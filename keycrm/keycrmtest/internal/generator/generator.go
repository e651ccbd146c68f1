// Package generator computes the invented catalog of a simulated KeyCRM account: categories, products and offers of a
// Ukrainian shop, row by row from a seed. It is pure: nothing in it changes.
package generator

import (
	"time"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Ids of the invented catalog start here; the rows added later continue behind them.
const (
	FirstProduct  = 1001
	FirstOffer    = 20001
	FirstCategory = 10
	FirstOrder    = 70001
)

// Generator computes the invented catalog row by row from a seed: the same seed gives the same shop. It holds only
// where each product's offers begin, so a million offers cost a few megabytes.
type Generator struct {
	seed       uint64
	leaves     []placedLeaf
	Categories []entity.Category // oldest first; their ids are without gaps
	starts     []int32           // first offer of each product, one more at the end
}

type placedLeaf struct {
	leaf
	category int64
}

// New prepares a shop of that many products and offers, as far as the kinds of goods can vary; each product has one
// offer at least.
func New(seed int64, products, offers int) *Generator {
	g := &Generator{seed: uint64(seed)}
	next := int64(FirstCategory)
	add := func(name string, parent int64) int64 {
		id := next
		next++
		g.Categories = append(g.Categories, entity.Category{ID: id, Name: name, ParentID: parent})
		return id
	}
	for _, r := range shopTree() {
		top := add(r.name, 0)
		for _, b := range r.branches {
			mid := add(b.name, top)
			for _, l := range b.leaves {
				g.leaves = append(g.leaves, placedLeaf{l, add(l.name, mid)})
			}
		}
	}
	g.place(max(products, 0), max(offers, products))
	return g
}

// place spreads the offers: every product has one, and those whose kind varies share the rest evenly.
func (g *Generator) place(products, offers int) {
	counts := make([]int32, products)
	for i := range counts {
		counts[i] = 1
	}
	for extra := offers - products; extra > 0; {
		before := extra
		for i := 0; i < products && extra > 0; i++ {
			if g.varies(i) && int(counts[i]) < g.maxVariants(i) {
				counts[i]++
				extra--
			}
		}
		if extra == before {
			break // more offers asked for than the kinds can vary
		}
	}
	g.starts = make([]int32, products+1)
	for i, n := range counts {
		g.starts[i+1] = g.starts[i] + n
	}
}

// Products is how many there are; they are numbered from 0, and their ids from FirstProduct.
func (g *Generator) Products() int { return len(g.starts) - 1 }

// Offers is how many there are; they are numbered from 0, and their ids from FirstOffer.
func (g *Generator) Offers() int { return int(g.starts[len(g.starts)-1]) }

// Hash is splitmix64 over the seed, a row and a purpose.
func (g *Generator) Hash(row int, purpose uint64) uint64 {
	z := g.seed*0x9e3779b97f4a7c15 + uint64(row)*0xbf58476d1ce4e5b9 + purpose*0x94d049bb133111eb
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Pick draws a number below n: always the same for that row and purpose.
func (g *Generator) Pick(row int, purpose uint64, n int) int {
	return int(g.Hash(row, purpose) % uint64(n))
}

// Purposes keep the hashes of one row apart.
const (
	forVariants uint64 = iota + 1
	forPrice
	forStock
	forArchive
	ForColour
	forTitle
	ForPicture
	forMaterial
	_ // was of use once: the others keep their numbers, and the shop its rows
	forUpdate
	ForHistory
)

func (g *Generator) leafOf(i int) *placedLeaf { return &g.leaves[i%len(g.leaves)] }

// CategoryOf is the category of the i-th product, 0 for none.
func (g *Generator) CategoryOf(i int) int64 {
	if g.uncategorised(i) {
		return 0
	}
	return g.leafOf(i).category
}

func (g *Generator) uncategorised(i int) bool { return i%211 == 210 }

// Archived says whether the i-th product begins in the archive.
func (g *Generator) Archived(i int) bool { return g.Hash(i, forArchive)%37 == 0 }

func (g *Generator) varies(i int) bool {
	return g.leafOf(i).axes != axesNone && g.leafOf(i).unit == "" && g.Hash(i, forVariants)%10 < 3
}

func (g *Generator) maxVariants(i int) int {
	_, sizes := axisSizes(g.leafOf(i).axes)
	return len(Colours()) * max(len(sizes), 1)
}

// Kind is the kind of goods of the i-th product, such as "TEE": the beginning of its SKUs.
func (g *Generator) Kind(i int) string { return g.leafOf(i).kind }

// KindIn is the kind of goods in a category of the lowest level, empty for any other category.
func (g *Generator) KindIn(category int64) string {
	for _, l := range g.leaves {
		if l.category == category {
			return l.kind
		}
	}
	return ""
}

// created is when the i-th product appeared: a few an hour from the first opening of the shop on.
func (g *Generator) created(i int) time.Time {
	return time.Date(2026, 1, 12, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * 7 * time.Minute / 4)
}
