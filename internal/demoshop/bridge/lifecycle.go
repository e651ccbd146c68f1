package bridge

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// Connect installs and activates the registered plugin for the shop, as «ПІДКЛЮЧИТИ» does. Each
// step is recorded first and may be repeated. Errors: plugin.ErrNotFound without a plugin.
func (in *Integration) Connect(ctx context.Context) error {
	p := in.Plugin()
	if p == nil {
		return fmt.Errorf("connect: no plugin is registered: %w", plugin.ErrNotFound)
	}
	row := store.IntegrationRow{PluginID: p.Manifest().ID, State: store.StateConnecting, Version: p.Manifest().Version}
	return in.office.WithIntegrationLock(ctx, func() error {
		if err := in.office.PutIntegration(ctx, row); err != nil {
			return err
		}
		if err := p.Install(ctx, ShopID); err != nil {
			return fmt.Errorf("install %s: %w", row.PluginID, err)
		}
		if err := p.Activate(ctx, ShopID); err != nil {
			return fmt.Errorf("activate %s: %w", row.PluginID, err)
		}
		row.State = store.StateConnected
		return in.office.PutIntegration(ctx, row)
	})
}

// Disconnect deactivates and uninstalls the plugin, as «Видалити» does; repeatable like Connect.
// Errors: plugin.ErrNotFound without a plugin.
func (in *Integration) Disconnect(ctx context.Context, data plugin.DataPolicy) error {
	p := in.Plugin()
	if p == nil {
		return fmt.Errorf("disconnect: no plugin is registered: %w", plugin.ErrNotFound)
	}
	row := store.IntegrationRow{PluginID: p.Manifest().ID, State: store.StateRemoving, Version: p.Manifest().Version}
	return in.office.WithIntegrationLock(ctx, func() error {
		if err := in.office.PutIntegration(ctx, row); err != nil {
			return err
		}
		if err := p.Deactivate(ctx, ShopID); err != nil {
			return fmt.Errorf("deactivate %s: %w", row.PluginID, err)
		}
		if err := p.Uninstall(ctx, ShopID, data); err != nil {
			return fmt.Errorf("uninstall %s: %w", row.PluginID, err)
		}
		return in.office.DropIntegration(ctx, row.PluginID)
	})
}

// UpgradePlugin brings the shop's data of a connected plugin to the plugin's version; nothing to do
// when it is recorded already. Call it after the plugin attached.
func (in *Integration) UpgradePlugin(ctx context.Context) error {
	p := in.Plugin()
	if p == nil {
		return nil
	}
	return in.office.WithIntegrationLock(ctx, func() error {
		row, err := in.office.Integration(ctx, p.Manifest().ID)
		if err != nil || row.State != store.StateConnected || row.Version == p.Manifest().Version {
			return err
		}
		if err := p.Upgrade(ctx, ShopID); err != nil {
			return fmt.Errorf("upgrade %s: %w", row.PluginID, err)
		}
		row.Version = p.Manifest().Version
		return in.office.PutIntegration(ctx, row)
	})
}
