package admin_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
)

// browserPatience is how long a busy machine may take to start a browser and to show what it shall.
const browserPatience = 4 * time.Minute

// browse opens a page in a real browser.
func (r *rig) browse(path string) context.Context {
	r.t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WSURLReadTimeout(browserPatience), chromedp.UserDataDir(r.t.TempDir()))
	ctx, cancel := context.WithTimeout(r.t.Context(), browserPatience)
	r.t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	r.t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	r.t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 800), chromedp.Navigate(r.url+mount+path)); err != nil {
		r.t.Fatal(err)
	}
	return ctx
}

func eval(ctx context.Context, t *testing.T, js string) string {
	t.Helper()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](js))
	if err != nil {
		t.Fatalf("%s: %v", js, err)
	}
	return s
}

// TestPageInABrowser looks at what only a browser does: styles that show and hide, live progress, the
// copy button, and whether everything fits a phone.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	r.get(path).want(http.StatusOK)
	run, err := r.runs.Start(t.Context(), r.only(), catalog.Full, "anna")
	if err != nil {
		t.Fatal(err)
	}
	ctx := r.browse(path)

	const shown = `[...document.querySelectorAll('form.kb-settings fieldset[id^=map], select[name=pipeline], #link-card')]
		.filter(e => e.offsetParent !== null).map(e => e.id).join(' ')`
	for _, c := range []struct{ target, want string }{
		{"orders", "map-order_status map-status_out map-add_ons map-payments map-deliveries"},
		{"cards", "f-pipeline map-order_status map-card_status map-status_out_card map-add_ons_card map-payments map-deliveries link-card"},
		{"off", ""},
	} {
		eval(ctx, t, `document.querySelector('select[name=target]').value = '`+c.target+`'`)
		if got := eval(ctx, t, shown); got != c.want {
			t.Errorf("with %s picked show %q, want %q", c.target, got, c.want)
		}
	}

	// It says so for two seconds, after which a slow machine may look.
	eval(ctx, t, `(() => {
		const button = document.querySelector('[data-copy=link-order]');
		window.said = [];
		new MutationObserver(() => said.push(button.textContent)).observe(button, {childList: true, characterData: true, subtree: true});
		button.click();
		return '';
	})()`)
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`said.includes('Скопійовано')`, chromedp.WithPollingTimeout(browserPatience))); err != nil {
		t.Errorf("the copy button says nothing: %v", err)
	}

	if text := eval(ctx, t, `document.querySelector('#runs').innerText`); !strings.Contains(text, "У черзі") {
		t.Errorf("the run shows as %q", text)
	}
	if err := r.runs.Cancel(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector('#runs').innerText.includes('Зупинено')`, chromedp.WithPollingTimeout(browserPatience))); err != nil {
		t.Errorf("progress did not come by itself: %v", err)
	}
	if over := eval(ctx, t, `String(document.documentElement.scrollWidth - window.innerWidth)`); over != "0" {
		t.Errorf("on a phone the page is %s px too wide", over)
	}
}
