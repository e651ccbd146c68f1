package catalog

import (
	"slices"
	"strings"

	"github.com/keybridge/keybridge/plugin"
)

// treePlan is what the shop's category tree lacks now. What lies below a category still to be
// created follows once that exists.
type treePlan struct {
	// links are to be stored as they are: found by name, or with a new name or place that needs no
	// write.
	links   []categoryLink
	patches []treePatch
	creates []treeCreate
	gone    []categoryLink // linked, and no longer in the CRM
	loops   []Category     // made roots, because the CRM's tree loops there
}

type treePatch struct {
	patch plugin.CategoryPatch
	link  categoryLink // as it is once the patch is written
}

type treeCreate struct {
	category Category
	parent   plugin.CategoryID
}

func (p treePlan) empty() bool { return len(p.links)+len(p.patches)+len(p.creates) == 0 }

// treeChange is what a run means to do to one category, in words. Parents are told as paths; one that
// is empty is the top of the tree.
type treeChange struct {
	CRM       string     `json:"-"`
	Action    treeAction `json:"-"`
	Name      string     `json:"name"`
	OldName   string     `json:"old_name,omitempty"` // of an update
	Parent    string     `json:"parent,omitempty"`
	OldParent string     `json:"old_parent,omitempty"`
	// Shop is the shop's category; empty when it is to be created.
	Shop plugin.CategoryID `json:"shop,omitempty"`
}

// treeAction is what is done to a category.
type treeAction string

const (
	treeCreated treeAction = "create"
	treeUpdated treeAction = "update" // renamed or moved
	treeLinked  treeAction = "link"   // the shop has one of that name there
	treeGone    treeAction = "gone"   // from the CRM; it is left in the shop
)

// outline tells everything that writing the tree will do, step by step as the writer goes. It is pure.
func outline(f treeFacts) []treeChange {
	o := outliner{treeFacts: f, byID: map[plugin.CategoryID]int{}, byCRM: map[string]int{}}
	o.shop, o.links = slices.Clone(f.shop), slices.Clone(f.links)
	for i, s := range o.shop {
		o.byID[s.ID] = i
	}
	for i, l := range o.links {
		o.byCRM[l.CRM] = i
	}
	// A step writes at least one level, so there are no more steps than categories.
	for range len(f.crm) + 2 {
		p := planTree(o.treeFacts)
		if p.empty() {
			for _, l := range p.gone {
				o.out = append(o.out, treeChange{CRM: l.CRM, Action: treeGone, Name: l.Name, Shop: l.Shop})
			}
			break
		}
		o.take(p)
	}
	return o.out
}

// outliner lets plans come true on paper.
type outliner struct {
	treeFacts
	out   []treeChange
	byID  map[plugin.CategoryID]int
	byCRM map[string]int
}

func (o *outliner) take(p treePlan) {
	for _, l := range p.links {
		if _, known := o.byCRM[l.CRM]; !known {
			o.out = append(o.out, treeChange{CRM: l.CRM, Action: treeLinked, Name: l.Name, Parent: o.path(o.parentOf(l.Shop)), Shop: l.Shop})
		}
		o.link(l)
	}
	for _, t := range p.patches {
		s := &o.shop[o.byID[t.patch.ID]]
		c := treeChange{CRM: t.link.CRM, Action: treeUpdated, Name: s.Name, OldName: s.Name, OldParent: o.path(s.ParentID), Shop: s.ID}
		if t.patch.Name != nil {
			s.Name, c.Name = *t.patch.Name, *t.patch.Name
		}
		if t.patch.ParentID != nil {
			s.ParentID = *t.patch.ParentID
		}
		c.Parent = o.path(s.ParentID)
		o.out = append(o.out, c)
		o.link(t.link)
	}
	for _, t := range p.creates {
		id := plugin.CategoryID("new " + t.category.ID)
		o.byID[id] = len(o.shop)
		o.shop = append(o.shop, plugin.Category{ID: id, ParentID: t.parent, Name: t.category.Name})
		o.out = append(o.out, treeChange{CRM: t.category.ID, Action: treeCreated, Name: t.category.Name, Parent: o.path(t.parent)})
		o.link(categoryLink{CRM: t.category.ID, Shop: id, Name: t.category.Name, Parent: t.category.ParentID})
	}
}

func (o *outliner) link(l categoryLink) {
	if i, known := o.byCRM[l.CRM]; known {
		o.links[i] = l
		return
	}
	o.byCRM[l.CRM] = len(o.links)
	o.links = append(o.links, l)
}

func (o *outliner) parentOf(id plugin.CategoryID) plugin.CategoryID {
	return o.shop[o.byID[id]].ParentID
}

// path tells where a category of the shop stands, from the top down.
func (o *outliner) path(id plugin.CategoryID) string {
	var names []string
	for range len(o.shop) { // a shop's own tree may loop
		i, there := o.byID[id]
		if !there {
			break
		}
		names = append(names, o.shop[i].Name)
		id = o.shop[i].ParentID
	}
	slices.Reverse(names)
	return strings.Join(names, " / ")
}

// treeFacts are what planning the tree knows.
type treeFacts struct {
	crm   []Category
	shop  []plugin.Category
	links []categoryLink
	// taken are shop categories linked by other connections; failed are CRM categories the shop did
	// not take in this run.
	taken  map[plugin.CategoryID]bool
	failed map[string]bool
	lang   string
}

// treePlanner walks the CRM's tree from the roots down.
type treePlanner struct {
	treeFacts
	plan     treePlan
	below    map[string][]Category // by parent; roots under ""
	byID     map[plugin.CategoryID]plugin.Category
	children map[plugin.CategoryID][]plugin.Category
	linked   map[string]categoryLink
	used     map[plugin.CategoryID]bool
	visited  map[string]bool
}

// planTree is pure: the same input answers the same plan.
func planTree(f treeFacts) treePlan {
	p := &treePlanner{
		treeFacts: f, below: map[string][]Category{}, byID: map[plugin.CategoryID]plugin.Category{},
		children: map[plugin.CategoryID][]plugin.Category{}, linked: map[string]categoryLink{},
		used: map[plugin.CategoryID]bool{}, visited: map[string]bool{},
	}
	known := map[string]bool{}
	for _, c := range f.crm {
		known[c.ID] = true
	}
	for _, c := range f.crm {
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
	for _, c := range p.shop {
		p.byID[c.ID] = c
		p.children[c.ParentID] = append(p.children[c.ParentID], c)
	}
	for _, list := range p.children {
		slices.SortFunc(list, func(a, b plugin.Category) int { return compareIDs(string(a.ID), string(b.ID)) })
	}
	for _, l := range p.links {
		if _, there := p.byID[l.Shop]; !there {
			continue
		}
		p.linked[l.CRM], p.used[l.Shop] = l, true
		if !known[l.CRM] {
			p.plan.gone = append(p.plan.gone, l)
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
		if p.visited[c.ID] || p.failed[c.ID] {
			continue
		}
		p.visited[c.ID] = true
		id, ok := p.place(c, shop, ready)
		p.walk(c.ID, id, ok)
	}
}

// place finds or plans one category; ok is false while the shop lacks it.
func (p *treePlanner) place(c Category, parent plugin.CategoryID, ready bool) (id plugin.CategoryID, ok bool) {
	if l, linked := p.linked[c.ID]; linked {
		p.follow(c, l, parent, ready)
		return l.Shop, true
	}
	if !ready {
		return "", false
	}
	for _, s := range p.children[parent] {
		if !p.used[s.ID] && !p.taken[s.ID] && nameKey(s.Name) == nameKey(c.Name) {
			p.used[s.ID] = true
			p.plan.links = append(p.plan.links, categoryLink{CRM: c.ID, Shop: s.ID, Name: c.Name, Parent: c.ParentID})
			return s.ID, true
		}
	}
	p.plan.creates = append(p.plan.creates, treeCreate{category: c, parent: parent})
	return "", false
}

// follow brings a rename or a move of the CRM to the shop. What the merchant renamed or moved in the
// shop stays as long as the CRM's side does not change.
func (p *treePlanner) follow(c Category, l categoryLink, parent plugin.CategoryID, ready bool) {
	s := p.byID[l.Shop]
	to := l
	patch := plugin.CategoryPatch{ID: l.Shop, Lang: p.lang}
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
		p.plan.patches = append(p.plan.patches, treePatch{patch: patch, link: to})
	case to != l:
		p.plan.links = append(p.plan.links, to)
	}
}

// breakLoops makes roots of categories that no root leads to.
func (p *treePlanner) breakLoops() {
	for _, c := range p.crm {
		if p.visited[c.ID] || p.failed[c.ID] || p.underFailed(c) {
			continue
		}
		p.visited[c.ID] = true
		p.plan.loops = append(p.plan.loops, c)
		c.ParentID = ""
		id, ok := p.place(c, "", true)
		p.walk(c.ID, id, ok)
	}
}

// underFailed reports whether a category waits for one that the shop did not take.
func (p *treePlanner) underFailed(c Category) bool {
	parents := map[string]string{}
	for _, x := range p.crm {
		parents[x.ID] = x.ParentID
	}
	seen := map[string]bool{}
	for id := c.ParentID; id != "" && !seen[id]; id = parents[id] {
		if p.failed[id] {
			return true
		}
		seen[id] = true
	}
	return false
}
