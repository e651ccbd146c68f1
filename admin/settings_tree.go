package admin

import (
	"slices"
)

// treeNode is a category of the CRM with those below it.
type treeNode struct {
	Code, Name string
	Checked    bool
	// Open shows the branch unfolded because something in it is ticked.
	Open     bool
	Gone     bool
	Children []*treeNode
}

// tree arranges the categories. What is ticked but gone from the CRM stands at the end.
func (b *formBuilder) tree() []*treeNode {
	chosen := b.set.Catalog.Chosen
	nodes := map[string]*treeNode{}
	rows, up := b.lists.CRM.Categories.Rows, map[string]string{}
	for _, c := range rows {
		up[c.Code] = c.Parent
		nodes[c.Code] = &treeNode{Code: c.Code, Name: c.Name, Checked: slices.Contains(chosen, c.Code)}
	}
	var roots []*treeNode
	for _, c := range rows {
		parent := nodes[c.Parent]
		if parent == nil || loops(up, c.Code) {
			roots = append(roots, nodes[c.Code])
			continue
		}
		parent.Children = append(parent.Children, nodes[c.Code])
	}
	for _, root := range roots {
		unfold(root)
	}
	for _, code := range chosen {
		if nodes[code] == nil {
			roots = append(roots, &treeNode{Code: code, Name: b.req.Words.T("choice.gone", "code", code), Checked: true, Gone: true})
		}
	}
	return roots
}

// loops reports whether going up from a category never ends, which the CRM should not allow but could.
func loops(up map[string]string, code string) bool {
	steps := 0
	for at := up[code]; at != ""; at = up[at] {
		if steps++; at == code || steps > len(up) {
			return true
		}
	}
	return false
}

// unfold opens the branches with something ticked in them.
func unfold(n *treeNode) (ticked bool) {
	for _, child := range n.Children {
		if unfold(child) {
			n.Open = true
		}
	}
	return n.Open || n.Checked
}
