package keycrmtest

import "net/http"

type pictureCache struct{}

func newPictureCache() *pictureCache { return &pictureCache{} }

func (s *Server) handlePictures(mux *http.ServeMux) {
	mux.HandleFunc("GET /pictures/{name}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) })
}
