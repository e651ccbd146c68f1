package crmsim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Before plays what happens ahead of the request's work; true means that it is over. A nil fault does nothing. limited
// is what the CRM answers to too many requests; the fault adds Retry-After.
func (f *Fault) Before(w http.ResponseWriter, r *http.Request, limited *Answer) bool {
	if f == nil {
		return false
	}
	switch f.Kind {
	case FaultStatus:
		f.htmlPage(w)
	case FaultLimited:
		f.limited(w, limited)
	case FaultSlow:
		return !wait(r, f.Delay)
	case FaultHang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultCutBefore:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// After sends the answer, or what the fault makes of it. A nil fault sends it as it is.
func (f *Fault) After(w *Recorder, r *http.Request, a *Answer) {
	if f == nil {
		a.WriteTo(w)
		return
	}
	switch f.Kind {
	case FaultHangAfter:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultCutAfter:
		panic(http.ErrAbortHandler)
	case FaultErrorAfter:
		f.htmlPage(w)
	case FaultWrongJSON:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.Status)
		_, _ = w.Write([]byte(`{"data": [{"id": 1, "na`))
	case FaultCutBody:
		cutBody(w, a)
	default:
		a.WriteTo(w)
	}
}

func cutBody(w *Recorder, a *Answer) {
	data, err := json.Marshal(a.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(a.Status)
	_, _ = w.Write(data[:len(data)/2])
	w.Flush()
	panic(http.ErrAbortHandler)
}

func (f *Fault) htmlPage(w http.ResponseWriter) {
	status := f.Status
	if status == 0 {
		status = http.StatusBadGateway
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<html><head><title>" + strconv.Itoa(status) + "</title></head><body><center><h1>" +
		strconv.Itoa(status) + " " + http.StatusText(status) + "</h1></center></body></html>"))
}

func (f *Fault) limited(w http.ResponseWriter, a *Answer) {
	pause := f.RetryAfter
	if pause == 0 {
		pause = 30 * time.Second
	}
	if pause > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(pause/time.Second)))
	}
	a.WriteTo(w)
}

// wait pauses for d of real time; false when the sender left before.
func wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
