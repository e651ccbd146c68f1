package engine_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/pictures"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// cdn serves pictures as a CDN does, and as one that is broken.
type cdn struct {
	*httptest.Server
	hits atomic.Int64
	up   atomic.Bool // of /late
}

func newCDN(t *testing.T) *cdn {
	t.Helper()
	c := &cdn{}
	pixel := onePixel(t)
	other := append(bytes.Clone(pixel), 0)
	mux := http.NewServeMux()
	send := func(path string, body []byte) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			c.hits.Add(1)
			_, _ = w.Write(body)
		})
	}
	send("/a", pixel)
	send("/same-as-a", pixel)
	send("/b", other)
	send("/page", []byte("<html><script>alert(1)</script></html>"))
	send("/big", bytes.Repeat([]byte("x"), 3000))
	mux.HandleFunc("/late", func(w http.ResponseWriter, r *http.Request) {
		if !c.up.Load() {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(append(bytes.Clone(pixel), 1))
	})
	mux.HandleFunc("/inner", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://10.0.0.1/a", http.StatusFound)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func pictured(t *testing.T, c *cdn, loopback bool, paths ...string) *world {
	t.Helper()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(1, 1))
	for _, id := range sim.ProductIDs() {
		must(t, sim.DeleteProduct(id))
	}
	p := keycrmtest.NewProduct{Product: keycrmtest.Product{Name: "З малюнками"}, Offers: []keycrmtest.Offer{{SKU: "PIC", Price: decimal.NewFromInt(5)}}}
	for _, path := range paths {
		p.Pictures = append(p.Pictures, c.URL+path)
	}
	sim.AddProduct(p)
	w := newWorld(t, sim, func(s *settings.Catalog) { s.New = settings.NewPublish })
	w.shop.drop = nil
	w.config.Pictures = pictures.Config{MaxBytes: 2000, AllowLoopback: loopback}
	w.engine = w.newEngine()
	return w
}

func TestPicturesAreFetchedCheckedAndNeverStoredTwice(t *testing.T) {
	t.Parallel()
	c := newCDN(t)
	w := pictured(t, c, true, "/a", "/same-as-a", "/page", "/big", "/late", "/inner", "/file", "/b")
	run := w.full()
	p := w.product("PIC")
	if len(p.Images) != 2 || p.Images[0].SourceURL != c.URL+"/a" || p.Images[1].SourceURL != c.URL+"/b" {
		t.Fatalf("pictures %+v", p.Images)
	}
	want := map[string]catalog.Reason{
		"/page": catalog.ReasonImageType, "/big": catalog.ReasonImageTooBig, "/late": catalog.ReasonImageUnreachable,
		"/inner": catalog.ReasonImageAddress, "/file": catalog.ReasonImageAddress,
	}
	for _, it := range w.items(run.ID) {
		path := strings.TrimPrefix(it.Params["url"], c.URL)
		if want[path] != it.Reason {
			t.Errorf("listed %+v", it)
		}
		delete(want, path)
	}
	if len(want) != 0 || run.Counters.Images != 2 || run.Counters.ImagesFailed != 5 || run.Counters.Requests != 4-1 {
		t.Errorf("not listed %v, counters %+v", want, run.Counters)
	}

	// What failed is tried again in the next run; what is there is not fetched again.
	c.up.Store(true)
	c.hits.Store(0)
	w.full()
	again := w.product("PIC")
	if len(again.Images) != 3 || again.Images[0].ID != p.Images[0].ID || again.Images[2].ID != p.Images[1].ID {
		t.Errorf("pictures %+v after %+v", again.Images, p.Images)
	}
}

func TestPicturesOfAnUnchangedProductAreLeftAlone(t *testing.T) {
	t.Parallel()
	c := newCDN(t)
	w := pictured(t, c, true, "/a", "/b")
	w.full()
	before := c.hits.Load()
	w.shop.writes.Store(0)
	run := w.full()
	if w.shop.writes.Load() != 0 || c.hits.Load() != before || run.Counters.Unchanged != 1 {
		t.Errorf("%d writes, %d fetches, counters %+v", w.shop.writes.Load(), c.hits.Load()-before, run.Counters)
	}
	// A picture that a person puts there stays, and so does the order.
	p := w.product("PIC")
	w.patch(plugin.ProductPatch{ID: p.ID, Description: ptr("<p>нове</p>")})
	w.full()
	if got := w.product("PIC"); len(got.Images) != 2 || got.Images[0].ID != p.Images[0].ID {
		t.Errorf("pictures %+v", got.Images)
	}
}

func TestPicturesNeverComeFromInside(t *testing.T) {
	t.Parallel()
	c := newCDN(t)
	w := pictured(t, c, false, "/a")
	run := w.full()
	items := w.items(run.ID)
	if len(w.product("PIC").Images) != 0 || c.hits.Load() != 0 || len(items) != 1 || items[0].Reason != catalog.ReasonImageAddress {
		t.Errorf("items %+v after %d fetches", items, c.hits.Load())
	}
}
