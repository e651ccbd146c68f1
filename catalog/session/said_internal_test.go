package session

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/plugin"
)

func TestWhatTheShopSaysIsCleanedForPeople(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"a refusal says its reason", plugin.Refuse("Артикул уже є в іншого товару"), "Артикул уже є в іншого товару"},
		{"the contract's own word is left out", fmt.Errorf("sku %q is longer than 32: %w", "ABC", plugin.ErrInvalid), `sku "ABC" is longer than 32`},
		{"at the beginning too", fmt.Errorf("%w: weight is negative", plugin.ErrInvalid), "weight is negative"},
		{"a bare sentinel says nothing", plugin.ErrInvalid, ""},
		{"an error of no kind says itself", errors.New("disk full"), "disk full"},
		{"nothing says nothing", nil, ""},
		{"control characters and lines become blanks", plugin.Refuse("a\x00b\x1b[31m\r\nc\td\u202ee"), "ab [31m c d e"},
		{"bytes that are no text go", errors.New("bad \xff name"), "bad name"},
		{"a password in an address is masked", errors.New(`dial postgres://shop:s3cr3t@db.local/shop: refused`), "dial postgres…db.local/shop: refused"},
		{"so are values that are called secrets", errors.New("password=hunter2 token: abc, api-key=\"q w\""), "… …, …"},
		{"also in a longer name", errors.New(`{"db_password": "x y"} is no SKU`), `{"…} is no SKU`},
		{"a header too", errors.New("Authorization: Bearer abc.def, 401"), "…, 401"},
		{"mail addresses and phones are masked", errors.New("buyer ivan.franko@example.com, +380 (67) 123-45-67"), "buyer …, …"},
		{"barcodes and names stay", errors.New("barcode 4820000000017 of «Чашка» is taken"), "barcode 4820000000017 of «Чашка» is taken"},
		{"a long text is cut", errors.New(strings.Repeat("ж", 1000)), strings.Repeat("ж", plan.MaxText) + "…"},
	} {
		if got := shopText(tt.err); got != tt.want {
			t.Errorf("%s: said(%v) = %q, want %q", tt.name, tt.err, got, tt.want)
		}
	}
}
