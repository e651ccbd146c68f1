package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// TreeMeasures are what guards look at in the category tree.
type TreeMeasures struct {
	Linked int
	// Read counts the categories that the CRM answered.
	Read int
	// Touched counts linked categories that are gone from the CRM or to be renamed or moved, Gone the
	// former alone.
	Touched, Gone int
}

// Unapproved adds to failed the categories that a plan would write and nobody has approved; it reports whether there
// are any. To plan again leaves them out.
func Unapproved(p TreePlan, links []CategoryLink, approved map[string]bool, failed map[string]bool) bool {
	linked := map[string]bool{}
	for _, l := range links {
		linked[l.CRM] = true
	}
	strange := map[string]bool{}
	for _, l := range p.Links {
		strange[l.CRM] = !linked[l.CRM]
	}
	for _, t := range p.Patches {
		strange[t.Link.CRM] = true
	}
	for _, t := range p.Creates {
		strange[t.Category.ID] = true
	}
	maps.DeleteFunc(strange, func(id string, is bool) bool { return !is || approved[id] })
	for _, id := range slices.Sorted(maps.Keys(strange)) {
		failed[id] = true
	}
	return len(strange) > 0
}

// CategoryLink is a category of the CRM that the shop has.
type CategoryLink struct {
	CRM    string            `db:"crm_id"`
	Shop   plugin.CategoryID `db:"category_id"`
	Name   string            `db:"name"`
	Parent string            `db:"parent_id"` // the CRM's
}

// TreePlan is what the shop's category tree lacks now. What lies below a category still to be
// created follows once that exists.
type TreePlan struct {
	// Links are to be stored as they are: found by name, or with a new name or place that needs no
	// write.
	Links   []CategoryLink
	Patches []TreePatch
	Creates []TreeCreate
	Gone    []CategoryLink     // linked, and no longer in the CRM
	Loops   []catalog.Category // made roots, because the CRM's tree loops there
}

// TreePatch renames or moves a category of the shop.
type TreePatch struct {
	Patch plugin.CategoryPatch
	Link  CategoryLink // as it is once the patch is written
}

// TreeCreate makes a category below a parent that exists.
type TreeCreate struct {
	Category catalog.Category
	Parent   plugin.CategoryID
}

// Empty reports whether the shop's tree lacks nothing that can be written now.
func (p TreePlan) Empty() bool { return len(p.Links)+len(p.Patches)+len(p.Creates) == 0 }

// TreeChange is what a run means to do to one category, in words. Parents are told as paths; one that
// is empty is the top of the tree.
type TreeChange struct {
	CRM       string     `json:"-"`
	Action    TreeAction `json:"-"`
	Name      string     `json:"name"`
	OldName   string     `json:"old_name,omitempty"` // of an update
	Parent    string     `json:"parent,omitempty"`
	OldParent string     `json:"old_parent,omitempty"`
	// Shop is the shop's category; empty when it is to be created.
	Shop plugin.CategoryID `json:"shop,omitempty"`
}

// TreeAction is what is done to a category.
type TreeAction string

// What may be done to one.
const (
	TreeCreated TreeAction = "create" // the shop does not have it
	TreeUpdated TreeAction = "update" // renamed or moved
	TreeLinked  TreeAction = "link"   // the shop has one of that name there
	TreeGone    TreeAction = "gone"   // from the CRM; it is left in the shop
)

// SimulateTree is a dry run of writing the tree: it plans level by level, as the writer does, and lists every change in
// that order.
func SimulateTree(f TreeFacts) []TreeChange {
	o := treeDryRun{TreeFacts: f, byID: map[plugin.CategoryID]int{}, byCRM: map[string]int{}}
	o.Shop, o.Links = slices.Clone(f.Shop), slices.Clone(f.Links)
	for i, s := range o.Shop {
		o.byID[s.ID] = i
	}
	for i, l := range o.Links {
		o.byCRM[l.CRM] = i
	}
	// A step writes at least one level, so there are no more steps than categories.
	for range len(f.Crm) + 2 {
		p := DecideTree(o.TreeFacts)
		if p.Empty() {
			for _, l := range p.Gone {
				o.out = append(o.out, TreeChange{CRM: l.CRM, Action: TreeGone, Name: l.Name, Shop: l.Shop})
			}
			break
		}
		o.add(p)
	}
	return o.out
}

// treeDryRun simulates writing a plan.
type treeDryRun struct {
	TreeFacts
	out   []TreeChange
	byID  map[plugin.CategoryID]int
	byCRM map[string]int
}

func (o *treeDryRun) add(p TreePlan) {
	for _, l := range p.Links {
		if _, known := o.byCRM[l.CRM]; !known {
			o.out = append(o.out, TreeChange{CRM: l.CRM, Action: TreeLinked, Name: l.Name, Parent: o.path(o.parentOf(l.Shop)), Shop: l.Shop})
		}
		o.link(l)
	}
	for _, t := range p.Patches {
		s := &o.Shop[o.byID[t.Patch.ID]]
		c := TreeChange{CRM: t.Link.CRM, Action: TreeUpdated, Name: s.Name, OldName: s.Name, OldParent: o.path(s.ParentID), Shop: s.ID}
		if t.Patch.Name != nil {
			s.Name, c.Name = *t.Patch.Name, *t.Patch.Name
		}
		if t.Patch.ParentID != nil {
			s.ParentID = *t.Patch.ParentID
		}
		c.Parent = o.path(s.ParentID)
		o.out = append(o.out, c)
		o.link(t.Link)
	}
	for _, t := range p.Creates {
		id := plugin.CategoryID("new " + t.Category.ID)
		o.byID[id] = len(o.Shop)
		o.Shop = append(o.Shop, plugin.Category{ID: id, ParentID: t.Parent, Name: t.Category.Name})
		o.out = append(o.out, TreeChange{CRM: t.Category.ID, Action: TreeCreated, Name: t.Category.Name, Parent: o.path(t.Parent)})
		o.link(CategoryLink{CRM: t.Category.ID, Shop: id, Name: t.Category.Name, Parent: t.Category.ParentID})
	}
}

func (o *treeDryRun) link(l CategoryLink) {
	if i, known := o.byCRM[l.CRM]; known {
		o.Links[i] = l
		return
	}
	o.byCRM[l.CRM] = len(o.Links)
	o.Links = append(o.Links, l)
}

func (o *treeDryRun) parentOf(id plugin.CategoryID) plugin.CategoryID {
	return o.Shop[o.byID[id]].ParentID
}

// path tells where a category of the shop stands, from the top down.
func (o *treeDryRun) path(id plugin.CategoryID) string {
	var names []string
	for range len(o.Shop) { // a shop's own tree may loop
		i, there := o.byID[id]
		if !there {
			break
		}
		names = append(names, o.Shop[i].Name)
		id = o.Shop[i].ParentID
	}
	slices.Reverse(names)
	return strings.Join(names, " / ")
}

// TreeFacts are what planning the tree knows.
type TreeFacts struct {
	Crm   []catalog.Category
	Shop  []plugin.Category
	Links []CategoryLink
	// Taken are shop categories linked by other connections; Failed are CRM categories the shop did not take
	// in this run, which are left out with all below them.
	Taken  map[plugin.CategoryID]bool
	Failed map[string]bool
	Lang   string
}

// treePlanner walks the CRM's tree from the roots down.
type treePlanner struct {
	TreeFacts
	plan     TreePlan
	below    map[string][]catalog.Category // by parent; roots under ""
	byID     map[plugin.CategoryID]plugin.Category
	children map[plugin.CategoryID][]plugin.Category
	linked   map[string]CategoryLink
	used     map[plugin.CategoryID]bool
	visited  map[string]bool
}

// DecideTree plans the tree. It is pure: the same input answers the same plan.
func DecideTree(f TreeFacts) TreePlan {
	p := &treePlanner{
		TreeFacts: f, below: map[string][]catalog.Category{}, byID: map[plugin.CategoryID]plugin.Category{},
		children: map[plugin.CategoryID][]plugin.Category{}, linked: map[string]CategoryLink{},
		used: map[plugin.CategoryID]bool{}, visited: map[string]bool{},
	}
	known := map[string]bool{}
	for _, c := range f.Crm {
		known[c.ID] = true
	}
	for _, c := range f.Crm {
		if !known[c.ParentID] {
			c.ParentID = ""
		}
		p.below[c.ParentID] = append(p.below[c.ParentID], c)
	}
	p.readShop(known)
	p.walk("", "", true)
	p.breakLoops()
	return p.plan
}

func (p *treePlanner) readShop(known map[string]bool) {
	for _, c := range p.Shop {
		p.byID[c.ID] = c
		p.children[c.ParentID] = append(p.children[c.ParentID], c)
	}
	for _, list := range p.children {
		slices.SortFunc(list, func(a, b plugin.Category) int { return compareIDs(string(a.ID), string(b.ID)) })
	}
	for _, l := range p.Links {
		if _, there := p.byID[l.Shop]; !there {
			continue
		}
		p.linked[l.CRM], p.used[l.Shop] = l, true
		if !known[l.CRM] {
			p.plan.Gone = append(p.plan.Gone, l)
		}
	}
}

// compareIDs puts numbers in their order and other ids in a fixed one.
func compareIDs(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return slices.Compare([]byte(a), []byte(b))
}

// walk plans what lies below a CRM category. ready is false while the shop lacks its counterpart.
func (p *treePlanner) walk(crm string, shop plugin.CategoryID, ready bool) {
	for _, c := range p.below[crm] {
		if p.visited[c.ID] || p.Failed[c.ID] {
			continue
		}
		p.visited[c.ID] = true
		id, ok := p.place(c, shop, ready)
		p.walk(c.ID, id, ok)
	}
}

// place finds or plans one category; ok is false while the shop lacks it.
func (p *treePlanner) place(c catalog.Category, parent plugin.CategoryID, ready bool) (id plugin.CategoryID, ok bool) {
	if l, linked := p.linked[c.ID]; linked {
		p.follow(c, l, parent, ready)
		return l.Shop, true
	}
	if !ready {
		return "", false
	}
	for _, s := range p.children[parent] {
		if !p.used[s.ID] && !p.Taken[s.ID] && NameKey(s.Name) == NameKey(c.Name) {
			p.used[s.ID] = true
			p.plan.Links = append(p.plan.Links, CategoryLink{CRM: c.ID, Shop: s.ID, Name: c.Name, Parent: c.ParentID})
			return s.ID, true
		}
	}
	p.plan.Creates = append(p.plan.Creates, TreeCreate{Category: c, Parent: parent})
	return "", false
}

// follow brings a rename or a move of the CRM to the shop. What the merchant renamed or moved in the
// shop stays as long as the CRM's side does not change.
func (p *treePlanner) follow(c catalog.Category, l CategoryLink, parent plugin.CategoryID, ready bool) {
	s := p.byID[l.Shop]
	to := l
	patch := plugin.CategoryPatch{ID: l.Shop, Lang: p.Lang}
	if to.Name = c.Name; l.Name != c.Name && s.Name != c.Name && c.Name != "" {
		patch.Name = &to.Name
	}
	if l.Parent != c.ParentID && ready {
		if to.Parent = c.ParentID; s.ParentID != parent {
			patch.ParentID = &parent
		}
	}
	switch {
	case patch.Name != nil || patch.ParentID != nil:
		p.plan.Patches = append(p.plan.Patches, TreePatch{Patch: patch, Link: to})
	case to != l:
		p.plan.Links = append(p.plan.Links, to)
	}
}

// breakLoops makes roots of categories that no root leads to.
func (p *treePlanner) breakLoops() {
	for _, c := range p.Crm {
		if p.visited[c.ID] || p.Failed[c.ID] || p.underFailed(c) {
			continue
		}
		p.visited[c.ID] = true
		p.plan.Loops = append(p.plan.Loops, c)
		c.ParentID = ""
		id, ok := p.place(c, "", true)
		p.walk(c.ID, id, ok)
	}
}

// underFailed reports whether a category waits for one that the shop did not take.
func (p *treePlanner) underFailed(c catalog.Category) bool {
	parents := map[string]string{}
	for _, x := range p.Crm {
		parents[x.ID] = x.ParentID
	}
	seen := map[string]bool{}
	for id := c.ParentID; id != "" && !seen[id]; id = parents[id] {
		if p.Failed[id] {
			return true
		}
		seen[id] = true
	}
	return false
}
