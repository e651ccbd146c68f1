package settings

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/secret"
	"github.com/keybridge/keybridge/plugin"
)

// ErrStale means somebody else saved since the form was opened.
var ErrStale = fmt.Errorf("settings were saved by somebody else meanwhile: %w", plugin.ErrConflict)

// Store keeps connections, their settings, keys and webhook links. Safe for concurrent use.
type Store struct {
	db    *sqlx.DB
	box   *secret.Box
	clock plugin.Clock
}

// NewStore needs the tables to be there; it does no query.
func NewStore(db *sqlx.DB, box *secret.Box, clock plugin.Clock) *Store {
	return &Store{db: db, box: box, clock: clock}
}

type connectionRow struct {
	ID          string       `db:"id"`
	ShopID      string       `db:"shop_id"`
	CRM         string       `db:"crm"`
	Position    int          `db:"position"`
	Name        string       `db:"name"`
	KeyHint     string       `db:"key_hint"`
	Account     string       `db:"account"`
	Enabled     bool         `db:"enabled"`
	ReadyAt     sql.NullTime `db:"ready_at"`
	OrdersSince sql.NullTime `db:"orders_since"`
	Version     int64        `db:"version"`
	Settings    []byte       `db:"settings"`
	CreatedAt   time.Time    `db:"created_at"`
	UpdatedAt   time.Time    `db:"updated_at"`
}

const connectionColumns = `id, shop_id, crm, position, name, key_hint, account, enabled, ready_at,
	orders_since, version, settings, created_at, updated_at`

func (r connectionRow) connection() (Connection, error) {
	c := Connection{
		ID: plugin.ConnectionID(r.ID), Shop: plugin.ShopID(r.ShopID), CRM: r.CRM, Position: r.Position,
		Name: r.Name, KeyHint: r.KeyHint, Account: r.Account, Enabled: r.Enabled,
		ReadyAt: utc(r.ReadyAt), OrdersSince: utc(r.OrdersSince), Version: r.Version,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Settings: Default(),
	}
	if err := json.Unmarshal(r.Settings, &c.Settings); err != nil {
		return Connection{}, fmt.Errorf("settings of connection %s: %w", r.ID, err)
	}
	return c, nil
}

func utc(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	at := t.Time.UTC()
	return &at
}

// Create adds a connection with default settings, switched off, at the end of the shop's list, and makes
// its webhook links. A deleted connection of the same shop and account is revived instead, with its
// settings and id, so that its links and sent orders are known again and nothing is made twice; it too is
// switched off and sends nothing placed before it is switched on again.
func (s *Store) Create(ctx context.Context, shop plugin.ShopID, crm, name, key, account string) (Connection, error) {
	id, err := s.deleted(ctx, shop, crm, account)
	if errors.Is(err, plugin.ErrNotFound) {
		return s.insert(ctx, shop, crm, name, key, account)
	}
	if err != nil {
		return Connection{}, err
	}
	sealed, err := s.box.Seal(key, keyPurpose(id))
	if err != nil {
		return Connection{}, err
	}
	const q = `
		UPDATE keybridge.connection
		SET deleted_at = NULL, key_sealed = $2, key_hint = $3, account = $6, updated_at = $4, version = version + 1,
			enabled = false, ready_at = NULL, orders_since = NULL,
			position = (SELECT coalesce(max(position), 0) + 1 FROM keybridge.connection
				WHERE shop_id = $5 AND deleted_at IS NULL)
		WHERE id = $1`
	if err := s.one(ctx, "revive connection", id, q, id, sealed, hint(key), s.clock.Now(), shop, account); err != nil {
		return Connection{}, err
	}
	if err := s.mendLinks(ctx, id); err != nil {
		return Connection{}, err
	}
	return s.Get(ctx, id)
}

// deleted finds the connection to revive: one whose account's fingerprint shares a mark with this
// one (see crm.Fingerprint). Errors: plugin.ErrNotFound.
func (s *Store) deleted(ctx context.Context, shop plugin.ShopID, crm, account string) (plugin.ConnectionID, error) {
	var id plugin.ConnectionID
	const q = `SELECT id FROM keybridge.connection
		WHERE shop_id = $1 AND crm = $2 AND deleted_at IS NOT NULL AND account <> ''
			AND string_to_array(account, ' ') && string_to_array($3, ' ')
		ORDER BY deleted_at DESC LIMIT 1`
	err := s.db.GetContext(ctx, &id, q, shop, crm, account)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("deleted connection of shop %q: %w", shop, plugin.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("deleted connection of shop %q: %w", shop, err)
	}
	return id, nil
}

func (s *Store) insert(ctx context.Context, shop plugin.ShopID, crm, name, key, account string) (Connection, error) {
	id := newID()
	sealed, err := s.box.Seal(key, keyPurpose(id))
	if err != nil {
		return Connection{}, err
	}
	body, err := json.Marshal(Default())
	if err != nil {
		return Connection{}, fmt.Errorf("create connection: %w", err)
	}
	const q = `
		INSERT INTO keybridge.connection
			(id, shop_id, crm, position, name, key_sealed, key_hint, account, settings, created_at, updated_at)
		VALUES ($1, $2, $3,
			(SELECT coalesce(max(position), 0) + 1 FROM keybridge.connection WHERE shop_id = $2 AND deleted_at IS NULL),
			$4, $5, $6, $7, $8, $9, $9)`
	now := s.clock.Now()
	if _, err := s.db.ExecContext(ctx, q, id, shop, crm, name, sealed, hint(key), account, body, now); err != nil {
		return Connection{}, fmt.Errorf("create connection of shop %q: %w", shop, err)
	}
	if err := s.mendLinks(ctx, id); err != nil {
		return Connection{}, err
	}
	return s.Get(ctx, id)
}

// Get reads one. Errors: plugin.ErrNotFound.
func (s *Store) Get(ctx context.Context, id plugin.ConnectionID) (Connection, error) {
	var row connectionRow
	const q = `SELECT ` + connectionColumns + ` FROM keybridge.connection WHERE id = $1 AND deleted_at IS NULL`
	err := s.db.GetContext(ctx, &row, q, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Connection{}, fmt.Errorf("connection %s: %w", id, plugin.ErrNotFound)
	}
	if err != nil {
		return Connection{}, fmt.Errorf("connection %s: %w", id, err)
	}
	return row.connection()
}

// List answers the connections of a shop in routing order.
func (s *Store) List(ctx context.Context, shop plugin.ShopID) ([]Connection, error) {
	const q = `SELECT ` + connectionColumns + ` FROM keybridge.connection
		WHERE shop_id = $1 AND deleted_at IS NULL ORDER BY position, id`
	return s.list(ctx, q, shop)
}

// All answers every connection of every shop, in routing order per shop.
func (s *Store) All(ctx context.Context) ([]Connection, error) {
	const q = `SELECT ` + connectionColumns + ` FROM keybridge.connection
		WHERE deleted_at IS NULL ORDER BY shop_id, position, id`
	return s.list(ctx, q)
}

func (s *Store) list(ctx context.Context, q string, args ...any) ([]Connection, error) {
	var rows []connectionRow
	if err := s.db.SelectContext(ctx, &rows, q, args...); err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	out := make([]Connection, 0, len(rows))
	for _, r := range rows {
		c, err := r.connection()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Key opens the API key. Errors: plugin.ErrNotFound, secret.ErrSealed.
func (s *Store) Key(ctx context.Context, id plugin.ConnectionID) (string, error) {
	var sealed []byte
	const q = `SELECT key_sealed FROM keybridge.connection WHERE id = $1 AND deleted_at IS NULL`
	err := s.db.GetContext(ctx, &sealed, q, id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("key of connection %s: %w", id, plugin.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("key of connection %s: %w", id, err)
	}
	return s.box.Open(sealed, keyPurpose(id))
}

// SetKey replaces the API key by another key of the same account.
func (s *Store) SetKey(ctx context.Context, id plugin.ConnectionID, key, account string) error {
	sealed, err := s.box.Seal(key, keyPurpose(id))
	if err != nil {
		return err
	}
	const q = `UPDATE keybridge.connection SET key_sealed = $2, key_hint = $3, account = $4, updated_at = $5
		WHERE id = $1 AND deleted_at IS NULL`
	return s.one(ctx, "set key of connection", id, q, id, sealed, hint(key), account, s.clock.Now())
}

// SetEnabled turns the merchant's switch. Orders placed while it was off are history: switching on
// never sends them by itself.
func (s *Store) SetEnabled(ctx context.Context, id plugin.ConnectionID, on bool) error {
	const q = `UPDATE keybridge.connection
		SET enabled = $2, updated_at = $3,
			orders_since = CASE WHEN $2 AND NOT enabled AND orders_since IS NOT NULL THEN $3 ELSE orders_since END
		WHERE id = $1 AND deleted_at IS NULL`
	return s.one(ctx, "switch connection", id, q, id, on, s.clock.Now())
}

// Save stores settings made from the given version and answers the connection as it is then. The
// first save that is ready starts schedules and export; the first with orders on sets OrdersSince. Links
// that are missing are made.
// Errors: ErrStale when another version is stored, plugin.ErrNotFound.
func (s *Store) Save(ctx context.Context, id plugin.ConnectionID, from int64, set Settings, ready bool, op plugin.Operator) (Connection, error) {
	body, err := json.Marshal(set)
	if err != nil {
		return Connection{}, fmt.Errorf("save settings of %s: %w", id, err)
	}
	const q = `
		WITH saved AS (
			UPDATE keybridge.connection
			SET settings = $3, version = version + 1, updated_at = $4,
				ready_at = CASE WHEN $5 THEN coalesce(ready_at, $4) ELSE ready_at END,
				orders_since = CASE WHEN $6 AND ($5 OR ready_at IS NOT NULL) THEN coalesce(orders_since, $4) END
			WHERE id = $1 AND version = $2 AND deleted_at IS NULL
			RETURNING id, version
		)
		INSERT INTO keybridge.settings_audit (connection_id, version, operator_id, saved_at, settings)
		SELECT id, version, $7, $4, $3 FROM saved`
	on := set.Orders.Target != TargetOff
	res, err := s.db.ExecContext(ctx, q, id, from, body, s.clock.Now(), ready, on, op.ID)
	if err != nil {
		return Connection{}, fmt.Errorf("save settings of %s: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		if _, err := s.Get(ctx, id); err != nil {
			return Connection{}, err
		}
		return Connection{}, fmt.Errorf("save settings of %s from version %d: %w", id, from, ErrStale)
	}
	if err := s.mendLinks(ctx, id); err != nil {
		return Connection{}, err
	}
	return s.Get(ctx, id)
}

// Delete drops the key and the webhook links and hides the connection; links and journals stay.
func (s *Store) Delete(ctx context.Context, id plugin.ConnectionID) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("delete connection %s: %w", id, err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `DELETE FROM keybridge.webhook WHERE connection_id = $1`, id); err != nil {
		return fmt.Errorf("delete connection %s: %w", id, err)
	}
	const q = `UPDATE keybridge.connection SET key_sealed = NULL, enabled = false, deleted_at = $2
		WHERE id = $1 AND deleted_at IS NULL`
	if _, err := tx.ExecContext(ctx, q, id, s.clock.Now()); err != nil {
		return fmt.Errorf("delete connection %s: %w", id, err)
	}
	return tx.Commit()
}

func (s *Store) one(ctx context.Context, what string, id plugin.ConnectionID, q string, args ...any) error {
	res, err := s.db.ExecContext(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, id, err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return fmt.Errorf("%s %s: %w", what, id, plugin.ErrNotFound)
	}
	return nil
}

func keyPurpose(id plugin.ConnectionID) string { return "key " + string(id) }

func hint(key string) string {
	if len(key) < 12 { // of a short key even four characters tell too much
		return ""
	}
	return key[len(key)-4:]
}

// newID makes a short random id, safe in addresses and logs.
func newID() plugin.ConnectionID {
	raw := make([]byte, 10)
	_, _ = rand.Read(raw) // crypto/rand.Read never fails since Go 1.24
	return plugin.ConnectionID(strings.ToLower(base32.StdEncoding.EncodeToString(raw)))
}
