package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/plugin"
)

// Categories are written as "id name", "id name parent"; links as "crm shop name parent", the last of the CRM's side.

func crmTree(list ...string) (out []catalog.Category) {
	for _, s := range list {
		w := words(s, 3)
		out = append(out, catalog.Category{ID: w[0], Name: w[1], ParentID: w[2]})
	}
	return out
}

func shopTree(list ...string) (out []plugin.Category) {
	for _, s := range list {
		w := words(s, 3)
		out = append(out, plugin.Category{ID: plugin.CategoryID(w[0]), Name: w[1], ParentID: plugin.CategoryID(w[2])})
	}
	return out
}

func treeLinks(list ...string) (out []plan.CategoryLink) {
	for _, s := range list {
		w := words(s, 4)
		out = append(out, plan.CategoryLink{CRM: w[0], Shop: plugin.CategoryID(w[1]), Name: w[2], Parent: w[3]})
	}
	return out
}

func words(s string, n int) []string { return append(strings.Fields(s), make([]string, n)...)[:n] }

func told(changes []plan.TreeChange) (out []string) {
	for _, c := range changes {
		text := string(c.Action) + " " + c.Name
		if c.Action == plan.TreeUpdated {
			text = "update " + c.OldName + "→" + c.Name + " " + c.OldParent + "→" + c.Parent
		} else if c.Parent != "" {
			text += " in " + c.Parent
		}
		out = append(out, text)
	}
	return out
}

func TestOutline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		f    plan.TreeFacts
		want []string
	}{
		{"nothing", plan.TreeFacts{}, nil},
		{
			"a tree that is new, from the top down",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1", "3 C 2", "4 D")},
			[]string{"create A", "create D", "create B in A", "create C in A / B"},
		},
		{
			"one that is there by name, whatever its case",
			plan.TreeFacts{Crm: crmTree("1 Абв", "2 Г 1"), Shop: shopTree("7 АБВ", "8 Г 7")},
			[]string{"link Абв", "link Г in АБВ"},
		},
		{
			"of two of a name the one with the smaller number",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1"), Shop: shopTree("10 A", "9 A", "11 B 9")},
			[]string{"link A", "link B in A"},
		},
		{
			"of two numbers of one length, too",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1"), Shop: shopTree("19 A", "18 A", "20 B 18")},
			[]string{"link A", "link B in A"},
		},
		{
			"a name elsewhere in the tree does not count",
			plan.TreeFacts{Crm: crmTree("1 B"), Shop: shopTree("7 A", "8 B 7")},
			[]string{"create B"},
		},
		{
			"one that another connection has does not count",
			plan.TreeFacts{
				Crm: crmTree("1 A"), Shop: shopTree("7 A"), Taken: map[plugin.CategoryID]bool{"7": true},
			},
			[]string{"create A"},
		},
		{
			"one category of the shop for one of two with a name",
			plan.TreeFacts{Crm: crmTree("1 A", "2 A"), Shop: shopTree("7 A")},
			[]string{"link A", "create A"},
		},
		{
			"one that is linked already does not count",
			plan.TreeFacts{Crm: crmTree("1 A", "2 A"), Shop: shopTree("7 A"), Links: treeLinks("1 7 A")},
			[]string{"create A"},
		},
		{"all is as it was", plan.TreeFacts{Crm: crmTree("1 A", "2 B 1"), Shop: shopTree("7 A", "8 B 7"), Links: treeLinks("1 7 A", "2 8 B 1")}, nil},
		{
			"another name",
			plan.TreeFacts{Crm: crmTree("1 B"), Shop: shopTree("7 A"), Links: treeLinks("1 7 A")},
			[]string{"update A→B →"},
		},
		{
			"another name, over the merchant's",
			plan.TreeFacts{Crm: crmTree("1 B"), Shop: shopTree("7 X"), Links: treeLinks("1 7 A")},
			[]string{"update X→B →"},
		},
		{"the merchant's name stays", plan.TreeFacts{Crm: crmTree("1 A"), Shop: shopTree("7 X"), Links: treeLinks("1 7 A")}, nil},
		{"a name that the shop has already", plan.TreeFacts{Crm: crmTree("1 B"), Shop: shopTree("7 B"), Links: treeLinks("1 7 A")}, nil},
		{
			"another name beside a category that is there by name",
			plan.TreeFacts{Crm: crmTree("1 B", "2 C"), Shop: shopTree("7 A", "8 C"), Links: treeLinks("1 7 A")},
			[]string{"link C", "update A→B →"},
		},
		{"no name at all leaves the shop's", plan.TreeFacts{Crm: crmTree("1"), Shop: shopTree("7 A"), Links: treeLinks("1 7 A")}, nil},
		{
			"a name that the shop has already, beside one that is gone",
			plan.TreeFacts{Crm: crmTree("1 B"), Shop: shopTree("7 B", "8 C"), Links: treeLinks("1 7 A", "2 8 C")},
			[]string{"gone C"},
		},
		{
			"another place",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B", "3 C 2"), Shop: shopTree("7 A", "8 B", "9 C 7"), Links: treeLinks("1 7 A", "2 8 B", "3 9 C 1")},
			[]string{"update C→C A→B"},
		},
		{
			"to the top",
			plan.TreeFacts{Crm: crmTree("1 A", "3 C"), Shop: shopTree("7 A", "9 C 7"), Links: treeLinks("1 7 A", "3 9 C 1")},
			[]string{"update C→C A→"},
		},
		{
			"another place and another name",
			plan.TreeFacts{Crm: crmTree("1 A", "3 D"), Shop: shopTree("7 A", "9 C 7"), Links: treeLinks("1 7 A", "3 9 C 1")},
			[]string{"update C→D A→"},
		},
		{"the merchant's place stays", plan.TreeFacts{Crm: crmTree("1 A", "3 C 1"), Shop: shopTree("7 A", "9 C"), Links: treeLinks("1 7 A", "3 9 C 1")}, nil},
		{"a place where it is already", plan.TreeFacts{Crm: crmTree("1 A", "3 C"), Shop: shopTree("7 A", "9 C"), Links: treeLinks("1 7 A", "3 9 C 1")}, nil},
		{
			"below one that has to be made first",
			plan.TreeFacts{Crm: crmTree("1 A", "3 C 1"), Shop: shopTree("9 C"), Links: treeLinks("3 9 C")},
			[]string{"create A", "update C→C →A"},
		},
		{
			"gone from the CRM",
			plan.TreeFacts{Crm: crmTree("1 A"), Shop: shopTree("7 A", "8 B"), Links: treeLinks("1 7 A", "2 8 B")},
			[]string{"gone B"},
		},
		{"gone from both", plan.TreeFacts{Shop: shopTree("7 A"), Links: treeLinks("2 8 B")}, nil},
		{
			"gone from the shop",
			plan.TreeFacts{Crm: crmTree("1 A"), Links: treeLinks("1 7 A")},
			[]string{"create A"},
		},
		{
			"a parent that the CRM does not have",
			plan.TreeFacts{Crm: crmTree("1 A 99")},
			[]string{"create A"},
		},
		{
			"one that the shop did not take, and all below it",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1", "4 D 2", "5 E 4", "3 C"), Failed: map[string]bool{"1": true}},
			[]string{"create C"},
		},
		{
			"a loop is opened at its first",
			plan.TreeFacts{Crm: crmTree("1 A 2", "2 B 1")},
			[]string{"create A", "create B in A"},
		},
		{
			"a shop that loops has paths that end",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1"), Shop: shopTree("7 A 8", "8 X 7"), Links: treeLinks("1 7 A")},
			[]string{"create B in A / X / A"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop, links := slices.Clone(tt.f.Shop), slices.Clone(tt.f.Links)
			if got := told(plan.SimulateTree(tt.f)); !slices.Equal(got, tt.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
			if !slices.Equal(shop, tt.f.Shop) || !slices.Equal(links, tt.f.Links) {
				t.Error("the facts were changed")
			}
		})
	}
}

// stepOf tells what is written and stored in one step.
func stepOf(p plan.TreePlan) (out []string) {
	for _, l := range p.Links {
		out = append(out, "stores "+strings.TrimSpace(l.CRM+" "+string(l.Shop)+" "+l.Name+" "+l.Parent))
	}
	for _, t := range p.Patches {
		text := "writes " + string(t.Patch.ID)
		if t.Patch.Name != nil {
			text += " " + t.Patch.Lang + " name=" + *t.Patch.Name
		}
		if t.Patch.ParentID != nil {
			text += " parent=" + string(*t.Patch.ParentID)
		}
		out = append(out, text+", then stores "+strings.TrimSpace(t.Link.CRM+" "+string(t.Link.Shop)+" "+t.Link.Name+" "+t.Link.Parent))
	}
	for _, t := range p.Creates {
		out = append(out, "makes "+strings.TrimSpace(t.Category.ID+" "+t.Category.Name+" "+t.Category.ParentID)+" in "+string(t.Parent))
	}
	for _, l := range p.Gone {
		out = append(out, "misses "+l.CRM)
	}
	for _, c := range p.Loops {
		out = append(out, "cuts the loop at "+c.ID)
	}
	return out
}

// TestOneStepOfTheTree: what is written at once, and what is only stored. What is stored wrongly is written over the
// merchant's own names and places later.
func TestOneStepOfTheTree(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		f    plan.TreeFacts
		want []string
	}{
		{
			"a tree that is there by name is linked in one step",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1", "3 C 2"), Shop: shopTree("7 a", "8 b 7", "9 c 8")},
			[]string{"stores 1 7 A", "stores 2 8 B 1", "stores 3 9 C 2"},
		},
		{
			"what lies below one to be made waits",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1", "3 C")},
			[]string{"makes 1 A in ", "makes 3 C in "},
		},
		{
			"what lies below one that is there does not",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1"), Shop: shopTree("7 A"), Links: treeLinks("1 7 A")},
			[]string{"makes 2 B 1 in 7"},
		},
		{
			"a name and a place that the shop has already are stored",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1"), Shop: shopTree("7 A", "8 B 7"), Links: treeLinks("1 7 A", "2 8 X")},
			[]string{"stores 2 8 B 1"},
		},
		{
			"a name and a place that it has not are written",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1"), Shop: shopTree("7 A", "8 X"), Links: treeLinks("1 7 A", "2 8 X"), Lang: "uk"},
			[]string{"writes 8 uk name=B parent=7, then stores 2 8 B 1"},
		},
		{
			"a place that the shop has not got yet is not stored",
			plan.TreeFacts{Crm: crmTree("1 A", "2 B 1"), Shop: shopTree("8 X"), Links: treeLinks("2 8 X"), Lang: "uk"},
			[]string{"writes 8 uk name=B, then stores 2 8 B", "makes 1 A in "},
		},
		{
			"a parent that the CRM does not have is the top, and no loop",
			plan.TreeFacts{Crm: crmTree("1 A 99"), Shop: shopTree("7 A")},
			[]string{"stores 1 7 A"},
		},
		{
			"a loop is cut once, and its first category is a root",
			plan.TreeFacts{Crm: crmTree("1 A 2", "2 B 1"), Shop: shopTree("7 A", "8 B 7")},
			[]string{"stores 1 7 A", "stores 2 8 B 1", "cuts the loop at 1"},
		},
		{
			"one that is gone is told of each step",
			plan.TreeFacts{Crm: crmTree("1 A"), Shop: shopTree("8 B"), Links: treeLinks("2 8 B")},
			[]string{"makes 1 A in ", "misses 2"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := stepOf(plan.DecideTree(tt.f)); !slices.Equal(got, tt.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}

func TestUnapprovedCategories(t *testing.T) {
	t.Parallel()
	links := treeLinks("1 7 A")
	made := plan.TreePlan{Creates: []plan.TreeCreate{{Category: catalog.Category{ID: "2"}}}}
	for _, tt := range []struct {
		name     string
		p        plan.TreePlan
		approved map[string]bool
		want     []string
	}{
		{"nothing", plan.TreePlan{}, nil, nil},
		{"a link that is kept up to date", plan.TreePlan{Links: treeLinks("1 7 B")}, nil, nil},
		{"a new link", plan.TreePlan{Links: treeLinks("2 8 B")}, nil, []string{"2"}},
		{"a change", plan.TreePlan{Patches: []plan.TreePatch{{Link: links[0]}}}, nil, []string{"1"}},
		{"a new category", made, nil, []string{"2"}},
		{"an approved one", made, map[string]bool{"2": true}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			failed := map[string]bool{}
			is := plan.Unapproved(tt.p, links, tt.approved, failed)
			var got []string
			for id, is := range failed {
				if is {
					got = append(got, id)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) || is != (len(tt.want) > 0) {
				t.Errorf("%v, %v, want %v", got, is, tt.want)
			}
		})
	}
}
