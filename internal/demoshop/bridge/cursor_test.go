package bridge

import (
	"errors"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
)

func FuzzCursor(f *testing.F) {
	f.Add(cursorText(store.Position{At: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), Order: 7}))
	f.Add("")
	f.Add("AAAA")
	f.Add("LTkyMjMzNzIwMzY4NTQ3NzU4MDguMQ")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		switch {
		case err != nil:
			if !errors.Is(err, domain.ErrInvalid) {
				t.Errorf("error %v is not ErrInvalid", err)
			}
		case c != nil:
			again, err := parseCursor(cursorText(*c))
			if err != nil || !again.At.Equal(c.At) || again.Order != c.Order {
				t.Errorf("%q reads as %+v, written and read again as %+v, %v", text, c, again, err)
			}
		}
	})
}
