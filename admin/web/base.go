package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/plugin"
)

// Base is what every page of ours holds.
type Base struct {
	Links
	CSRFField, CSRF string
	// Done tells what the request before did; empty when nothing.
	Done string
	// Unfinished says that more is to be done before what was done takes effect.
	Unfinished bool
	// CRM is what people call it.
	CRM string
	// MayOperate and MayConfigure are the operator's permissions.
	MayOperate, MayConfigure bool
}

// doneCodes lists the words "done.…" an address may ask for, so that nobody else puts words on the page.
var doneCodes = []string{
	"connected", "key_replaced", "switched_on", "switched_off", "saved", "saved_not_ready", "refreshed", "deleted",
	"run_started", "run_going_on", "run_off", "run_cancelled", "run_approved",
	"run_moved", "run_not_waiting", "preview_started", "retried", "ignored", "group_retried", "entry_moved_on",
	"rematch_started", "rematch_no_key", "now_published", "now_published_none", "pinned", "unpinned", "held_confirmed", "held_none",
}

// unfinishedCodes are those that tell of something which does not work yet, or was not done.
var unfinishedCodes = []string{"saved_not_ready", "run_going_on", "run_off", "run_moved", "run_not_waiting", "entry_moved_on", "rematch_no_key"}

// Base fills in what is the same for every page that answers a request.
func (s *Site) Base(r *http.Request, req *Request) Base {
	base := Base{
		Links: req.Links, CSRFField: plugin.CSRFField, CSRF: req.Operator.CSRFToken, CRM: s.Name,
		MayOperate: req.May(plugin.PermOperate), MayConfigure: req.May(plugin.PermConfigure),
	}
	if code := DoneCode(r); code != "" {
		base.Done, base.Unfinished = req.Words.T("done."+code), slices.Contains(unfinishedCodes, code)
	}
	return base
}

// DoneCode is the code of the words "done.…" that the address asks for; empty when it asks for none of ours.
func DoneCode(r *http.Request) string {
	if code := r.URL.Query().Get("done"); slices.Contains(doneCodes, code) {
		return code
	}
	return ""
}

// Links are the addresses of our pages, as paths: built from the engine's configuration, and good for
// whichever name the operator reached the engine by.
type Links struct {
	Home, Connect, Static string
	// Connection and below are those of one connection; empty elsewhere.
	Connection, Key, Switch, Refresh, Delete, Progress, Runs, Journal, Hidden, Pins, HeldStock string
}

// Links answers the addresses of a connection's pages; of those without a connection for an empty id.
func (s *Site) Links(id plugin.ConnectionID) Links {
	base := s.Host.URLs().Admin
	// A base joined from an address without a path has none of the leading slashes it needs.
	path := func(parts ...string) string {
		return "/" + strings.TrimPrefix(base.JoinPath(parts...).EscapedPath(), "/")
	}
	l := Links{Home: path(), Connect: path("connect"), Static: path("static")}
	if id == "" {
		return l
	}
	c := []string{"c", string(id)}
	at := func(part string) string { return path(append(c, part)...) }
	l.Connection, l.Key, l.Switch, l.Refresh = path(c...), at("key"), at("switch"), at("refresh")
	l.Delete, l.Progress, l.Runs, l.Journal = at("delete"), at("progress"), at("runs"), at("journal")
	l.Hidden, l.Pins, l.HeldStock = at("hidden"), at("pins"), at("held")
	return l
}

// Redirect answers a post: the page is opened anew, so that a reload repeats nothing. done is the code of what
// was done and anchor a place on the page; either may be empty.
func Redirect(w http.ResponseWriter, r *http.Request, to, done, anchor string) error {
	if done != "" {
		to += "?done=" + done
	}
	if anchor != "" {
		to += "#" + anchor
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
