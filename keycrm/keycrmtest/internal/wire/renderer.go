// Package wire writes the rows of a simulated KeyCRM account as its API and its webhooks do: names, nulls, numbers that
// are texts and times in two forms.
package wire

import (
	"strings"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// Renderer writes the rows of an account, under its lock.
type Renderer struct {
	*account.Account
	PublicURL string // where the simulator is reached, without a slash at its end
}

// BaseURL is the address of the API.
func (s *Renderer) BaseURL() string { return s.PublicURL + "/v1" }

func (s *Renderer) absolute(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = s.absoluteURL(p)
	}
	return out
}

// absoluteURL gives a picture of the catalog, kept as a path, the address under which it is served now.
func (s *Renderer) absoluteURL(p string) string {
	if strings.HasPrefix(p, "/") {
		return s.PublicURL + p
	}
	return p
}
