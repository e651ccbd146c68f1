package lease_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/jobs"
	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// rig is a table of jobs in a real Postgres.
type rig struct {
	t     *testing.T
	db    *sqlx.DB
	table lease.Table
}

type job struct {
	lease.Row
	State string `db:"state"`
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, db: pgtest.New(t), table: lease.Table{Name: "job"}}
	r.exec(`CREATE TABLE job (id bigint PRIMARY KEY, next_at timestamptz, queued_until timestamptz, seq bigint NOT NULL DEFAULT 0,
		lease_until timestamptz, fence bigint NOT NULL DEFAULT 0, state text NOT NULL DEFAULT 'new', started_at timestamptz)`)
	return r
}

func (r *rig) exec(q string, args ...any) {
	r.t.Helper()
	if _, err := r.db.ExecContext(r.t.Context(), q, args...); err != nil {
		r.t.Fatal(err)
	}
}

// add makes a job that is due at a second.
func (r *rig) add(id int64, due int) {
	r.t.Helper()
	r.exec(`INSERT INTO job (id, next_at) VALUES ($1, $2)`, id, at(due))
}

// state reads a column of a job.
func (r *rig) column(id int64, column string) string {
	r.t.Helper()
	var v string
	if err := r.db.GetContext(r.t.Context(), &v, `SELECT coalesce(`+column+`::text, 'null') FROM job WHERE id = $1`, id); err != nil {
		r.t.Fatal(err)
	}
	return v
}

func (r *rig) due(now, until, limit int) []int64 {
	r.t.Helper()
	rows, err := r.table.Due(r.t.Context(), r.db, at(now), at(until), limit)
	if err != nil {
		r.t.Fatal(err)
	}
	return ids(rows)
}

func (r *rig) claim(id int64, now, until int) (job, bool) {
	r.t.Helper()
	var j job
	ok, err := r.table.Claim(r.t.Context(), r.db, &j, "id, fence, state", id, at(now), at(until))
	if err != nil {
		r.t.Fatal(err)
	}
	return j, ok
}

func (r *rig) mustClaim(id int64, now, until int) job {
	r.t.Helper()
	j, ok := r.claim(id, now, until)
	if !ok {
		r.t.Fatalf("claim of row %d at %d s: nothing to do", id, now)
	}
	return j
}

// at is a moment, in seconds.
func at(seconds int) time.Time { return time.Unix(int64(seconds), 0).UTC() }

func ids(rows []jobs.DueRow) (list []int64) {
	for _, row := range rows {
		list = append(list, row.ID)
	}
	return list
}

func TestDueRowsAreHandedOverInTheirOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add(1, 30)
	r.add(2, 10)
	r.add(3, 10)
	r.add(4, 99)                              // not yet
	r.exec(`INSERT INTO job (id) VALUES (5)`) // never
	r.add(6, 5)                               // a worker has it
	r.mustClaim(6, 40, 60)
	for _, tt := range []struct {
		name       string
		now, limit int
		want       []int64
	}{
		{"the longest due first, no more than asked for", 40, 2, []int64{2, 3}},
		{"those are left to the queue, and the next come", 40, 9, []int64{1}},
		{"until it has had its time", 49, 9, nil},
		{"then they are handed over again", 50, 9, []int64{1, 2, 3}},
		{"and so is what a worker has let run out", 60, 9, []int64{1, 2, 3, 6}},
	} { // one after the other
		got := r.due(tt.now, tt.now+10, tt.limit)
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: Due at %d s = %v, want %v", tt.name, tt.now, got, tt.want)
		}
	}
	if seq := r.column(2, "seq"); seq != "3" {
		t.Errorf("seq after three hand-overs = %s", seq)
	}
}

func TestReadyAndTurnChooseRows(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.table.Ready, r.table.Turn = `state = 'new' AND next_at <= $1`, `NOT EXISTS (SELECT 1 FROM job o WHERE o.state = 'running' AND o.id <> r.id)`
	r.table.OnClaim = `state = 'running', started_at = coalesce(started_at, $1)`
	r.add(1, 10)
	r.add(2, 10)
	if got := r.due(10, 20, 1); !slices.Equal(got, []int64{1}) {
		t.Errorf("Due = %v, want 1", got)
	}
	if j := r.mustClaim(1, 10, 20); j.State != "running" || r.column(1, "extract(epoch FROM started_at)::int") != "10" {
		t.Errorf("claimed %+v, started %s", j, r.column(1, "started_at"))
	}
	if got := r.due(30, 40, 9); got != nil {
		t.Errorf("Due while another runs = %v, want none", got)
	}
	if _, ok := r.claim(1, 30, 40); ok {
		t.Error("a row was claimed that is not ready any more")
	}
	if _, ok := r.claim(2, 30, 40); !ok {
		t.Error("a row that was handed over before it was another's turn could not be claimed")
	}
}

func TestOneOfManyWorkersClaimsARow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add(1, 0)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var j job
			ok, err := r.table.Claim(t.Context(), r.db, &j, "id, fence, state", 1, at(10), at(20))
			if err != nil {
				t.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if n := won.Load(); n != 1 {
		t.Errorf("%d workers claimed one row", n)
	}
}

func TestAClaimEndsWithItsLease(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add(1, 10)
	for _, tt := range []struct {
		name string
		now  int
		want bool
	}{
		{"before it is due", 9, false},
		{"when it is due", 10, true},
		{"while the lease lasts", 19, false},
		{"when it is over", 20, true},
	} {
		if _, ok := r.claim(1, tt.now, tt.now+10); ok != tt.want {
			t.Errorf("%s: Claim at %d s = %v, want %v", tt.name, tt.now, ok, tt.want)
		}
	}
}

// TestWhoLostTheLeaseWritesNothing, whatever it tries.
func TestWhoLostTheLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(context.Context, *rig, lease.Row) error{
		"Keep": func(ctx context.Context, r *rig, row lease.Row) error {
			return r.table.Keep(ctx, r.db, row, at(90), `state = $4`, "kept")
		},
		"Release": func(ctx context.Context, r *rig, row lease.Row) error {
			return r.table.Release(ctx, r.db, row, `state = $4, next_at = NULL`, "released")
		},
		"Check": func(ctx context.Context, r *rig, row lease.Row) error { return r.table.Check(ctx, r.db, row) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.add(1, 0)
			old := r.mustClaim(1, 10, 20)
			if err := write(t.Context(), r, old.Row); err != nil {
				t.Fatalf("under the lease: %v", err)
			}
			r.exec(`UPDATE job SET lease_until = $1, next_at = $1, state = 'new'`, at(20))
			r.mustClaim(1, 20, 30)
			if err := write(t.Context(), r, old.Row); !errors.Is(err, lease.ErrLost) {
				t.Errorf("after another claim: %v, want %v", err, lease.ErrLost)
			}
			if r.column(1, "state") != "new" || r.column(1, "extract(epoch FROM lease_until)::int") != "30" {
				t.Errorf("the row was written: state %s, lease until %s", r.column(1, "state"), r.column(1, "lease_until"))
			}
			if err := write(t.Context(), r, lease.Row{ID: 7}); !errors.Is(err, lease.ErrLost) {
				t.Errorf("of a row that is gone: %v, want %v", err, lease.ErrLost)
			}
		})
	}
}

func TestWhatIsOverIsNotWrittenEither(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.table.Held = `state = 'running'`
	r.table.OnClaim = `state = 'running'`
	r.add(1, 0)
	row := r.mustClaim(1, 10, 20).Row
	if err := r.table.Keep(t.Context(), r.db, row, at(40), ""); err != nil {
		t.Errorf("Keep = %v", err)
	}
	if _, ok := r.claim(1, 39, 50); ok {
		t.Error("claimed before the renewed lease was over")
	}
	r.exec(`UPDATE job SET state = 'cancelled'`)
	for name, err := range map[string]error{
		"Keep":    r.table.Keep(t.Context(), r.db, row, at(90), ""),
		"Release": r.table.Release(t.Context(), r.db, row, ""),
		"Check":   r.table.Check(t.Context(), r.db, row),
	} {
		if !errors.Is(err, lease.ErrLost) {
			t.Errorf("%s of a cancelled row = %v, want %v", name, err, lease.ErrLost)
		}
	}
}

func TestReleasedRowsAreHandedOverAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add(1, 0)
	r.due(10, 40, 9)
	if err := r.table.Release(t.Context(), r.db, r.mustClaim(1, 10, 40).Row, `next_at = $4`, at(12)); err != nil {
		t.Fatal(err)
	}
	if got := r.due(11, 50, 9); got != nil {
		t.Errorf("Due before its time = %v", got)
	}
	if got := r.due(12, 50, 9); !slices.Equal(got, []int64{1}) {
		t.Errorf("Due = %v, want the row, although queue and lease had until 40 s", got)
	}
}

// TestACheckedRowIsNotClaimedWithinTheTransaction: what is written elsewhere is written before the next worker looks.
func TestACheckedRowIsNotClaimedWithinTheTransaction(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add(1, 0)
	row := r.mustClaim(1, 10, 20).Row
	tx, err := r.db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := r.table.Check(t.Context(), tx, row); err != nil {
		t.Fatal(err)
	}
	impatient, err := r.db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = impatient.Rollback() }()
	if _, err := impatient.ExecContext(t.Context(), `SET LOCAL lock_timeout = '50ms'`); err != nil {
		t.Fatal(err)
	}
	var j job
	if ok, err := r.table.Claim(t.Context(), impatient, &j, "id, fence, state", 1, at(30), at(40)); err == nil {
		t.Errorf("Claim = %v while the row is checked, want it to wait", ok)
	}
}
