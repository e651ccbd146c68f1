package demoshop

import (
	"slices"
	"strings"
)

// tree is the category tree ready to walk; children stand by name.
type tree struct {
	byID     map[int64]categoryRow
	children map[int64][]int64
}

func newTree(rows []categoryRow) tree {
	t := tree{byID: make(map[int64]categoryRow, len(rows)), children: map[int64][]int64{}}
	for _, r := range rows {
		t.byID[r.ID] = r
		t.children[r.ParentID] = append(t.children[r.ParentID], r.ID)
	}
	for _, ids := range t.children {
		slices.SortStableFunc(ids, func(a, b int64) int { return strings.Compare(t.sortKey(a), t.sortKey(b)) })
	}
	return t
}

// sortKey puts the Ukrainian letters that Unicode keeps apart where readers look for them.
func (t tree) sortKey(id int64) string { return ukrainianOrder(t.byID[id].Name) }

// ukrainianOrder maps a name to a text whose byte order is alphabetical.
func ukrainianOrder(s string) string {
	return strings.NewReplacer("ґ", "г\uffff", "є", "е\uffff", "і", "и\ufffe", "ї", "и\uffff").Replace(nameKey(s))
}

// within is the category and everything below it.
func (t tree) within(id int64) []int64 {
	ids := []int64{id}
	for i := 0; i < len(ids); i++ {
		ids = append(ids, t.children[ids[i]]...)
	}
	return ids
}

// trail is the way from the root to the category, itself last.
func (t tree) trail(id int64) []categoryRow {
	var out []categoryRow
	for row, ok := t.byID[id]; ok && len(out) <= len(t.byID); row, ok = t.byID[row.ParentID] {
		out = append(out, row)
	}
	slices.Reverse(out)
	return out
}

// flatNode is a category in a flat list, in reading order.
type flatNode struct {
	categoryRow
	Depth int
}

func (t tree) flat() []flatNode {
	var out []flatNode
	var walk func(parent int64, depth int)
	walk = func(parent int64, depth int) {
		for _, id := range t.children[parent] {
			out = append(out, flatNode{t.byID[id], depth})
			walk(id, depth+1)
		}
	}
	walk(0, 0)
	return out
}
