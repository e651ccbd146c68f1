package domain

import (
	"slices"
	"strings"
)

// Tree is the category tree ready to walk; children stand by name.
type Tree struct {
	ByID     map[int64]Category
	Children map[int64][]int64
}

// NewTree makes the rows ready to walk.
func NewTree(rows []Category) Tree {
	t := Tree{ByID: make(map[int64]Category, len(rows)), Children: map[int64][]int64{}}
	for _, r := range rows {
		t.ByID[r.ID] = r
		t.Children[r.ParentID] = append(t.Children[r.ParentID], r.ID)
	}
	for _, ids := range t.Children {
		slices.SortStableFunc(ids, func(a, b int64) int { return strings.Compare(t.sortKey(a), t.sortKey(b)) })
	}
	return t
}

func (t Tree) sortKey(id int64) string { return UkrainianOrder(t.ByID[id].Name) }

// Within is the category and everything below it.
func (t Tree) Within(id int64) []int64 {
	ids := []int64{id}
	for i := 0; i < len(ids); i++ {
		ids = append(ids, t.Children[ids[i]]...)
	}
	return ids
}

// Trail is the way from the root to the category, itself last.
func (t Tree) Trail(id int64) []Category {
	var out []Category
	for row, ok := t.ByID[id]; ok && len(out) <= len(t.ByID); row, ok = t.ByID[row.ParentID] {
		out = append(out, row)
	}
	slices.Reverse(out)
	return out
}

// FlatNode is a category in a flat list, in reading order.
type FlatNode struct {
	Category
	Depth int
}

// Flat is the whole tree in reading order.
func (t Tree) Flat() []FlatNode {
	var out []FlatNode
	var walk func(parent int64, depth int)
	walk = func(parent int64, depth int) {
		for _, id := range t.Children[parent] {
			out = append(out, FlatNode{t.ByID[id], depth})
			walk(id, depth+1)
		}
	}
	walk(0, 0)
	return out
}
