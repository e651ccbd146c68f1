package engine_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/plugin"
)

// TestTheShopsWordsAboutAnItemAreListedAndLoggedOnce: nobody can mend what nobody is told.
func TestTheShopsWordsAboutAnItemAreListedAndLoggedOnce(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 40)
	w := newWorld(t, sim)
	var log bytes.Buffer
	w.log = slog.NewTextHandler(&log, nil)
	w.config = engine.Config{WriteBatch: 7}
	w.engine = w.newEngine()
	w.shop.fail = func(name string) error {
		if strings.HasSuffix(name, "3") {
			return fmt.Errorf("артикул задовгий\x07: %w", plugin.ErrInvalid)
		}
		if strings.HasSuffix(name, "5") {
			return plugin.Refuse("Такий товар продавати не можна")
		}
		return nil
	}
	run := w.full()
	texts := map[string]int{}
	for _, it := range w.items(run.ID) {
		texts[string(it.Reason)+": "+it.Params["message"]]++
	}
	if len(texts) != 2 || texts["shop_invalid: артикул задовгий"] != 4 || texts["shop_refused: Такий товар продавати не можна"] != 4 {
		t.Errorf("listed %v", texts)
	}
	for _, text := range []string{"артикул задовгий", "Такий товар продавати не можна"} {
		if n := strings.Count(log.String(), text); n != 1 {
			t.Errorf("%q stands %d times in the log, want once:\n%s", text, n, log.String())
		}
	}
}
