package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Request is what a run is asked for with.
type Request struct {
	Kind             catalog.Kind
	Preview, Rematch bool
	By               string
}

type runRow struct {
	ID           int64        `db:"id"`
	ConnectionID string       `db:"connection_id"`
	ShopID       string       `db:"shop_id"`
	Kind         string       `db:"kind"`
	State        string       `db:"state"`
	Phase        string       `db:"phase"`
	Cursor       string       `db:"cursor"`
	Done         int64        `db:"phase_done"`
	Total        int64        `db:"phase_total"`
	Settings     []byte       `db:"settings"`
	Counters     []byte       `db:"counters"`
	StartedBy    string       `db:"started_by"`
	Code         string       `db:"error_code"`
	Params       []byte       `db:"error_params"`
	CreatedAt    time.Time    `db:"created_at"`
	StartedAt    sql.NullTime `db:"started_at"`
	FinishedAt   sql.NullTime `db:"finished_at"`
	Attempts     int          `db:"attempts"`
	NextAt       time.Time    `db:"next_at"`
	Fence        int64        `db:"fence"`
	Guards       []byte       `db:"guards"`
	Preview      bool         `db:"preview"`
	ApprovedBy   string       `db:"approved_by"`
	ApprovedAt   sql.NullTime `db:"approved_at"`
	Rematch      bool         `db:"rematch"`
	Layout       int          `db:"layout"`
}

const runColumns = `id, connection_id, shop_id, kind, state, phase, cursor, phase_done, phase_total, settings,
	counters, started_by, error_code, error_params, created_at, started_at, finished_at, attempts, next_at, fence,
	guards, preview, approved_by, approved_at, rematch, layout`

func (r runRow) run() (catalog.Run, error) {
	out := catalog.Run{
		ID: r.ID, Connection: plugin.ConnectionID(r.ConnectionID), Shop: plugin.ShopID(r.ShopID),
		Kind: catalog.Kind(r.Kind), State: catalog.State(r.State), Phase: catalog.Phase(r.Phase), Done: r.Done, Total: r.Total,
		StartedBy: r.StartedBy, Code: catalog.Code(r.Code), CreatedAt: r.CreatedAt.UTC(),
		StartedAt: utc(r.StartedAt), FinishedAt: utc(r.FinishedAt), NextAt: r.NextAt.UTC(),
		Preview: r.Preview, Rematch: r.Rematch, ApprovedBy: r.ApprovedBy, ApprovedAt: utc(r.ApprovedAt),
		Cursor: r.Cursor, Attempts: r.Attempts, Fence: r.Fence, Layout: r.Layout,
	}
	for _, part := range []struct {
		raw []byte
		to  any
	}{{r.Settings, &out.Settings}, {r.Counters, &out.Counters}, {r.Params, &out.Params}, {r.Guards, &out.Guards}} {
		if err := json.Unmarshal(part.raw, part.to); err != nil {
			return catalog.Run{}, fmt.Errorf("run %d: %w", r.ID, err)
		}
	}
	return out, nil
}

func utc(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	at := t.Time.UTC()
	return &at
}

// Start inserts a run; started is false when another is in its way, whose id it then answers. A price
// run that waits for a person gives way, see ReplacePrices.
func (s *Runs) Start(ctx context.Context, c settings.Connection, ask Request, now time.Time) (id int64, started bool, err error) {
	const insert = `
		INSERT INTO keybridge.run (connection_id, shop_id, kind, state, phase, settings, settings_version,
			started_by, created_at, next_at, preview, rematch, layout)
		VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, $8, $9, $10, $11)
		ON CONFLICT DO NOTHING
		RETURNING id`
	// A run at work is in the way of every other, a full one that is not over in that of a full one.
	const inTheWay = `SELECT id FROM keybridge.run
		WHERE connection_id = $1 AND (state IN ('running', 'waiting') OR state = 'queued' AND approved_at IS NULL
			OR $2 = 'full' AND kind = 'full' AND state IN ('queued', 'approval'))
		ORDER BY id DESC LIMIT 1`
	// What is in the way may be gone between the two statements: then the insert is tried again.
	for range 3 {
		err = s.InTx(ctx, func(tx *sqlx.Tx) error {
			err := tx.GetContext(ctx, &id, insert, c.ID, c.Shop, ask.Kind, catalog.FirstPhase(ask.Kind), plan.JSON(c.Settings.Catalog), c.Version,
				ask.By, now, ask.Preview, ask.Rematch, catalog.Layout)
			if err != nil {
				return err
			}
			return s.ReplacePrices(ctx, tx, []int64{id}, ask.Preview, now)
		})
		if err == nil {
			return id, true, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return 0, false, fmt.Errorf("start run of %s: %w", c.ID, err)
		}
		err = s.db.GetContext(ctx, &id, inTheWay, c.ID, ask.Kind)
		if !errors.Is(err, sql.ErrNoRows) {
			break
		}
	}
	if err != nil {
		return 0, false, fmt.Errorf("start run of %s: %w", c.ID, err)
	}
	return id, false, nil
}

// ReplacePrices ends price runs that wait for a person once another run of their connection was started:
// it reads what they have read anew. A preview takes the place of previews alone. Schedules need not be
// woken, the end of the other run does that.
func (s *Runs) ReplacePrices(ctx context.Context, tx *sqlx.Tx, started []int64, preview bool, now time.Time) error {
	const q = `UPDATE keybridge.run r
		SET state = 'cancelled', fence = r.fence + 1, lease_until = NULL, finished_at = $2, error_code = $3
		FROM keybridge.run s
		WHERE s.id = ANY($1) AND r.connection_id = s.connection_id AND r.id <> s.id
			AND r.kind = 'prices' AND r.state = 'approval' AND (r.preview OR NOT $4::boolean)`
	if _, err := tx.ExecContext(ctx, q, pq.Array(started), now, catalog.CodeReplaced, preview); err != nil {
		return fmt.Errorf("replace price runs: %w", err)
	}
	return nil
}

// lockReplaced takes the rows that ReplacePrices would write, for a transaction that comes to that later.
func (s *Runs) lockReplaced(ctx context.Context, tx *sqlx.Tx, started []int64) error {
	const q = `SELECT r.id FROM keybridge.run r JOIN keybridge.run s ON s.connection_id = r.connection_id
		WHERE s.id = ANY($1) AND r.kind = 'prices' AND r.state = 'approval' ORDER BY r.id FOR UPDATE OF r`
	if _, err := tx.ExecContext(ctx, q, pq.Array(started)); err != nil {
		return fmt.Errorf("replace price runs: %w", err)
	}
	return nil
}

// Run reads one run. Errors: plugin.ErrNotFound.
func (s *Runs) Run(ctx context.Context, id int64) (catalog.Run, error) {
	var row runRow
	err := s.db.GetContext(ctx, &row, `SELECT `+runColumns+` FROM keybridge.run WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return catalog.Run{}, fmt.Errorf("run %d: %w", id, plugin.ErrNotFound)
	}
	if err != nil {
		return catalog.Run{}, fmt.Errorf("run %d: %w", id, err)
	}
	return row.run()
}

// Runs answers the latest of a connection, newest first; one that is not over is among them however old it is.
func (s *Runs) Runs(ctx context.Context, conn plugin.ConnectionID, limit int) ([]catalog.Run, error) {
	var rows []runRow
	const q = `SELECT ` + runColumns + ` FROM keybridge.run
		WHERE connection_id = $1 AND (state IN ('queued', 'running', 'waiting', 'approval')
			OR id IN (SELECT id FROM keybridge.run WHERE connection_id = $1 ORDER BY id DESC LIMIT $2))
		ORDER BY id DESC`
	if err := s.db.SelectContext(ctx, &rows, q, conn, limit); err != nil {
		return nil, fmt.Errorf("runs of %s: %w", conn, err)
	}
	out := make([]catalog.Run, 0, len(rows))
	for _, r := range rows {
		run, err := r.run()
		if err != nil {
			return nil, err
		}
		out = append(out, run)
	}
	return out, nil
}

// Cancel ends a run that is not over; of another it does nothing. It raises the fence, so that whoever works on the run
// cannot write any more.
func (s *Runs) Cancel(ctx context.Context, id int64, now time.Time) error {
	const q = `WITH ended AS (UPDATE keybridge.run
		SET state = 'cancelled', fence = fence + 1, lease_until = NULL, finished_at = $1
		WHERE id = $2 AND state IN ('queued', 'running', 'waiting', 'approval')
		RETURNING connection_id, kind, state)` + wakeSchedules
	if _, err := s.db.ExecContext(ctx, q, now, id); err != nil {
		return fmt.Errorf("cancel run %d: %w", id, err)
	}
	return nil
}

// runRows is the table of runs. One that a person let go on comes once no other run of its connection is at work.
func runRows() lease.Table {
	return lease.Table{
		Name:  "keybridge.run",
		Ready: `state IN ('queued', 'running', 'waiting') AND next_at <= $1`,
		Turn: `NOT (state = 'queued' AND approved_at IS NOT NULL AND EXISTS (
			SELECT 1 FROM keybridge.run o WHERE o.connection_id = r.connection_id
				AND (o.state IN ('running', 'waiting') OR o.state = 'queued' AND o.approved_at IS NULL)))`,
		OnClaim: `state = 'running', started_at = coalesce(started_at, $1), layout_fence = fence + 1,
			layout = CASE WHEN fence > 0 AND layout_fence <> fence THEN 1 ELSE layout END`,
		Held: `state = 'running'`,
	}
}

func leased(run catalog.Run) lease.Row { return lease.Row{ID: run.ID, Fence: run.Fence} }

// Due hands over runs whose time has come, and leaves them to the queue until then.
func (s *Runs) Due(ctx context.Context, now, until time.Time, limit int) ([]jobs.Task, error) {
	rows, err := runRows().Due(ctx, s.db, now, until, limit)
	return jobs.Tasks(catalog.TaskKind, jobs.Background, rows), err
}

// Claim takes the lease of a due run; false when there is nothing to do here, or another run of the
// connection is at work, as an index tells.
func (s *Runs) Claim(ctx context.Context, id int64, now, until time.Time) (catalog.Run, bool, error) {
	var row runRow
	ok, err := runRows().Claim(ctx, s.db, &row, runColumns, id, now, until)
	if isTaken(err) {
		return catalog.Run{}, false, nil
	}
	if err != nil || !ok {
		return catalog.Run{}, false, err
	}
	run, err := row.run()
	return run, err == nil, err
}

// Renew keeps the lease. Errors: lease.ErrLost.
func (s *Runs) Renew(ctx context.Context, run catalog.Run, until time.Time) error {
	return runRows().Keep(ctx, s.db, leased(run), until, "")
}

// Checkpoint stores where the run stands; it is the last statement of a step's transaction. The lease is released when
// the run stops for approval. The row must say what was stored last: a database that crashed may have forgotten the
// last steps, and then this one does not follow.
// Errors: lease.ErrLost, and then the whole step is rolled back.
func (s *Runs) Checkpoint(ctx context.Context, tx *sqlx.Tx, was, run catalog.Run, until time.Time) error {
	rows := runRows()
	rows.Held += ` AND phase = $4 AND cursor = $5 AND phase_done = $6`
	const set = `phase = $7, cursor = $8, phase_done = $9, phase_total = $10, counters = $11, guards = $12, state = $13,
		attempts = 0, error_code = '', error_params = '{}'`
	args := []any{
		was.Phase, was.Cursor, was.Done, run.Phase, run.Cursor, run.Done, run.Total, plan.JSON(run.Counters),
		plan.JSON(sliceutil.OrEmpty(run.Guards)), run.State,
	}
	if run.State == catalog.Approval {
		return rows.Release(ctx, tx, leased(run), set, args...)
	}
	return rows.Keep(ctx, tx, leased(run), until, set, args...)
}

// Release releases the lease: the run goes on at next. Errors: lease.ErrLost.
func (s *Runs) Release(ctx context.Context, run catalog.Run, next time.Time) error {
	return runRows().Release(ctx, s.db, leased(run), `next_at = $4`, next)
}

// Retry releases the lease of a run that failed and is tried again at next. Errors: lease.ErrLost.
func (s *Runs) Retry(ctx context.Context, run catalog.Run, next time.Time, why Outcome) error {
	const set = `state = 'waiting', next_at = $4, attempts = attempts + 1, error_code = $5, error_params = $6`
	return runRows().Release(ctx, s.db, leased(run), set, next, why.Code, plan.JSON(why.Params))
}

// Finish ends a run for good, and wakes the schedules that waited for that. Errors: lease.ErrLost.
func (s *Runs) Finish(ctx context.Context, db sqlx.ExecerContext, run catalog.Run, state catalog.State, why Outcome, now time.Time) error {
	const q = `WITH ended AS (UPDATE keybridge.run
		SET state = $4, lease_until = NULL, queued_until = NULL, finished_at = $1, error_code = $5,
			error_params = $6, counters = $7
		WHERE id = $2 AND fence = $3 AND state = 'running'
		RETURNING connection_id, kind, state)` + wakeSchedules
	return s.fenced(ctx, db, run.ID, q, now, run.ID, run.Fence, state, why.Code, plan.JSON(why.Params), plan.JSON(run.Counters))
}

func (s *Runs) fenced(ctx context.Context, db sqlx.ExecerContext, id int64, q string, args ...any) error {
	res, err := db.ExecContext(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("run %d: %w", id, err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return fmt.Errorf("run %d: %w", id, lease.ErrLost)
	}
	return nil
}

// Changes lists what a run wrote, from behind a change.
func (s *Runs) Changes(ctx context.Context, run, after int64, limit int) ([]catalog.Change, error) {
	out, err := s.selectChanges(ctx, `SELECT id, crm_id, product_id, variant_id, name, field, old, new, overwrote, at
		FROM keybridge.run_change WHERE run_id = $1 AND id > $2 ORDER BY id LIMIT $3`, run, after, limit)
	if err != nil {
		return nil, fmt.Errorf("changes of run %d: %w", run, err)
	}
	return out, nil
}

// Items lists what a run left alone, of one kind or (empty) of all, from behind an item.
func (s *Runs) Items(ctx context.Context, run int64, kind catalog.ItemKind, after int64, limit int) ([]catalog.Item, error) {
	const q = `SELECT id, kind, crm_id, product_id, name, reason, params, at
		FROM keybridge.run_item WHERE run_id = $1 AND id > $2 AND $4 IN ('', kind) ORDER BY id LIMIT $3`
	var rows []struct {
		ID      int64     `db:"id"`
		Kind    string    `db:"kind"`
		CRMID   string    `db:"crm_id"`
		Product string    `db:"product_id"`
		Name    string    `db:"name"`
		Reason  string    `db:"reason"`
		Params  []byte    `db:"params"`
		At      time.Time `db:"at"`
	}
	if err := s.db.SelectContext(ctx, &rows, q, run, after, limit, kind); err != nil {
		return nil, fmt.Errorf("items of run %d: %w", run, err)
	}
	out := make([]catalog.Item, len(rows))
	for i, r := range rows {
		out[i] = catalog.Item{
			ID: r.ID, Kind: catalog.ItemKind(r.Kind), CRMID: r.CRMID, Product: plugin.ProductID(r.Product), Name: r.Name,
			Reason: catalog.Reason(r.Reason), At: r.At.UTC(),
		}
		if err := json.Unmarshal(r.Params, &out[i].Params); err != nil {
			return nil, fmt.Errorf("items of run %d: %w", run, err)
		}
	}
	return out, nil
}

// CountItems counts what a run left alone, by kind.
func (s *Runs) CountItems(ctx context.Context, run int64) (map[catalog.ItemKind]int, error) {
	var rows []struct {
		Kind  catalog.ItemKind `db:"kind"`
		Count int              `db:"count"`
	}
	const q = `SELECT kind, count(*) FROM keybridge.run_item WHERE run_id = $1 GROUP BY kind`
	if err := s.db.SelectContext(ctx, &rows, q, run); err != nil {
		return nil, fmt.Errorf("count items of run %d: %w", run, err)
	}
	out := make(map[catalog.ItemKind]int, len(rows))
	for _, r := range rows {
		out[r.Kind] = r.Count
	}
	return out, nil
}

// AddItems lists what was left alone.
func (s *Runs) AddItems(ctx context.Context, tx *sqlx.Tx, run int64, items []catalog.Item, now time.Time) error {
	if len(items) == 0 {
		return nil
	}
	var kinds, crms, products, names, reasons, params []string
	for _, it := range items {
		kinds, crms, products = append(kinds, string(it.Kind)), append(crms, it.CRMID), append(products, string(it.Product))
		names, reasons, params = append(names, it.Name), append(reasons, string(it.Reason)), append(params, string(plan.JSON(it.Params)))
	}
	const q = `INSERT INTO keybridge.run_item (run_id, kind, crm_id, product_id, name, reason, params, at)
		SELECT $1, kind, crm_id, product_id, name, reason, params::jsonb, $2
		FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
			AS t (kind, crm_id, product_id, name, reason, params)`
	_, err := tx.ExecContext(ctx, q, run, now, pq.Array(kinds), pq.Array(crms), pq.Array(products), pq.Array(names),
		pq.Array(reasons), pq.Array(params))
	if err != nil {
		return fmt.Errorf("list items of run %d: %w", run, err)
	}
	return nil
}

// TextsBefore answers those of some texts of the shop that the run has listed already.
func (s *Runs) TextsBefore(ctx context.Context, tx *sqlx.Tx, run int64, texts []string) (map[string]bool, error) {
	const q = `SELECT DISTINCT params->>'message' FROM keybridge.run_item WHERE run_id = $1 AND params->>'message' = ANY($2)`
	var found []string
	if err := tx.SelectContext(ctx, &found, q, run, pq.Array(texts)); err != nil {
		return nil, fmt.Errorf("items of run %d: %w", run, err)
	}
	return sliceutil.Set(found), nil
}

// AddChanges lists what was written.
func (s *Runs) AddChanges(ctx context.Context, tx *sqlx.Tx, run int64, changes []catalog.Change, now time.Time) error {
	if len(changes) == 0 {
		return nil
	}
	const q = `COPY keybridge.run_change (run_id, crm_id, product_id, variant_id, name, field, old, new, overwrote, at) FROM STDIN`
	err := copyIn(ctx, tx, q, changes, func(c catalog.Change) []any {
		return []any{run, c.CRMID, string(c.Product), string(c.Variant), c.Name, string(c.Field), c.Old, c.New, c.Overwrote, now}
	})
	if err != nil {
		return fmt.Errorf("list changes of run %d: %w", run, err)
	}
	return nil
}
