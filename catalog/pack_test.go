package catalog

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// shapes are catalogs of all kinds: how many products have how many offers.
func shapes() []map[int]int {
	out := []map[int]int{
		{1: 1},
		{1: 50},
		{1: 51},
		{1: 10_000},
		{40: 100},
		{25: 100},
		{26: 100},
		{50: 7},
		{51: 7},
		{120: 3},
		{1: 500, 2: 200, 3: 100, 7: 50, 40: 10, 130: 2},
		{2: 3, 49: 5},
		{48: 1, 2: 1},
		{},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		h := map[int]int{}
		for range 1 + r.IntN(8) {
			h[1+int(math.Exp(r.Float64()*5))] = 1 + r.IntN(300)
		}
		out = append(out, h)
	}
	return out
}

func classesOf(h map[int]int) (out []class) {
	for expected, n := range h {
		out = append(out, class{Expected: expected, Products: n})
	}
	return out
}

func TestPackedGroupsHoldEveryProductOnceAndOnePageEach(t *testing.T) {
	t.Parallel()
	for _, h := range shapes() {
		blocks := pack(classesOf(h))
		left, least, offers := map[int]int{}, 0, 0
		for expected, n := range h {
			left[expected], offers = n, offers+expected*n
			if expected > pageSize {
				least += n * pages(expected)
			}
		}
		least = max(least, (offers+pageSize-1)/pageSize)
		for _, b := range blocks {
			products := 0
			for _, c := range b.Takes {
				left[c.Expected] -= c.Products * b.Groups
				products += c.Products
			}
			if rows := offersIn(b.Takes); products > GroupSize || b.Groups < 1 || rows > pageSize*pages(b.Takes[0].Expected) {
				t.Fatalf("%v: a group of %d products and %d offers", h, products, rows)
			}
		}
		for expected, n := range left {
			if n != 0 {
				t.Fatalf("%v: %d products with %d offers are left", h, n, expected)
			}
		}
		// Small products leave less than the largest of them empty on each page.
		largest := 0
		for expected := range h {
			largest = max(largest, expected)
		}
		got := requestsOf(blocks)
		if got < least || largest <= 10 && got > offers/(pageSize+1-max(1, largest))+1 {
			t.Fatalf("%v: %d requests, at least %d are needed", h, got, least)
		}
	}
}

func TestSeatsTellEachProductItsGroup(t *testing.T) {
	t.Parallel()
	for _, h := range shapes() {
		blocks := pack(classesOf(h))
		const first = 3
		rows, products := map[int]int{}, map[int]int{}
		taken := map[string]bool{}
		for _, s := range seatsOf(blocks, first) {
			for at := s.From; at < s.To; at++ {
				key := fmt.Sprint(s.Expected, " ", at)
				if taken[key] {
					t.Fatalf("%v: product %s has two seats", h, key)
				}
				taken[key] = true
				group := s.First + (at-s.From)/s.Each
				rows[group] += s.Expected
				products[group]++
			}
		}
		all, requests := 0, 0
		for _, n := range h {
			all += n
		}
		for group, n := range rows {
			if requests += pages(n); group < first || group >= first+groupsOf(blocks) || products[group] > GroupSize {
				t.Fatalf("%v: group %d holds %d products", h, group, products[group])
			}
		}
		if len(taken) != all || len(rows) != groupsOf(blocks) || requests != requestsOf(blocks) {
			t.Fatalf("%v: %d of %d products in %d groups with %d pages", h, len(taken), all, len(rows), requests)
		}
	}
}

func TestNextWayIsTheCheaperOne(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    outlook
		want way
	}{
		{"full pages of chosen products are never dearer than all", outlook{Known: []class{{1, 500}}, Total: -1}, wayGroups},
		{"nothing chosen is alive", outlook{Total: -1}, wayGroups},
		{"half-empty pages may be dearer, so all are counted first", outlook{Known: []class{{40, 10}}, Total: -1}, wayCount},
		{"few of many", outlook{Known: []class{{40, 10}}, Total: 5000}, wayGroups},
		{"as many either way: the whole list", outlook{Known: []class{{1, 500}}, Total: 500}, wayWhole},
		{"products that share no page", outlook{Known: []class{{40, 100}}, Total: 4200}, wayWhole},
		{"unknown sizes are counted first", outlook{Unknown: 3, Total: -1}, wayCount},
		{"unknown sizes that cannot be cheaper", outlook{Unknown: 500, Total: 500}, wayWhole},
		{"unknown sizes that might be", outlook{Unknown: 500, Total: 50_000, Spent: 1}, waySample},
		{"the sample was small", outlook{Unknown: 500, Total: 50_000, Spent: 1, Sampled: 50, SampleOffers: 150}, wayFinish},
		{"the sample was large", outlook{Unknown: 500, Total: 5_000, Spent: 1, Sampled: 50, SampleOffers: 1500}, wayWhole},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.o.next(); got != tt.want {
				t.Errorf("next() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPricesAreAskedForByIDsWhenThatIsCheaper(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		linked, total, spent int
		chosen               bool
		want                 way
	}{
		{100, 10_000, 0, true, wayGroups},
		{100, 10_000, 0, false, wayGroups},
		{100, 100, 0, true, wayWhole},
		{4_900, 5_000, 0, true, wayGroups},
		{4_900, 5_000, 1, true, wayGroups},
		{4_960, 5_000, 0, true, wayWhole},
		{4_900, 5_000, 0, false, wayWhole},
		{2_500, 5_000, 0, false, wayGroups},
		{2_501, 5_000, 0, false, wayWhole},
		{0, 0, 0, true, wayWhole},
	} {
		if got := quotedBy(tt.linked, tt.total, tt.spent, tt.chosen); got != tt.want {
			t.Errorf("quotedBy(%d, %d, %d, %v) = %q, want %q", tt.linked, tt.total, tt.spent, tt.chosen, got, tt.want)
		}
	}
}

// However offers are spread over products, groups of a guessed size cost little more than full pages
// and groups would, seen over many of them.
func TestGuessedGroupsWasteLittle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for name, offers := range map[string]func() int{
		"two each":             func() int { return 2 },
		"forty each":           func() int { return 40 },
		"one to three":         func() int { return 1 + r.IntN(3) },
		"two to five":          func() int { return 2 + r.IntN(4) },
		"few, now and then 80": func() int { return 2 + 78*(r.IntN(20)/19) },
	} {
		t.Run(name, func(t *testing.T) {
			var sum, squares float64
			for range 1000 {
				n := float64(offers())
				sum, squares = sum+n, squares+n*n
			}
			mean := sum / 1000
			const many = 20_000
			groups, _ := guessed(many, mean, math.Sqrt(squares/1000-mean*mean))
			size := (many + groups - 1) / groups
			cost, rows, products := 0, 0, 0
			for range 400 {
				group := 0
				for range size {
					group += offers()
				}
				cost, rows, products = cost+pages(group), rows+group, products+size
			}
			if least := max(float64(rows)/pageSize, float64(products)/GroupSize); float64(cost) > 1.15*least || size > GroupSize {
				t.Errorf("groups of %d cost %d pages, at least %.1f are needed", size, cost, least)
			}
		})
	}
}

func TestHalfIsRoundedDownButNotToOne(t *testing.T) {
	t.Parallel()
	for of, least := range map[int]int{1: 2, 2: 1, 3: 2, 4: 2, 5: 2, 7: 3, 14: 7, 15: 7, 500: 250, 501: 250} {
		for n := range of + 1 {
			if got, want := halfOf(n, of), n >= least; got != want {
				t.Errorf("halfOf(%d, %d) = %v", n, of, got)
			}
		}
	}
}
