package settings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"github.com/keybridge/keybridge/internal/secret"
	"github.com/keybridge/keybridge/plugin"
)

// objects are all that a connection has links for.
func objects() []Object { return []Object{ObjectOrder, ObjectCard, ObjectStock} }

// linkRow is a link that answers and was not replaced by another.
type linkRow struct {
	Object Object `db:"object"`
	Sealed []byte `db:"token_sealed"`
}

// Links reads the current links of a connection, by object. One that was never made, or that no key of the
// ring opens any more, is left out: reading makes nothing.
func (s *Store) Links(ctx context.Context, id plugin.ConnectionID) (map[Object]Link, error) {
	var rows []linkRow
	const q = `SELECT object, token_sealed FROM keybridge.webhook
		WHERE connection_id = $1 AND retires_at IS NULL ORDER BY id DESC`
	if err := s.db.SelectContext(ctx, &rows, q, id); err != nil {
		return nil, fmt.Errorf("read links of %s: %w", id, err)
	}
	out := map[Object]Link{}
	for _, r := range rows {
		token, err := s.box.Open(r.Sealed, linkPurpose(id, r.Object))
		if errors.Is(err, secret.ErrSealed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[r.Object] = Link{Connection: id, Object: r.Object, Token: token}
	}
	return out, nil
}

// EnsureLinks makes the links that connections of an earlier version lack. Those that cannot be opened are
// let be: a process that was started with the wrong keys must not replace the links of every merchant.
func (s *Store) EnsureLinks(ctx context.Context) error {
	var lacking []struct {
		ID     plugin.ConnectionID `db:"id"`
		Object Object              `db:"object"`
	}
	const q = `
		SELECT c.id, o.object
		FROM keybridge.connection c CROSS JOIN unnest($1::text[]) AS o (object)
		WHERE c.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM keybridge.webhook w
			WHERE w.connection_id = c.id AND w.object = o.object AND w.retires_at IS NULL)`
	if err := s.db.SelectContext(ctx, &lacking, q, pq.Array(objects())); err != nil {
		return fmt.Errorf("look for missing links: %w", err)
	}
	for _, l := range lacking {
		_, err := s.EnsureLink(ctx, l.ID, l.Object)
		if err != nil && !errors.Is(err, sql.ErrNoRows) { // no rows: it was deleted meanwhile
			return err
		}
	}
	return nil
}

// mendLinks makes the links a connection lacks, and others for those that cannot be opened.
func (s *Store) mendLinks(ctx context.Context, id plugin.ConnectionID) error {
	there, err := s.Links(ctx, id)
	if err != nil {
		return err
	}
	for _, o := range objects() {
		if _, ok := there[o]; ok {
			continue
		}
		if _, err := s.EnsureLink(ctx, id, o); err != nil {
			return err
		}
	}
	return nil
}

// EnsureLink answers the current webhook link of an object and makes it at the first call.
func (s *Store) EnsureLink(ctx context.Context, id plugin.ConnectionID, object Object) (Link, error) {
	token := secret.NewToken()
	sealed, err := s.box.Seal(token, linkPurpose(id, object))
	if err != nil {
		return Link{}, err
	}
	// One statement, so that two calls at once end with one link.
	const insert = `
		INSERT INTO keybridge.webhook (connection_id, object, token_hmac, token_sealed, created_at)
		SELECT $1, $2, $3, $4, $5
		FROM (SELECT 1 FROM keybridge.connection WHERE id = $1 AND deleted_at IS NULL FOR UPDATE) held
		WHERE NOT EXISTS (SELECT 1 FROM keybridge.webhook
			WHERE connection_id = $1 AND object = $2 AND retires_at IS NULL)`
	if _, err := s.db.ExecContext(ctx, insert, id, object, s.box.Digests(token)[0], sealed, s.clock.Now()); err != nil {
		return Link{}, fmt.Errorf("make %s link of %s: %w", object, id, err)
	}
	const read = `SELECT token_sealed FROM keybridge.webhook
		WHERE connection_id = $1 AND object = $2 AND retires_at IS NULL ORDER BY id LIMIT 1`
	if err := s.db.GetContext(ctx, &sealed, read, id, object); err != nil {
		return Link{}, fmt.Errorf("read %s link of %s: %w", object, id, err)
	}
	token, err = s.box.Open(sealed, linkPurpose(id, object))
	if errors.Is(err, secret.ErrSealed) {
		return s.replaceLink(ctx, id, object, sealed)
	}
	if err != nil {
		return Link{}, err
	}
	return Link{Connection: id, Object: object, Token: token}, nil
}

// replaceLink makes a new link for one whose token no key of the ring opens any more: it can neither
// be shown nor recognised, so the merchant is given another to paste into the CRM.
func (s *Store) replaceLink(ctx context.Context, id plugin.ConnectionID, object Object, lost []byte) (Link, error) {
	const q = `DELETE FROM keybridge.webhook WHERE connection_id = $1 AND object = $2 AND token_sealed = $3`
	if _, err := s.db.ExecContext(ctx, q, id, object, lost); err != nil {
		return Link{}, fmt.Errorf("replace %s link of %s: %w", object, id, err)
	}
	return s.EnsureLink(ctx, id, object)
}

// FindLink looks a link up by the token of a request. Errors: plugin.ErrNotFound.
func (s *Store) FindLink(ctx context.Context, object Object, token string) (Link, error) {
	const q = `SELECT connection_id FROM keybridge.webhook
		WHERE token_hmac = ANY($1) AND object = $2 AND (retires_at IS NULL OR retires_at > $3)`
	var id string
	err := s.db.GetContext(ctx, &id, q, pq.ByteaArray(s.box.Digests(token)), object, s.clock.Now())
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, fmt.Errorf("%s link: %w", object, plugin.ErrNotFound)
	}
	if err != nil {
		return Link{}, fmt.Errorf("%s link: %w", object, err)
	}
	return Link{Connection: plugin.ConnectionID(id), Object: object, Token: token}, nil
}

func linkPurpose(id plugin.ConnectionID, o Object) string {
	return "link " + string(id) + " " + string(o)
}
