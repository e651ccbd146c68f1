package keycrm_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
)

// listServer serves pages of category ids; page returns the ids of the n-th page and whether another one follows.
func listServer(t *testing.T, page func(n int) (ids []int, next bool)) *keycrm.Client {
	t.Helper()
	return dial(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		ids, next := page(n)
		rows := make([]string, len(ids))
		for i, id := range ids {
			rows[i] = fmt.Sprintf(`{"id":%d,"name":"c%d"}`, id, id)
		}
		url := "null"
		if next {
			url = `"http://elsewhere/"`
		}
		_, _ = fmt.Fprintf(w, `{"current_page":%d,"per_page":"50","total":9,"last_page":3,"data":[%s],"next_page_url":%s}`,
			n, strings.Join(rows, ","), url)
	}))
}

func walk(t *testing.T, c *keycrm.Client, q keycrm.CategoryQuery) (ids []int64, err error) {
	t.Helper()
	for row, e := range c.Categories.All(t.Context(), q) {
		if e != nil {
			return ids, e
		}
		ids = append(ids, row.ID)
	}
	return ids, nil
}

func TestWalkReadsToTheEndAndDropsNearRepeats(t *testing.T) {
	t.Parallel()
	pages := [][]int{{9, 8, 7}, {7, 6, 5}, {6, 4}}
	c := listServer(t, func(n int) ([]int, bool) { return pages[n-1], n < 3 })
	got, err := walk(t, c, keycrm.CategoryQuery{})
	if want := []int64{9, 8, 7, 6, 5, 4}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	got, err = walk(t, c, keycrm.CategoryQuery{Page: 3})
	if want := []int64{6, 4}; err != nil || !slices.Equal(got, want) {
		t.Errorf("from page 3: got %v, %v, want %v", got, err, want)
	}
	repeats := 0
	for page, err := range c.Categories.Pages(t.Context(), keycrm.CategoryQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		repeats += page.Repeats
		if page.PerPage != 50 || page.Total != 9 || page.Last != 3 {
			t.Errorf("page %+v", page.Page)
		}
	}
	if repeats != 2 {
		t.Errorf("counted %d repeats, want 2", repeats)
	}
}

func TestWalkStops(t *testing.T) {
	t.Parallel()
	t.Run("at an empty page, whatever the links say", func(t *testing.T) {
		t.Parallel()
		c := listServer(t, func(n int) ([]int, bool) {
			if n > 1 {
				return nil, true
			}
			return []int{1}, true
		})
		if got, err := walk(t, c, keycrm.CategoryQuery{}); err != nil || len(got) != 1 {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("with an error when every page is the same", func(t *testing.T) {
		t.Parallel()
		c := listServer(t, func(int) ([]int, bool) { return []int{1, 2}, true })
		if got, err := walk(t, c, keycrm.CategoryQuery{}); !errors.Is(err, keycrm.ErrUnavailable) || len(got) != 2 {
			t.Errorf("got %v, %v, want two rows and an error", got, err)
		}
	})
	t.Run("when the caller has enough", func(t *testing.T) {
		t.Parallel()
		asked := 0
		c := listServer(t, func(int) ([]int, bool) { asked++; return []int{asked}, true })
		for range c.Categories.All(t.Context(), keycrm.CategoryQuery{}) {
			break
		}
		if asked != 1 {
			t.Errorf("asked %d times, want once", asked)
		}
	})
	t.Run("at the first error", func(t *testing.T) {
		t.Parallel()
		c := dial(t, serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
		if _, err := walk(t, c, keycrm.CategoryQuery{}); !errors.Is(err, keycrm.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	})
}

func TestAnswerWithoutDataIsNotAnEmptyList(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"data":null,"message":"maintenance"}`, `[]`, `{"data":"x"}`} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			c := dial(t, serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
			if _, _, err := c.Products.List(t.Context(), keycrm.ProductQuery{}); !errors.Is(err, keycrm.ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
		})
	}
}

func TestUnusableQueriesAreNotSent(t *testing.T) {
	t.Parallel()
	sent := 0
	c := dial(t, serve(t, func(http.ResponseWriter, *http.Request) { sent++ }))
	//nolint:paralleltest // what all of them sent is counted at the end
	for name, q := range map[string]keycrm.ProductQuery{
		"a limit above the largest":            {Limit: 51},
		"a category filter that names nothing": {CategoryIDs: []int64{}},
		"an id filter that names nothing":      {IDs: []int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := c.Products.List(t.Context(), q); err == nil {
				t.Error("no error")
			}
		})
	}
	if sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
}
