package service

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
	list := make([]catalog.Pin, PinsShown)
	last := catalog.Pin{Product: plugin.ProductID("5/77 & 1"), Field: settings.FieldName}
	list[PinsShown-1] = last
	if got := PinAfter(httptest.NewRequest(http.MethodGet, "/pins?"+NextPins(list), nil)); got != last {
		t.Errorf("the next page begins behind %+v, want %+v", got, last)
	}
	if next := NextPins(list[1:]); next != "" {
		t.Errorf("behind the last page there is %q", next)
	}
}
