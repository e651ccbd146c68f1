package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// Office is what staff work with beside goods and orders: sessions, messages, settings and the
// record of integrations.
type Office struct{ conn }

// SessionRow is a session as its table keeps it.
type SessionRow struct {
	TokenHash []byte    `db:"token_hash"`
	Login     string    `db:"login"`
	Proof     []byte    `db:"proof"`
	ExpiresAt time.Time `db:"expires_at"`
}

// PutSession stores a session and sweeps those that ended.
func (s *Office) PutSession(ctx context.Context, row SessionRow) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM demoshop.sessions WHERE expires_at < $1`, s.now()); err != nil {
		return dbErr("sweep sessions", err)
	}
	_, err := s.db.NamedExecContext(ctx, `
		INSERT INTO demoshop.sessions (token_hash, login, proof, expires_at)
		VALUES (:token_hash, :login, :proof, :expires_at)`, row)
	return dbErr("open session", err)
}

// Session answers a session that has not ended. Errors: ErrNotFound.
func (s *Office) Session(ctx context.Context, hash []byte) (SessionRow, error) {
	var row SessionRow
	err := s.db.GetContext(ctx, &row,
		`SELECT token_hash, login, proof, expires_at FROM demoshop.sessions WHERE token_hash = $1 AND expires_at > $2`, hash, s.now())
	return row, dbErr("read session", err)
}

// DropSession ends a session.
func (s *Office) DropSession(ctx context.Context, hash []byte) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM demoshop.sessions WHERE token_hash = $1`, hash)
	return dbErr("close session", err)
}

// Message is a message to the merchant.
type Message struct {
	ID       int64     `db:"id"`
	Key      string    `db:"key"`
	Severity string    `db:"severity"`
	Title    string    `db:"title"`
	Text     string    `db:"text"`
	Path     string    `db:"path"`
	At       time.Time `db:"at"`
	Read     bool      `db:"read"`
}

// PutMessage keeps the newest message of one key, unread again, and the newest thousand of all.
func (s *Office) PutMessage(ctx context.Context, m Message) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO demoshop.messages (key, severity, title, text, path, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (key) WHERE key <> '' DO UPDATE SET severity = excluded.severity, title = excluded.title,
			text = excluded.text, path = excluded.path, at = excluded.at, read = false
		WHERE excluded.at >= demoshop.messages.at`,
		m.Key, m.Severity, m.Title, m.Text, m.Path, m.At.UTC())
	if err != nil {
		return dbErr("store message", err)
	}
	_, err = s.db.ExecContext(ctx, `
		DELETE FROM demoshop.messages WHERE id < (SELECT id FROM demoshop.messages ORDER BY id DESC OFFSET 1000 LIMIT 1)`)
	return dbErr("sweep messages", err)
}

// Messages answers the newest hundred.
func (s *Office) Messages(ctx context.Context) ([]Message, error) {
	var rows []Message
	err := s.db.SelectContext(ctx, &rows,
		`SELECT id, key, severity, title, text, path, at, read FROM demoshop.messages ORDER BY read, at DESC, id DESC LIMIT 100`)
	return rows, dbErr("read messages", err)
}

// UnreadMessages answers how many there are.
func (s *Office) UnreadMessages(ctx context.Context) (int, error) {
	var n int
	err := s.db.GetContext(ctx, &n, `SELECT count(*) FROM demoshop.messages WHERE NOT read`)
	return n, dbErr("count messages", err)
}

// ReadMessages marks what a page showed, up to the newest it knew.
func (s *Office) ReadMessages(ctx context.Context, upTo time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE demoshop.messages SET read = true WHERE NOT read AND at <= $1`, upTo)
	return dbErr("mark messages read", err)
}

// Settings are what the merchant can switch.
type Settings struct {
	CollectUTM  bool
	PhoneRegion string // ISO 3166 alpha-2
	Kopecks     bool   // show prices with kopecks even when there are none
}

// Settings reads them; what was never set has its default.
func (s *Office) Settings(ctx context.Context) (Settings, error) {
	set := Settings{CollectUTM: true, PhoneRegion: "UA"}
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

// SaveSettings writes them all.
func (s *Office) SaveSettings(ctx context.Context, set Settings) error {
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
	StateConnecting = "connecting"
	StateConnected  = "connected"
	StateRemoving   = "removing"
)

// IntegrationRow is what the engine recorded of a plugin.
type IntegrationRow struct {
	PluginID string `db:"plugin_id"`
	State    string `db:"state"`
	Version  string `db:"version"` // of the plugin when it was last installed or upgraded
}

// Integration answers the record; the zero row when the plugin was never connected.
func (s *Office) Integration(ctx context.Context, id string) (IntegrationRow, error) {
	rows := []IntegrationRow{}
	err := s.db.SelectContext(ctx, &rows, `SELECT plugin_id, state, version FROM demoshop.integrations WHERE plugin_id = $1`, id)
	if err != nil || len(rows) == 0 {
		return IntegrationRow{PluginID: id}, dbErr("read integration", err)
	}
	return rows[0], nil
}

// PutIntegration records how far connecting or removing has come.
func (s *Office) PutIntegration(ctx context.Context, row IntegrationRow) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO demoshop.integrations (plugin_id, state, version, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (plugin_id) DO UPDATE SET state = excluded.state, version = excluded.version, updated_at = excluded.updated_at`,
		row.PluginID, row.State, row.Version, s.now())
	return dbErr("record integration", err)
}

// DropIntegration forgets the record.
func (s *Office) DropIntegration(ctx context.Context, id string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM demoshop.integrations WHERE plugin_id = $1`, id)
	return dbErr("forget integration", err)
}

// WithIntegrationLock lets one operator at a time connect or remove, over all processes.
func (s *Office) WithIntegrationLock(ctx context.Context, f func() error) error {
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, treeLock+1); err != nil {
			return dbErr("lock integrations", err)
		}
		return f()
	})
}
