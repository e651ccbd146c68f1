package crmsim

import (
	"encoding/json"
	"net/http"
)

// Answer is what a handler of the API wants to say. A nil Body is an empty one, anything else is written as JSON.
type Answer struct {
	Status int
	Body   any
	Allow  string // header of that name; empty for none
}

// WriteTo sends the answer.
func (a *Answer) WriteTo(w http.ResponseWriter) {
	if a.Allow != "" {
		w.Header().Set("Allow", a.Allow)
	}
	if a.Body == nil {
		w.WriteHeader(a.Status)
		return
	}
	data, err := json.Marshal(a.Body)
	if err != nil {
		http.Error(w, "simulated CRM: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.Status)
	_, _ = w.Write(data) // the reader may be gone
}
