package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"

	"github.com/go-chi/chi/v5"
)

//go:embed static/*.css static/*.js
var staticFiles embed.FS

// assets are our styles and scripts, kept by browsers as long as their content stays.
type assets struct {
	files map[string]asset
}

type asset struct {
	body        []byte
	contentType string
	version     string // a digest of the body
}

func loadAssets() (*assets, error) {
	list, err := staticFiles.ReadDir("static")
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	a := &assets{files: map[string]asset{}}
	for _, f := range list {
		body, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read static files: %w", err)
		}
		sum := sha256.Sum256(body)
		kind := "text/css; charset=utf-8"
		if path.Ext(f.Name()) == ".js" {
			kind = "text/javascript; charset=utf-8"
		}
		a.files[f.Name()] = asset{body: body, contentType: kind, version: hex.EncodeToString(sum[:6])}
	}
	return a, nil
}

// serve answers a file.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[chi.URLParam(r, "name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Etag", `"`+f.version+`"`)
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == f.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+f.version+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write(f.body)
}

// head are the addresses of the files a page loads, below the given path.
func (a *assets) head(static string) headLinks {
	at := func(name string) string { return static + "/" + name + "?v=" + a.files[name].version }
	return headLinks{
		Styles:  []string{at("pico.scoped.css"), at("admin.css")},
		Scripts: []string{at("htmx.min.js"), at("admin.js")},
	}
}

type headLinks struct {
	Styles, Scripts []string
}
