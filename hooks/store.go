package hooks

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

type store struct{ db *sqlx.DB }

// placedStatement adds an order to the outbox and cannot raise, whatever is wrong: with our function, with our
// tables or with the ids. A DO block swallows every error, and a query_canceled too, which OTHERS
// leaves out and the engine's statement_timeout would cause.
//
// Ids are the engine's and opaque, so they travel as hex digits and are decoded inside the block: no
// id can end a literal, and one that is no valid text fails where it is caught. There are no
// parameters, so that it is one message and one answer.
func placedStatement(p plugin.Placement) string {
	var b strings.Builder
	b.WriteString(`DO 'BEGIN PERFORM keybridge.order_placed(`)
	for _, s := range []string{string(p.Shop), string(p.Order), string(p.Storefront), p.Domain} {
		fmt.Fprintf(&b, `pg_catalog.convert_from(pg_catalog.decode(''%s'', ''hex''), ''UTF8''), `, hex.EncodeToString([]byte(s)))
	}
	fmt.Fprintf(&b, `''%s''::timestamptz); EXCEPTION WHEN query_canceled OR OTHERS THEN NULL; END'`,
		p.PlacedAt.UTC().Format(time.RFC3339Nano))
	return b.String()
}
