package requests

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
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

func classesOf(h map[int]int) (out []SizeClass) {
	for expected, n := range h {
		out = append(out, SizeClass{Expected: expected, Products: n})
	}
	return out
}

func TestPackedGroupsHoldEveryProductOnceAndOnePageEach(t *testing.T) {
	t.Parallel()
	for _, h := range shapes() {
		blocks := Pack(classesOf(h))
		left, least, offers := map[int]int{}, 0, 0
		for expected, n := range h {
			left[expected], offers = n, offers+expected*n
			if expected > PageSize {
				least += n * Pages(expected)
			}
		}
		least = max(least, (offers+PageSize-1)/PageSize)
		for _, b := range blocks {
			products := 0
			for _, c := range b.Takes {
				left[c.Expected] -= c.Products * b.Groups
				products += c.Products
			}
			if rows := Offers(b.Takes); products > MaxIDs || b.Groups < 1 || rows > PageSize*Pages(b.Takes[0].Expected) {
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
		if got < least || largest <= 10 && got > offers/(PageSize+1-max(1, largest))+1 {
			t.Fatalf("%v: %d requests, at least %d are needed", h, got, least)
		}
	}
}

func TestSeatsTellEachProductItsGroup(t *testing.T) {
	t.Parallel()
	for _, h := range shapes() {
		blocks := Pack(classesOf(h))
		const first = 3
		rows, products := map[int]int{}, map[int]int{}
		taken := map[string]bool{}
		for _, s := range Ranges(blocks, first) {
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
			if requests += Pages(n); group < first || group >= first+Groups(blocks) || products[group] > MaxIDs {
				t.Fatalf("%v: group %d holds %d products", h, group, products[group])
			}
		}
		if len(taken) != all || len(rows) != Groups(blocks) || requests != requestsOf(blocks) {
			t.Fatalf("%v: %d of %d products in %d groups with %d pages", h, len(taken), all, len(rows), requests)
		}
	}
}

func TestNextWayIsTheCheaperOne(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    Estimate
		want Strategy
	}{
		{"full pages of chosen products are never dearer than all", Estimate{Known: []SizeClass{{1, 500}}, Total: -1}, InGroups},
		{"nothing chosen is alive", Estimate{Total: -1}, InGroups},
		{"half-empty pages may be dearer, so all are counted first", Estimate{Known: []SizeClass{{40, 10}}, Total: -1}, CountAll},
		{"few of many", Estimate{Known: []SizeClass{{40, 10}}, Total: 5000}, InGroups},
		{"as many either Strategy: the whole list", Estimate{Known: []SizeClass{{1, 500}}, Total: 500}, WholeList},
		{"products that share no page", Estimate{Known: []SizeClass{{40, 100}}, Total: 4200}, WholeList},
		{"unknown sizes are counted first", Estimate{Unknown: 3, Total: -1}, CountAll},
		{"unknown sizes that cannot be cheaper", Estimate{Unknown: 500, Total: 500}, WholeList},
		{"unknown sizes that might be", Estimate{Unknown: 500, Total: 50_000, Spent: 1}, SampleSome},
		{"the sample was small", Estimate{Unknown: 500, Total: 50_000, Spent: 1, Sampled: 50, SampleOffers: 150}, FinishSample},
		{"nothing is there", Estimate{Known: []SizeClass{{1, 5}}, Total: 0}, WholeList},
		{"pages of the whole list that were read count for it", Estimate{Known: []SizeClass{{40, 10}}, Total: 501, Spent: 1}, WholeList},
		{"the sample was all", Estimate{Unknown: 50, Total: 5_000, Spent: 1, Sampled: 50, SampleOffers: 150}, FinishSample},
		{"the sample was all, and dearer than the rest of the list", Estimate{Unknown: 50, Total: 100, Spent: 1, Sampled: 50, SampleOffers: 150}, WholeList},
		{"a page for the rest of the sample is spent", Estimate{Unknown: 100, Total: 200, Spent: 1, Sampled: 50, SampleOffers: 50}, FinishSample},
		{"as many either way after a sample", Estimate{Unknown: 100, Total: 150, Spent: 1, Sampled: 50, SampleOffers: 50}, WholeList},
		{"sizes are taken to differ by half", Estimate{Unknown: 53, Total: 2_200, Spent: 1, Sampled: 50, SampleOffers: 2_000}, FinishSample},
		{"the sample was large", Estimate{Unknown: 500, Total: 5_000, Spent: 1, Sampled: 50, SampleOffers: 1500}, WholeList},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.o.Next(); got != tt.want {
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
		want                 Strategy
	}{
		{100, 10_000, 0, true, InGroups},
		{100, 10_000, 0, false, InGroups},
		{100, 100, 0, true, WholeList},
		{100, 150, 1, true, WholeList},
		{4_900, 5_000, 0, true, InGroups},
		{4_900, 5_000, 1, true, InGroups},
		{4_960, 5_000, 0, true, WholeList},
		{4_900, 5_000, 0, false, WholeList},
		{2_500, 5_000, 0, false, InGroups},
		{2_501, 5_000, 0, false, WholeList},
		{0, 0, 0, true, WholeList},
	} {
		if got := PriceStrategy(tt.linked, tt.total, tt.spent, tt.chosen); got != tt.want {
			t.Errorf("PriceStrategy(%d, %d, %d, %v) = %q, want %q", tt.linked, tt.total, tt.spent, tt.chosen, got, tt.want)
		}
	}
}

// However offers are spread over products, groups of a guessed size cost little more than full pages
// and groups would, seen over many of them.
func TestGuessedGroupsWasteLittle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	//nolint:paralleltest // all draw from one source of chance
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
			groups, _ := GroupsOfUnknown(many, mean, math.Sqrt(squares/1000-mean*mean))
			size := (many + groups - 1) / groups
			cost, rows, products := 0, 0, 0
			for range 400 {
				group := 0
				for range size {
					group += offers()
				}
				cost, rows, products = cost+Pages(group), rows+group, products+size
			}
			if least := max(float64(rows)/PageSize, float64(products)/MaxIDs); float64(cost) > 1.15*least || size > MaxIDs {
				t.Errorf("groups of %d cost %d pages, at least %.1f are needed", size, cost, least)
			}
		})
	}
}

func TestPackBeginsWithTheFullest(t *testing.T) {
	t.Parallel()
	got := Pack([]SizeClass{{1, 10}, {49, 10}, {0, 5}, {5, 0}, {2, -1}})
	want := []BatchShape{{Groups: 10, Takes: []SizeClass{{49, 1}, {1, 1}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Pack([]SizeClass{{5, 0}}); got != nil {
		t.Errorf("no products are packed as %v", got)
	}
}

func TestGroupsOfKnownSizeHaveNoTail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		products int
		mean     float64
		groups   int
		cost     float64
	}{{50, 1, 1, 1}, {1, 3, 1, 1}, {1, 50, 1, 1}, {1, 120, 1, 3}} {
		t.Run(fmt.Sprintf("%d of %v", tt.products, tt.mean), func(t *testing.T) {
			t.Parallel()
			if groups, cost := GroupsOfUnknown(tt.products, tt.mean, 0); groups != tt.groups || cost != tt.cost {
				t.Errorf("%d groups, %v pages, want %d, %v", groups, cost, tt.groups, tt.cost)
			}
		})
	}
}

// A page holds 50, so the second one is needed from 51 on: half a row above 50 is where the two part.
func TestExpectedPagesCountWholeRows(t *testing.T) {
	t.Parallel()
	if got, want := expectedPages(50, 1), 1+math.Erfc(0.5/math.Sqrt2)/2; math.Abs(got-want) > 1e-9 {
		t.Errorf("%v, want %v", got, want)
	}
}
