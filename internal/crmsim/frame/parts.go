package frame

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim/table"
)

// Head is what every page has.
type Head struct {
	Title, Brand, Notice string
	Menu                 []MenuItem
}

// MenuItem is an entry of the menu. Here is set by the Site.
type MenuItem struct {
	Path, Name string
	Here       bool
}

// Head begins the page that was asked for.
func (s *Site) Head(in *Input, title string) Head {
	h := Head{Title: title, Brand: s.Brand, Menu: s.menu(in.R.URL.Path)}
	if in.R.URL.Query().Has("done") {
		h.Notice = "Зроблено."
	}
	return h
}

func (s *Site) menu(here string) []MenuItem {
	items := append([]MenuItem(nil), s.Menu...)
	for i := range items {
		items[i].Here = here == items[i].Path || items[i].Path != "/" && strings.HasPrefix(here, items[i].Path)
	}
	return items
}

// Fact is a name with its value, for lists of details.
type Fact struct{ Name, Value string }

// Filled leaves out the facts without a value.
func Filled(facts []Fact) []Fact {
	var out []Fact
	for _, f := range facts {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

// Choice is an entry of a select.
type Choice struct {
	ID     int64
	Name   string
	Chosen bool
}

// CodeChoice is an entry of a select whose values are texts.
type CodeChoice struct {
	Code, Name string
	Chosen     bool
}

// Pager is the foot of a list.
type Pager struct {
	Page, Last, Total int
	Prev, Next        string // addresses; empty: there is no such page
}

const rowsPerPage = 40

// NewPager finds the page that the query asks for among total rows.
func NewPager(r *http.Request, total int) Pager {
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	p := Pager{Last: max((total+rowsPerPage-1)/rowsPerPage, 1), Total: total}
	p.Page = min(max(n, 1), p.Last)
	link := func(n int) string {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(n))
		return r.URL.Path + "?" + q.Encode()
	}
	if p.Page > 1 {
		p.Prev = link(p.Page - 1)
	}
	if p.Page < p.Last {
		p.Next = link(p.Page + 1)
	}
	return p
}

// Window is what the page shows of the rows.
func (p Pager) Window() table.Window {
	return table.Window{Skip: (p.Page - 1) * rowsPerPage, Take: rowsPerPage}
}
