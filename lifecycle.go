package keybridge

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

// The recorded states of a shop.
const (
	stateInstalled   = "installed"
	stateActive      = "active"
	stateInactive    = "inactive"
	stateUninstalled = "uninstalled"
)

// Install implements plugin.Plugin. Repeating it changes nothing.
func (k *Keybridge) Install(ctx context.Context, shop plugin.ShopID) error {
	if _, err := k.host.Shop(ctx, shop); err != nil {
		return fmt.Errorf("install for shop %q: %w", shop, err)
	}
	state, err := k.installs.state(ctx, shop)
	if err != nil {
		return err
	}
	if state != "" && state != stateUninstalled {
		return nil
	}
	return k.record(ctx, shop, stateInstalled)
}

// Activate implements plugin.Plugin.
func (k *Keybridge) Activate(ctx context.Context, shop plugin.ShopID) error {
	state, err := k.installs.state(ctx, shop)
	if err != nil {
		return err
	}
	if state == "" || state == stateUninstalled {
		return fmt.Errorf("activate shop %q before it is installed: %w", shop, plugin.ErrRefused)
	}
	return k.record(ctx, shop, stateActive)
}

// Deactivate implements plugin.Plugin.
func (k *Keybridge) Deactivate(ctx context.Context, shop plugin.ShopID) error {
	state, err := k.installs.state(ctx, shop)
	if err != nil {
		return err
	}
	if state == "" || state == stateUninstalled {
		return nil
	}
	return k.record(ctx, shop, stateInactive)
}

// Upgrade implements plugin.Plugin. Tables are brought up to date at Attach; a shop has nothing of
// its own to convert in this version.
func (k *Keybridge) Upgrade(ctx context.Context, shop plugin.ShopID) error {
	state, err := k.installs.state(ctx, shop)
	if err != nil || state == "" {
		return err
	}
	return k.record(ctx, shop, state)
}

// Uninstall implements plugin.Plugin. The shop is switched off first, so that a crash in the middle
// leaves nothing at work; repeating it finishes it.
func (k *Keybridge) Uninstall(ctx context.Context, shop plugin.ShopID, data plugin.DataPolicy) error {
	if err := k.record(ctx, shop, stateInactive); err != nil {
		return err
	}
	conns, err := k.settings.List(ctx, shop)
	if err != nil {
		return err
	}
	for _, c := range conns {
		if err := k.settings.Delete(ctx, c.ID); err != nil {
			return err
		}
	}
	if data == plugin.DropData {
		if err := dropShop(ctx, k.host.DB(), shop); err != nil {
			return err
		}
	}
	return k.record(ctx, shop, stateUninstalled)
}

func (k *Keybridge) record(ctx context.Context, shop plugin.ShopID, state string) error {
	return k.installs.set(ctx, shop, state, k.manifest.Version, k.host.Clock().Now())
}
