package demoshop

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// sessionRow is a session as its table keeps it.
type sessionRow struct {
	TokenHash []byte    `db:"token_hash"`
	Login     string    `db:"login"`
	Proof     []byte    `db:"proof"`
	ExpiresAt time.Time `db:"expires_at"`
}

// putSession stores a session and sweeps those that ended.
func (s *store) putSession(ctx context.Context, row sessionRow) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM demoshop.sessions WHERE expires_at < $1`, s.now()); err != nil {
		return dbErr("sweep sessions", err)
	}
	_, err := s.db.NamedExecContext(ctx, `
		INSERT INTO demoshop.sessions (token_hash, login, proof, expires_at)
		VALUES (:token_hash, :login, :proof, :expires_at)`, row)
	return dbErr("open session", err)
}

// sessionRow answers a session that has not ended. Errors: plugin.ErrNotFound.
func (s *store) sessionRow(ctx context.Context, hash []byte) (sessionRow, error) {
	var row sessionRow
	err := s.db.GetContext(ctx, &row,
		`SELECT token_hash, login, proof, expires_at FROM demoshop.sessions WHERE token_hash = $1 AND expires_at > $2`, hash, s.now())
	return row, dbErr("read session", err)
}

func (s *store) dropSession(ctx context.Context, hash []byte) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM demoshop.sessions WHERE token_hash = $1`, hash)
	return dbErr("close session", err)
}

// messageRow is a message to the merchant.
type messageRow struct {
	ID       int64     `db:"id"`
	Key      string    `db:"key"`
	Severity string    `db:"severity"`
	Title    string    `db:"title"`
	Text     string    `db:"text"`
	Path     string    `db:"path"`
	At       time.Time `db:"at"`
	Read     bool      `db:"read"`
}

// putMessage keeps the newest message of one key, unread again, and the newest thousand of all.
func (s *store) putMessage(ctx context.Context, m plugin.Message) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO demoshop.messages (key, severity, title, text, path, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (key) WHERE key <> '' DO UPDATE SET severity = excluded.severity, title = excluded.title,
			text = excluded.text, path = excluded.path, at = excluded.at, read = false
		WHERE excluded.at >= demoshop.messages.at`,
		m.Key, string(m.Severity), m.Title, m.Text, m.Path, m.At.UTC())
	if err != nil {
		return dbErr("store message", err)
	}
	_, err = s.db.ExecContext(ctx, `
		DELETE FROM demoshop.messages WHERE id < (SELECT id FROM demoshop.messages ORDER BY id DESC OFFSET 1000 LIMIT 1)`)
	return dbErr("sweep messages", err)
}

// messages answers the newest hundred.
func (s *store) messages(ctx context.Context) ([]messageRow, error) {
	var rows []messageRow
	err := s.db.SelectContext(ctx, &rows,
		`SELECT id, key, severity, title, text, path, at, read FROM demoshop.messages ORDER BY read, at DESC, id DESC LIMIT 100`)
	return rows, dbErr("read messages", err)
}

func (s *store) unreadMessages(ctx context.Context) (int, error) {
	var n int
	err := s.db.GetContext(ctx, &n, `SELECT count(*) FROM demoshop.messages WHERE NOT read`)
	return n, dbErr("count messages", err)
}

// readMessages marks what a page showed, up to the newest it knew.
func (s *store) readMessages(ctx context.Context, upTo time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE demoshop.messages SET read = true WHERE NOT read AND at <= $1`, upTo)
	return dbErr("mark messages read", err)
}

// shopSettings are what the merchant can switch.
type shopSettings struct {
	CollectUTM  bool
	PhoneRegion string // ISO 3166 alpha-2
	Kopecks     bool   // show prices with kopecks even when there are none
}

// settings reads them; what was never set has its default.
func (s *store) settings(ctx context.Context) (shopSettings, error) {
	set := shopSettings{CollectUTM: true, PhoneRegion: "UA"}
	var rows []struct {
		Key   string `db:"key"`
		Value string `db:"value"`
	}
	if err := s.db.SelectContext(ctx, &rows, `SELECT key, value FROM demoshop.settings`); err != nil {
		return set, dbErr("read settings", err)
	}
	for _, r := range rows {
		switch r.Key {
		case "collect_utm":
			set.CollectUTM = r.Value == "on"
		case "phone_region":
			set.PhoneRegion = r.Value
		case "kopecks":
			set.Kopecks = r.Value == "on"
		}
	}
	return set, nil
}

func (s *store) saveSettings(ctx context.Context, set shopSettings) error {
	onOff := func(b bool) string {
		if b {
			return "on"
		}
		return "off"
	}
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO demoshop.settings (key, value) VALUES ('collect_utm', $1), ('phone_region', $2), ('kopecks', $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		onOff(set.CollectUTM), set.PhoneRegion, onOff(set.Kopecks))
	return dbErr("save settings", err)
}

// The states of an integration; see the table.
const (
	stateConnecting = "connecting"
	stateConnected  = "connected"
	stateRemoving   = "removing"
)

// integrationRow is what the engine recorded of a plugin.
type integrationRow struct {
	PluginID string `db:"plugin_id"`
	State    string `db:"state"`
	Version  string `db:"version"` // of the plugin when it was last installed or upgraded
}

// integration answers the record; the zero row when the plugin was never connected.
func (s *store) integration(ctx context.Context, id string) (integrationRow, error) {
	rows := []integrationRow{}
	err := s.db.SelectContext(ctx, &rows, `SELECT plugin_id, state, version FROM demoshop.integrations WHERE plugin_id = $1`, id)
	if err != nil || len(rows) == 0 {
		return integrationRow{PluginID: id}, dbErr("read integration", err)
	}
	return rows[0], nil
}

func (s *store) putIntegration(ctx context.Context, row integrationRow) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO demoshop.integrations (plugin_id, state, version, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (plugin_id) DO UPDATE SET state = excluded.state, version = excluded.version, updated_at = excluded.updated_at`,
		row.PluginID, row.State, row.Version, s.now())
	return dbErr("record integration", err)
}

func (s *store) dropIntegration(ctx context.Context, id string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM demoshop.integrations WHERE plugin_id = $1`, id)
	return dbErr("forget integration", err)
}

// withIntegrationLock lets one operator at a time connect or remove, over all processes.
func (s *store) withIntegrationLock(ctx context.Context, f func() error) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, treeLock+1); err != nil {
			return dbErr("lock integrations", err)
		}
		return f()
	})
}
