package bridge

import (
	"log/slog"
	"sync"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// Integration is the registered plugin from the shop's side: what happens in the shop is told to it
// here, and here it is connected and removed. The shop works without one too. All methods are safe
// for concurrent use.
type Integration struct {
	sales   *store.Sales
	queue   *store.Events
	office  *store.Office
	capture plugin.CaptureLevel
	log     *slog.Logger

	mu     sync.RWMutex
	plug   plugin.Plugin
	events *dispatcher
}

// NewIntegration is an integration without a plugin yet.
func NewIntegration(cfg Config, s *store.Store) *Integration {
	return &Integration{sales: s.Sales, queue: s.Events, office: s.Office, capture: cfg.Capture, log: cfg.Logger}
}

// Use registers the plugin that was made from this host: its pages appear in the admin, its webhook
// routes answer, and orders are told to it. Called once.
func (in *Integration) Use(p plugin.Plugin) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.plug = p
	in.events = startDispatcher(in.queue, p.Orders(), in.log)
}

// Close stops telling the plugin of orders and joins the goroutine that does; call it before the
// plugin detaches. What was not told yet waits in the database. The pool stays open.
func (in *Integration) Close() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.events != nil {
		in.events.stop()
		in.events = nil
	}
	return nil
}

// Plugin answers the registered plugin, or nil.
func (in *Integration) Plugin() plugin.Plugin {
	in.mu.RLock()
	defer in.mu.RUnlock()
	return in.plug
}

// Listens reports whether somebody is there to be told of events; without a plugin none is queued.
func (in *Integration) Listens() bool { return in.Plugin() != nil }

// Nudge says that an event may wait. It never blocks.
func (in *Integration) Nudge() {
	in.mu.RLock()
	defer in.mu.RUnlock()
	if in.events != nil {
		in.events.nudge()
	}
}

// actor names the plugin in histories as its manifest does.
func (in *Integration) actor(by plugin.Origin) domain.Actor {
	name := by.Plugin
	if p := in.Plugin(); p != nil && p.Manifest().ID == by.Plugin && p.Manifest().Name != "" {
		name = p.Manifest().Name
	}
	if name == "" {
		name = "Інтеграція"
	}
	return domain.Actor{
		Name: domain.Cut(name, 100), Kind: domain.ActorPlugin, ID: by.Plugin,
		Origin: domain.Origin{Plugin: by.Plugin, Connection: string(by.Connection), Ref: by.Ref},
	}
}
