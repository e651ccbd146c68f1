package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/plugin"
)

// shop is the reference shop with the plugin in it.
type shop struct {
	url    string
	bridge *keybridge.Keybridge
	stops  []func()
}

func (s *shop) stop() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
	s.stops = nil
}

// startShop opens the shop, attaches the plugin and, unless this process only works, serves pages.
func startShop(ctx context.Context, cfg Config, st *state, sv *services, log *slog.Logger) (_ *shop, err error) {
	s := &shop{url: st.ShopURL}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	var l net.Listener
	if cfg.Role != plugin.RoleWorker {
		if l, err = listen(ctx, cfg.ShopPort); err != nil {
			return nil, err
		}
		s.url = "http://" + l.Addr().String()
		s.stops = append(s.stops, func() { _ = l.Close() })
	}
	public, err := url.Parse(s.url)
	if err != nil {
		return nil, fmt.Errorf("the demo's state is damaged; start once with --fresh: %w", err)
	}
	engine, err := demoshop.Open(ctx, demoshop.Config{
		DB: sv.db, ListenDSN: sv.dsn, Redis: sv.redis, Logger: log, Secrets: st.Secrets, PublicURL: public,
		AdminPassword: st.AdminPassword, ManagerPassword: st.ManagerPassword, ViewerPassword: st.ViewerPassword,
		AdminLang: cfg.Lang, Languages: languages(cfg), VariantsAsProducts: cfg.VariantsAsProducts,
	})
	if err != nil {
		return nil, err
	}
	if s.bridge, err = keybridge.New(engine, pluginOptions(cfg, st)...); err != nil {
		return nil, err
	}
	engine.Use(s.bridge)
	s.stops = append(s.stops, func() { _ = engine.Close() })
	if err := s.bridge.Attach(ctx, cfg.Role); err != nil {
		return nil, err
	}
	s.stops = append(s.stops, func() { detach(s.bridge, log) })
	if l != nil {
		s.stops = append(s.stops, serve(l, engine.Handler()))
	}
	return s, nil
}

// languages are those the shop keeps texts in; nil leaves it to the shop.
func languages(cfg Config) []plugin.Language {
	if !cfg.Bilingual {
		return nil
	}
	return []plugin.Language{{Code: "uk", Name: "Українська"}, {Code: "en", Name: "English"}}
}

func detach(bridge *keybridge.Keybridge, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := bridge.Detach(ctx); err != nil {
		log.Warn("stop", "error", err.Error())
	}
}

// pluginOptions are the operator's settings of the demo.
func pluginOptions(cfg Config, st *state) []keybridge.Option {
	var opts []keybridge.Option
	if st.CRMURL != "" {
		opts = append(opts, keybridge.WithCRM(st.CRMURL))
	}
	if cfg.Key == "" || cfg.CRMURL != "" {
		opts = append(opts, keybridge.WithLocalPictures())
		if !cfg.RealLimits {
			opts = append(opts, keybridge.WithRaisedLimit(raisedBudget), keybridge.WithColdStart(time.Millisecond))
		}
	}
	if cfg.QuickChecks {
		opts = append(opts, keybridge.WithTimings(keybridge.Timings{
			Lease: 3 * time.Second, RequeueAfter: 3 * time.Second, Scan: 2 * time.Second,
			Request: 2 * time.Second, ResendAfter: 3 * time.Second, LookupGap: time.Second,
		}))
	}
	return opts
}
