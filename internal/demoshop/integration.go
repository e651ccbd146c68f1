package demoshop

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

// Connect installs and activates the registered plugin for the shop, as «ПІДКЛЮЧИТИ» does. Each
// step is recorded first and may be repeated. Errors: plugin.ErrNotFound without a plugin.
func (e *Engine) Connect(ctx context.Context) error {
	p := e.plugin()
	if p == nil {
		return fmt.Errorf("connect: no plugin is registered: %w", plugin.ErrNotFound)
	}
	row := integrationRow{PluginID: p.Manifest().ID, State: stateConnecting, Version: p.Manifest().Version}
	return e.store.withIntegrationLock(ctx, func() error {
		if err := e.store.putIntegration(ctx, row); err != nil {
			return err
		}
		if err := p.Install(ctx, ShopID); err != nil {
			return fmt.Errorf("install %s: %w", row.PluginID, err)
		}
		if err := p.Activate(ctx, ShopID); err != nil {
			return fmt.Errorf("activate %s: %w", row.PluginID, err)
		}
		row.State = stateConnected
		return e.store.putIntegration(ctx, row)
	})
}

// Disconnect deactivates and uninstalls the plugin, as «Видалити» does; repeatable like Connect.
// Errors: plugin.ErrNotFound without a plugin.
func (e *Engine) Disconnect(ctx context.Context, data plugin.DataPolicy) error {
	p := e.plugin()
	if p == nil {
		return fmt.Errorf("disconnect: no plugin is registered: %w", plugin.ErrNotFound)
	}
	row := integrationRow{PluginID: p.Manifest().ID, State: stateRemoving, Version: p.Manifest().Version}
	return e.store.withIntegrationLock(ctx, func() error {
		if err := e.store.putIntegration(ctx, row); err != nil {
			return err
		}
		if err := p.Deactivate(ctx, ShopID); err != nil {
			return fmt.Errorf("deactivate %s: %w", row.PluginID, err)
		}
		if err := p.Uninstall(ctx, ShopID, data); err != nil {
			return fmt.Errorf("uninstall %s: %w", row.PluginID, err)
		}
		return e.store.dropIntegration(ctx, row.PluginID)
	})
}

// UpgradePlugin brings the shop's data of a connected plugin to the plugin's version; nothing to do
// when it is recorded already. Call it after the plugin attached.
func (e *Engine) UpgradePlugin(ctx context.Context) error {
	p := e.plugin()
	if p == nil {
		return nil
	}
	return e.store.withIntegrationLock(ctx, func() error {
		row, err := e.store.integration(ctx, p.Manifest().ID)
		if err != nil || row.State != stateConnected || row.Version == p.Manifest().Version {
			return err
		}
		if err := p.Upgrade(ctx, ShopID); err != nil {
			return fmt.Errorf("upgrade %s: %w", row.PluginID, err)
		}
		row.Version = p.Manifest().Version
		return e.store.putIntegration(ctx, row)
	})
}
