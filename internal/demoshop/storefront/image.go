package storefront

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
)

// ServeImage serves a picture; it may be cached for good, because its address never means another.
func (s *Front) ServeImage(w http.ResponseWriter, r *http.Request) {
	id, ok := domain.ParseID(chi.URLParam(r, "id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	f, err := s.Store.Products.Image(r.Context(), id)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		http.NotFound(w, r)
		return
	case err != nil:
		http.Error(w, "Картинка тимчасово недоступна.", http.StatusServiceUnavailable)
		return
	}
	etag := `"` + f.SHA256 + `"`
	h := w.Header()
	h.Set("ETag", etag)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.ContentType)
	_, _ = w.Write(f.Bytes)
}
