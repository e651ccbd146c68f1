package catalog

import (
	"slices"

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
