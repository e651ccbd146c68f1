package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// shotsDir names a folder; set, the browser test leaves the README's pictures there.
const shotsDir = "KEYBRIDGE_SCREENSHOTS"

// browser is a real one, without a window.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	exe := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			exe = path
			break
		}
	}
	if exe == "" {
		t.Fatal("no Chromium on this machine; type: sudo apt-get install chromium")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:len(chromedp.DefaultExecAllocatorOptions):len(chromedp.DefaultExecAllocatorOptions)],
		chromedp.ExecPath(exe), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(patience),
		chromedp.WindowSize(1280, 900), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 9*time.Minute)
	t.Cleanup(cancel)
	return &browser{t, ctx}
}

func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// load does what leads to another page, and returns once that page has loaded: until then the browser
// may number the page's nodes anew, and what was found among them is unknown to it.
func (b *browser) load(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		b.t.Fatalf("read %s: %v", selector, err)
	}
	return strings.Join(strings.Fields(s), " ")
}

// see waits until an element shows the words.
func (b *browser) see(selector, words string) {
	b.t.Helper()
	until(b.t, patience, "see "+words, func(context.Context) error {
		expr := `Array.from(document.querySelectorAll(` + quoteJS(selector) + `)).some(e => e.textContent.includes(` + quoteJS(words) + `))`
		found, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expr))
		if err == nil && !found {
			err = context.DeadlineExceeded
		}
		return err
	})
}

func quoteJS(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// shot leaves a picture of the page where shotsDir says, if it says so.
func (b *browser) shot(name string, height int64) {
	dir := os.Getenv(shotsDir)
	if dir == "" {
		return
	}
	b.t.Helper()
	b.do("resize", chromedp.EmulateViewport(1280, height))
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatalf("screenshot %s: %v", name, err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.do("resize", chromedp.EmulateViewport(1280, 900))
}

// TestMerchantAndBuyerInABrowser clicks through the main job: connect, save, synchronise, buy, see
// the order in the journal and in the CRM.
func TestMerchantAndBuyerInABrowser(t *testing.T) {
	t.Parallel()
	m := newMortal(t, keycrmtest.WithCatalog(90, 150), keycrmtest.WithPictureSize(480))
	m.start()
	b := openBrowser(t)

	b.signIn(m)
	b.load("open integrations", chromedp.Click(chromedp.CSS(`a[href="/admin/integrations"]`)))
	b.load("connect", chromedp.Click(chromedp.CSS(`form[action$="/integrations/connect"] button`)))
	b.do("a wrong key", chromedp.SendKeys(chromedp.CSS(`#kb-key`), "this-is-not-a-key-of-the-account"))
	b.load("save the wrong key", chromedp.Click(chromedp.CSS(`form.kb-key button`)))
	b.see(".kb-problem", "не прийняв цей ключ")
	b.do("the right key", chromedp.SendKeys(chromedp.CSS(`#kb-key`), m.sim.Key()))
	b.load("save the right key", chromedp.Click(chromedp.CSS(`form.kb-key button`)))
	b.load("turn the switch", chromedp.Click(chromedp.CSS(`.kb-switchform button`)))

	b.do("choose", chromedp.Click(chromedp.CSS(`[name="products"]`)), chromedp.Click(chromedp.CSS(`[name="categories"]`)),
		choose("new", "publish"), choose("target", "orders"))
	b.do("the blocks of orders appear", chromedp.WaitVisible(chromedp.CSS(`[name="source"]`)), choose("source", "7"),
		choose("add_ons.no_call", "c:OR_1010"))
	b.do("save", chromedp.Click(chromedp.CSS(`.kb-savebutton`)))
	b.see(`[role="status"], .kb-note`, "збережено")
	b.see("#runs .kb-runs", "Завершено") // the first save starts the first synchronisation; nothing is reloaded by hand

	b.buy(m)
	b.do("the journal", chromedp.Navigate(m.shopURL()+"/admin/integrations/keycrm/"))
	until(t, patience, "the journal shows the order in the CRM", func(context.Context) error {
		if err := chromedp.Do(b.ctx, chromedp.Reload()); err != nil {
			return err
		}
		if !strings.Contains(b.text("#journal"), "70001") {
			return context.DeadlineExceeded
		}
		return nil
	})
	b.shot("integrations", 1500)
	b.do("orders", chromedp.Navigate(m.shopURL()+"/admin/orders"))
	b.see("tbody", "70001")
	b.shot("admin", 700)
	b.do("the CRM", chromedp.Navigate(m.sim.URL()+"/orders/70001"))
	b.see("dd", "Олена Тестенко")
	b.shot("keycrm", 1000)
}

// buy puts the first product of the shop into the basket and goes through the checkout.
func (b *browser) buy(m *mortal) {
	b.t.Helper()
	b.do("land", chromedp.Navigate(m.shopURL()+"/?utm_source=google&utm_campaign=browser"))
	b.shot("storefront", 1400)
	b.do("search", chromedp.Navigate(m.shopURL()+"/search?q=футболка"))
	b.load("to the product", chromedp.Click(chromedp.CSS(`a[data-product]`)))
	b.load("into the basket", chromedp.Click(chromedp.CSS(`form[action$="/basket/add"] button[type="submit"]`)))
	b.load("to the checkout", chromedp.Click(chromedp.CSS(`a[href="/checkout"]`)))
	b.do("fill in", chromedp.SendKeys(chromedp.CSS(`[name="name"]`), "Олена Тестенко"), chromedp.SendKeys(chromedp.CSS(`[name="phone"]`), "067 123 45 67"),
		pick("delivery", "pickup"), pick("payment", "cash"))
	b.load("order", chromedp.Submit(chromedp.CSS(`form[action$="/checkout"]`)))
	b.see("#order-number", "")
}

// signIn opens the shop's admin.
func (b *browser) signIn(m *mortal) {
	b.t.Helper()
	b.do("the login", chromedp.Navigate(m.shopURL()+"/admin/login"),
		chromedp.SendKeys(chromedp.CSS(`[name="login"]`), "admin"), chromedp.SendKeys(chromedp.CSS(`[name="password"]`), "demo"))
	b.load("sign in", chromedp.Click(chromedp.CSS(`form button[type="submit"]`)))
}

// choose sets a menu as a person would: the page hears of it.
func choose(name, value string) chromedp.Action[chromedp.Void] {
	return script(`(() => { const e = document.querySelector('select[name="` + name + `"]'); e.value = "` + value +
		`"; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return e.value === "` + value + `" })()`)
}

// pick clicks a radio button.
func pick(name, value string) chromedp.Action[chromedp.Void] {
	return script(`(() => { const e = document.querySelector('input[name="` + name + `"][value="` + value + `"]'); e.click(); return e.checked })()`)
}

// script runs JavaScript that must answer true.
func script(js string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		ok, err := chromedp.Evaluate[bool](js)(ctx, t)
		if err == nil && !ok {
			err = errors.New("the page did not take it: " + js)
		}
		return err
	})
}
