package admin

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// TestTheNextPageOfPinsBeginsBehindTheLast: a full page says where to go on, one that is not full is the end.
func TestTheNextPageOfPinsBeginsBehindTheLast(t *testing.T) {
	t.Parallel()
	list := make([]catalog.Pin, pinsShown)
	last := catalog.Pin{Product: plugin.ProductID("5/77 & 1"), Field: settings.FieldName}
	list[pinsShown-1] = last
	if got := pinAfter(httptest.NewRequest(http.MethodGet, "/pins?"+nextPins(list), nil)); got != last {
		t.Errorf("the next page begins behind %+v, want %+v", got, last)
	}
	if next := nextPins(list[1:]); next != "" {
		t.Errorf("behind the last page there is %q", next)
	}
}
