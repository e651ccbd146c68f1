package admin

import (
	"html/template"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/settings"
)

// Hide answers the attribute that hides what does not matter for the chosen target. Styles show it
// again, without a script, once another target is picked in the menu.
func (s *settingsView) Hide(unless ...settings.Target) template.HTMLAttr {
	if slices.Contains(unless, s.target) {
		return ""
	}
	return "hidden"
}

// tableView is a map with what stands around it.
type tableView struct {
	ID, Key, Left, Right string
	View                 mapView
}

// Table dresses a map for its template. The name is the map's, with "_card" behind it where there is
// one of its own for cards; heads are keys of words.
func (s *settingsView) Table(name string, view mapView, left, right string) tableView {
	return tableView{ID: "map-" + name, Key: strings.TrimSuffix(name, "_card"), Left: left, Right: right, View: view}
}
