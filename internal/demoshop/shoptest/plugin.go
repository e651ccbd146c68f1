package shoptest

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// Plugin is a plugin that records what the engine tells it.
type Plugin struct {
	Mu     sync.Mutex         // guards Noted, Told and Calls
	Noted  []plugin.Placement // inside checkouts
	Told   []plugin.Placement // after checkouts
	Calls  []string           // of the lifecycle
	events chan plugin.Event

	OnPlaced func(ctx context.Context, tx plugin.Execer, p plugin.Placement)
	OnEvent  func(e plugin.Event) error
	Pages    http.Handler
	Hooks    http.Handler
	Fail     map[string]error // what a call of the lifecycle answers
	Owned    plugin.ProductID // the one product it keeps
}

var _ plugin.Plugin = (*Plugin)(nil)

// NewPlugin is a plugin whose pages answer 404.
func NewPlugin() *Plugin {
	return &Plugin{events: make(chan plugin.Event, 100), Fail: map[string]error{}, Pages: http.NotFoundHandler(), Hooks: http.NotFoundHandler()}
}

func (f *Plugin) call(name string) error {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	f.Calls = append(f.Calls, name)
	return f.Fail[name]
}

// Manifest implements plugin.Plugin.
func (f *Plugin) Manifest() plugin.Manifest {
	return plugin.Manifest{ID: "fake", Name: "KeyCRM", Version: "1.2.3"}
}

// Attach implements plugin.Plugin.
func (f *Plugin) Attach(context.Context, plugin.Role) error { return nil }

// OwnerOf implements plugin.Plugin.
func (f *Plugin) OwnerOf(_ context.Context, _ plugin.ShopID, p plugin.ProductID) (plugin.ConnectionID, error) {
	if p == f.Owned {
		return "c1", nil
	}
	return "", plugin.ErrNotFound
}

// Detach implements plugin.Plugin.
func (f *Plugin) Detach(context.Context) error { return nil }

// Install implements plugin.Plugin.
func (f *Plugin) Install(context.Context, plugin.ShopID) error { return f.call("install") }

// Activate implements plugin.Plugin.
func (f *Plugin) Activate(context.Context, plugin.ShopID) error { return f.call("activate") }

// Deactivate implements plugin.Plugin.
func (f *Plugin) Deactivate(context.Context, plugin.ShopID) error { return f.call("deactivate") }

// Upgrade implements plugin.Plugin.
func (f *Plugin) Upgrade(context.Context, plugin.ShopID) error { return f.call("upgrade") }

// AdminHandler implements plugin.Plugin.
func (f *Plugin) AdminHandler() http.Handler { return f.Pages }

// WebhookHandler implements plugin.Plugin.
func (f *Plugin) WebhookHandler() http.Handler { return f.Hooks }

// Orders implements plugin.Plugin.
func (f *Plugin) Orders() plugin.OrderListener { return f }

// Health implements plugin.Plugin.
func (f *Plugin) Health(context.Context) plugin.Health { return plugin.Health{} }

// Uninstall implements plugin.Plugin.
func (f *Plugin) Uninstall(_ context.Context, _ plugin.ShopID, data plugin.DataPolicy) error {
	return f.call("uninstall " + string(data))
}

// PlacedTx implements plugin.OrderListener.
func (f *Plugin) PlacedTx(ctx context.Context, tx plugin.Execer, p plugin.Placement) {
	f.Mu.Lock()
	f.Noted = append(f.Noted, p)
	f.Mu.Unlock()
	if f.OnPlaced != nil {
		f.OnPlaced(ctx, tx, p)
	}
}

// Committed implements plugin.OrderListener.
func (f *Plugin) Committed(p plugin.Placement) {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	f.Told = append(f.Told, p)
}

// Handle implements plugin.OrderListener.
func (f *Plugin) Handle(_ context.Context, e plugin.Event) error {
	if f.OnEvent != nil {
		if err := f.OnEvent(e); err != nil {
			return err
		}
	}
	f.events <- e
	return nil
}

// Event waits for the next event the engine delivers.
func (f *Plugin) Event(t *testing.T) plugin.Event {
	t.Helper()
	select {
	case e := <-f.events:
		return e
	case <-time.After(2 * time.Minute):
		t.Fatal("no event came within two minutes")
		return plugin.Event{}
	}
}
