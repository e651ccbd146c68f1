package hooks

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/statedoc"
	"github.com/keybridge/keybridge/migrations"
)

// life is a row of the inbox in a real Postgres, and how it has changed.
type life struct {
	t      *testing.T
	s      store
	now    time.Time
	arrows []statedoc.Arrow
	last   string
}

// drawing is the heading of the states of rows in docs/states.md.
const drawing = "What a webhook told us to look at"

// state is what the row's columns say.
func (l *life) state() string {
	l.t.Helper()
	const q = `SELECT CASE WHEN lease_until > $1 THEN 'leased' WHEN next_at IS NULL THEN 'handled' WHEN next_at <= $1 THEN 'due' ELSE 'waiting' END
		FROM keybridge.inbox`
	var states []string
	if err := l.s.db.SelectContext(l.t.Context(), &states, q, l.now); err != nil {
		l.t.Fatal(err)
	}
	if len(states) == 0 {
		if l.last == "" {
			return statedoc.Start
		}
		return statedoc.End
	}
	return states[0]
}

// do does something, and looks at what has become of the row.
func (l *life) do(f func(ctx context.Context) error) {
	l.t.Helper()
	before := l.last
	if before == "" || before == statedoc.End {
		before = statedoc.Start
	}
	if err := f(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	l.last = l.state()
	l.arrows = append(l.arrows, statedoc.Arrow{From: before, To: l.last})
}

func (l *life) hook(ctx context.Context) error {
	return l.s.receive(ctx, "c1", settings.ObjectOrder, hint{ID: "7", Event: "x"}, l.now)
}

func (l *life) look(ctx context.Context) error {
	return l.s.look(ctx, "c1", settings.ObjectOrder, "7", l.now)
}

// pass lets time go by.
func (l *life) pass(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		l.now = l.now.Add(d)
		return nil
	}
}

// claim takes the row.
func (l *life) claim() *message {
	l.t.Helper()
	var m *message
	l.do(func(ctx context.Context) (err error) {
		rows, err := objects().Due(ctx, l.s.db, l.now, l.now, 9)
		if err != nil || len(rows) != 1 {
			l.t.Fatalf("due are %v, %v", rows, err)
		}
		m, err = l.s.claim(ctx, rows[0].ID, l.now, l.now.Add(time.Minute))
		return err
	})
	return m
}

func (l *life) finish(m *message, o Outcome) {
	l.t.Helper()
	l.do(func(ctx context.Context) error {
		r := result{event: event{Connection: m.Connection, Object: m.Object, ObjectID: m.ObjectID, At: l.now, Outcome: o}}
		if !o.final() {
			r.retry = time.Minute
		}
		return l.s.finish(ctx, m, r)
	})
}

// TestTheStatesOfAnObjectAreAsDrawn takes a row through everything that can happen to it.
func TestTheStatesOfAnObjectAreAsDrawn(t *testing.T) {
	t.Parallel()
	db := pgtest.NewMigrated(t, "keybridge", func(db *sqlx.DB) error { return migrations.Apply(context.Background(), db) })
	l := &life{t: t, s: store{db: db}, now: time.Unix(1_000_000, 0).UTC()}
	const conn = `INSERT INTO keybridge.connection (id, shop_id, crm, position, name, key_hint, account, settings, created_at, updated_at)
		VALUES ('c1', 's1', 'keycrm', 1, '', '', '', '{}', now(), now())`
	if _, err := db.ExecContext(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	l.do(l.hook)
	l.do(l.look)
	for _, row := range statedoc.Rows(t, drawing) {
		l.finish(l.claim(), Outcome(row[0]))
		if l.last != row[1] {
			t.Errorf("after %s the row is %s, docs/states.md says %s", row[0], l.last, row[1])
		}
		l.do(l.hook) // it waits on, or is due again
		l.do(l.pass(time.Minute))
	}
	m := l.claim()
	l.do(l.hook) // while it is read
	l.finish(m, Applied)
	m = l.claim()
	l.do(l.look) // likewise
	l.finish(m, Applied)
	l.claim()
	l.do(l.pass(time.Minute)) // the worker died
	l.finish(l.claim(), Applied)
	l.do(func(ctx context.Context) error { return l.s.purge(ctx, l.now.Add(time.Second)) })
	l.do(l.look)
	statedoc.Want(t, drawing, l.arrows)
}

// TestEveryOutcomeIsListed: but for the one that no row has.
func TestEveryOutcomeIsListed(t *testing.T) {
	t.Parallel()
	var listed []Outcome
	for _, row := range statedoc.Rows(t, drawing) {
		listed = append(listed, Outcome(row[0]))
	}
	want := slices.DeleteFunc(Outcomes(), func(o Outcome) bool { return o == Unreadable })
	if !slices.Equal(listed, want) {
		t.Errorf("docs/states.md lists %v, want %v", listed, want)
	}
}
