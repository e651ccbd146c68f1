package engine_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// grove is an account with six categories of its own.
func grove(t *testing.T) (sim *keycrmtest.Server, ids map[string]int64) {
	t.Helper()
	sim, _ = few(t, 0)
	for _, c := range sim.Categories() {
		must(t, sim.DeleteCategory(c.ID))
	}
	ids = map[string]int64{}
	for _, name := range []string{"Одяг", "Взуття", "Сумки", "Іграшки", "Посуд", "Меблі"} {
		ids[name] = sim.AddCategory(name, 0)
	}
	ids["Сукні"] = sim.AddCategory("Сукні", ids["Одяг"])
	sim.AddProduct(goods("Сукня", "DRESS", ids["Сукні"]))
	return sim, ids
}

// treeTold lists what a run means to do to the tree, a line a category.
func (w *world) treeTold(run int64) string {
	w.t.Helper()
	rows, err := w.engine.PlanTree(w.t.Context(), run, 100)
	must(w.t, err)
	var lines []string
	for _, c := range rows {
		lines = append(lines, fmt.Sprintf("%s %s (%s) from %s (%s)", c.Action, c.Name, c.Parent, c.OldName, c.OldParent))
	}
	return strings.Join(lines, "\n")
}

func TestAPreviewShowsCategoriesAndWritesExactlyThose(t *testing.T) {
	t.Parallel()
	for _, products := range []bool{true, false} {
		t.Run("products "+strconv.FormatBool(products), func(t *testing.T) {
			t.Parallel()
			sim, ids := grove(t)
			w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Products = settings.NewPublish, products })
			w.full()
			before := w.snapshot()
			must(t, sim.EditCategory(ids["Сукні"], "Сукні та сарафани", ids["Сумки"]))
			must(t, sim.DeleteCategory(ids["Меблі"]))
			fresh := sim.AddCategory("Сад", 0)
			sim.AddCategory("Квіти", fresh)
			w.shop.writes.Store(0)
			id, err := w.engine.Preview(t.Context(), w.conn, catalog.Full, "1")
			must(t, err)
			run := w.finish(id)
			const want = "update Сукні та сарафани (Сумки) from Сукні (Одяг)\ncreate Сад () from  ()\ncreate Квіти (Сад) from  ()\ngone Меблі () from  ()"
			counts, err := w.engine.PlanCounts(t.Context(), id)
			must(t, err)
			if got := w.treeTold(id); got != want || run.State != catalog.Approval || counts.Categories != 3 {
				t.Fatalf("the preview is %s, %+v and tells\n%s", run.State, counts, got)
			}
			if w.shop.writes.Load() != 0 || !slices.Equal(w.snapshot(), before) {
				t.Error("the preview writes")
			}
			must(t, w.engine.Approve(t.Context(), id, "7"))
			if run = w.finish(id); run.State != catalog.Done || run.Counters.Categories != 3 {
				t.Errorf("the run ended %s: %+v", run.State, run.Counters)
			}
			if w.path("Сукні та сарафани") != "Сукні та сарафани < Сумки" || w.path("Квіти") != "Квіти < Сад" || w.path("Меблі") == "" {
				t.Errorf("the tree is %v", w.tree())
			}
			w.shop.writes.Store(0)
			if w.full(); w.shop.writes.Load() != 0 {
				t.Error("the run after it writes")
			}
		})
	}
}

func TestCategoriesThatMovedSinceAreLeftAlone(t *testing.T) {
	t.Parallel()
	sim, ids := grove(t)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	w.full()
	must(t, sim.EditCategory(ids["Взуття"], "Взуття й капці", 0))
	must(t, sim.EditCategory(ids["Посуд"], "Посуд і приладдя", 0))
	fresh := sim.AddCategory("Сад", 0)
	id, err := w.engine.Preview(t.Context(), w.conn, catalog.Full, "1")
	must(t, err)
	w.finish(id)
	// While the merchant thinks, one category is renamed in the shop and others in the CRM.
	for _, c := range w.tree() {
		if c.Name == "Взуття" {
			res, err := w.shop.Shop.Catalog().UpdateCategories(t.Context(), plugin.Origin{}, []plugin.CategoryPatch{{ID: c.ID, Lang: demoshop.Locale, Name: ptr("Черевики")}})
			must(t, err)
			must(t, res[0].Err)
		}
	}
	must(t, sim.EditCategory(fresh, "Город", 0))
	sim.AddCategory("Ніхто не бачив", 0)
	must(t, w.engine.Approve(t.Context(), id, "7"))
	run := w.finish(id)
	if run.State != catalog.Done || run.Counters.Categories != 1 || w.path("Черевики") == "" || w.path("Посуд і приладдя") == "" || w.path("Сад")+w.path("Город")+w.path("Ніхто не бачив") != "" {
		t.Errorf("the run ended %s: %+v %v", run.State, run.Counters, w.tree())
	}
	sides := map[string]string{}
	for _, it := range w.items(id) {
		if it.Reason == catalog.ReasonMoved {
			sides[it.Name] = it.Params["side"]
		}
	}
	if sides["Взуття й капці"] != "shop" || sides["Сад"] != "crm" || len(sides) != 2 {
		t.Errorf("listed %v", sides)
	}
	if w.full(); w.path("Город") == "" || w.path("Ніхто не бачив") == "" {
		t.Errorf("the next run leaves %v", w.tree())
	}
}

// What a rename of one category of few needs nobody for, another tree does.
func TestAnotherTreeAsksFirst(t *testing.T) {
	t.Parallel()
	sim, ids := grove(t)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	w.full()
	must(t, sim.EditCategory(ids["Посуд"], "Кухня", 0))
	w.full()
	for name, id := range ids {
		must(t, sim.EditCategory(id, "Чуже: "+name, 0))
	}
	before := w.snapshot()
	run := w.stopped(catalog.Full, catalog.GuardTree)
	if p := run.Guards[0].Params; p["count"] != "7" || p["of"] != "7" || !slices.Equal(w.snapshot(), before) {
		t.Errorf("guards %v; %s", run.Guards, firstDifference(w.snapshot(), before))
	}
	must(t, w.engine.Approve(t.Context(), run.ID, "7"))
	if w.finish(run.ID); w.path("Чуже: Одяг") == "" {
		t.Errorf("approved, the tree is %v", w.tree())
	}
}
