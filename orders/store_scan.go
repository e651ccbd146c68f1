package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// claimScan takes a shop's scan; not ok when another process has it. It answers up to when
// placements were seen: at the first scan, start.
func (s store) claimScan(ctx context.Context, shop plugin.ShopID, start, now, until time.Time) (seen time.Time, ok bool, err error) {
	const q = `
		INSERT INTO keybridge.order_scan AS s (shop_id, placed_at, scanned_at, lease_until)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (shop_id) DO UPDATE SET lease_until = $4
		WHERE s.lease_until IS NULL OR s.lease_until <= $3
		RETURNING placed_at`
	err = s.db.GetContext(ctx, &seen, q, shop, start, now, until)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("claim scan of shop %q: %w", shop, err)
	}
	return seen.UTC(), true, nil
}

func (s store) moveScan(ctx context.Context, shop plugin.ShopID, placed, now time.Time) error {
	const q = `UPDATE keybridge.order_scan SET placed_at = greatest(placed_at, $2), scanned_at = $3 WHERE shop_id = $1`
	if _, err := s.db.ExecContext(ctx, q, shop, placed, now); err != nil {
		return fmt.Errorf("move scan of shop %q: %w", shop, err)
	}
	return nil
}

func (s store) releaseScan(ctx context.Context, shop plugin.ShopID) error {
	const q = `UPDATE keybridge.order_scan SET lease_until = NULL WHERE shop_id = $1`
	if _, err := s.db.ExecContext(ctx, q, shop); err != nil {
		return fmt.Errorf("release scan of shop %q: %w", shop, err)
	}
	return nil
}
