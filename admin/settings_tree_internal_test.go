package admin

import (
	"slices"
	"testing"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

func TestCategoryTreeBearsParentsThatComeLateGoOrLoop(t *testing.T) {
	t.Parallel()
	l := &form.CRMLists{Categories: form.List[crm.Category]{Rows: []crm.Category{
		{Code: "2", Name: "Чашки", Parent: "1"},
		{Code: "1", Name: "Посуд"},
		{Code: "3", Name: "Сирота", Parent: "77"},
		{Code: "4", Name: "Коло", Parent: "5"},
		{Code: "5", Name: "Коло", Parent: "4"},
		{Code: "6", Name: "Біля кола", Parent: "5"},
	}}}
	b := formBuilder{req: ukrainian(t), lists: form.Lists{CRM: l}, set: settings.Settings{Catalog: settings.Catalog{Chosen: []string{"2", "99"}}}}
	count := 0
	var walk func([]*treeNode)
	walk = func(nodes []*treeNode) {
		for _, n := range nodes {
			count++
			walk(n.Children)
		}
	}
	roots := b.tree()
	walk(roots)
	if count != 7 {
		t.Errorf("the tree shows %d nodes, want all 6 and the chosen one that is gone", count)
	}
	at := slices.IndexFunc(roots, func(n *treeNode) bool { return n.Code == "1" })
	if at < 0 || !roots[at].Open || len(roots[at].Children) != 1 || !roots[at].Children[0].Checked {
		t.Errorf("the branch with the chosen category is %+v", roots[at])
	}
	if last := roots[len(roots)-1]; last.Code != "99" || !last.Gone || !last.Checked {
		t.Errorf("the chosen category that is gone is %+v", last)
	}
}

func ukrainian(t *testing.T) *web.Request {
	t.Helper()
	b, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &web.Request{Words: b.For("uk")}
}
