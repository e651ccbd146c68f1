package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/statedoc"
)

// drawing is the heading of the states of runs in docs/states.md.
const drawing = "A synchronisation"

// keepToDrawing has the database refuse changes of a run's state that docs/states.md does not draw, so that every test
// of runs holds the drawing equal to the code.
func keepToDrawing(db *sqlx.DB) error {
	arrows, err := statedoc.Load(drawing)
	if err != nil {
		return err
	}
	var drawn []string
	for _, a := range arrows {
		drawn = append(drawn, "'"+a.From+" "+a.To+"'")
	}
	_, err = db.Exec(fmt.Sprintf(`CREATE FUNCTION keybridge.run_as_drawn() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.state <> OLD.state AND OLD.state || ' ' || NEW.state <> ALL (ARRAY[%s]) THEN
				RAISE EXCEPTION 'docs/states.md draws no run that goes from %% to %%', OLD.state, NEW.state;
			END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER run_as_drawn BEFORE UPDATE OF state ON keybridge.run FOR EACH ROW EXECUTE FUNCTION keybridge.run_as_drawn()`,
		strings.Join(drawn, ", ")))
	return err
}

func TestARunThatLeavesTheDrawingIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.NewMigrated(t, "catalog", migrate)
	for _, q := range []string{
		`INSERT INTO keybridge.connection (id, shop_id, crm, position, name, key_hint, account, settings, created_at, updated_at)
			VALUES ('c1', 's1', 'keycrm', 1, '', '', '', '{}', now(), now())`,
		`INSERT INTO keybridge.run (connection_id, shop_id, kind, state, phase, settings, settings_version, started_by, created_at, next_at)
			VALUES ('c1', 's1', 'full', 'done', 'tidy', '{}', 1, 'cli', now(), now())`,
	} {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE keybridge.run SET state = 'running'`); err == nil {
		t.Error("a run that is over may begin anew")
	}
}

// TestEveryStateOfARunIsDrawn, and only states are.
func TestEveryStateOfARunIsDrawn(t *testing.T) {
	t.Parallel()
	drawn, states := statedoc.States(t, drawing), statedoc.Constants(t, "..", "State")
	if !slices.Equal(drawn, states) {
		t.Errorf("docs/states.md draws %v, the code has %v", drawn, states)
	}
}
