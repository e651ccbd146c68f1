package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
)

// saveSettings is «ЗБЕРЕГТИ».
func (a *Admin) saveSettings(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	shop, err := readShop(ctx, v.shop)
	if err != nil {
		return err
	}
	l := a.listsOf(ctx, v.conn.ID)
	set, problems := readForm(r.PostForm, v.conn.Settings, func(o settings.Orders) []mapping { return mappings(o, l, shop) })
	version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err != nil {
		version = -1 // no form of ours: nothing was saved from it
	}
	saved, problems, err := a.save(ctx, v, saving{
		set: set, version: version, override: r.PostFormValue("override") == "on", lists: l, shop: shop, problems: problems,
	})
	switch {
	case errors.Is(err, settings.ErrStale):
		// The page is shown with what was typed and from the version that is stored now: saving again
		// is then done knowingly.
		if v.conn, err = a.Settings.Get(ctx, v.conn.ID); err != nil {
			return err
		}
		return a.renderConnection(w, r, v, http.StatusConflict, attempt{set: &set, stale: true})
	case err != nil:
		return err
	case len(problems) > 0:
		return a.renderConnection(w, r, v, http.StatusUnprocessableEntity, attempt{set: &set, problems: problems})
	}
	done := "saved"
	if !saved.Running() {
		done = "saved_not_ready"
	}
	return redirect(w, r, a.links(v.conn.ID).Connection, done, "")
}

// saving is what is to be saved, with what it is judged by.
type saving struct {
	set     settings.Settings
	version int64
	// override starts schedules and export although readiness does not pass.
	override bool
	lists    *lists
	shop     *shopLists
	// problems that reading the form found.
	problems []problem
}

// save checks and stores. Problems mean that nothing was stored.
// Errors: settings.ErrStale.
func (a *Admin) save(ctx context.Context, v *visit, s saving) (settings.Connection, []problem, error) {
	siblings, err := a.siblings(ctx, v.conn)
	if err != nil {
		return settings.Connection{}, nil, err
	}
	c := checker{stored: v.conn.Settings, lists: s.lists, shop: s.shop, siblings: siblings, say: v.name, problems: s.problems}
	if problems := c.check(s.set); len(problems) > 0 {
		return settings.Connection{}, problems, nil
	}
	start := v.conn.Enabled && (s.override || ready(a.judge(v, s.set, s.lists, s.shop, a.Health(ctx), nil)))
	saved, err := a.Settings.Save(ctx, v.conn.ID, s.version, s.set, start, v.op)
	if err != nil {
		return settings.Connection{}, nil, err
	}
	a.reschedule(ctx, v)
	return saved, nil, a.startFirst(ctx, v, saved)
}

// startFirst starts the first synchronisation with the save that makes a connection run, so that the
// merchant sees something come.
func (a *Admin) startFirst(ctx context.Context, v *visit, saved settings.Connection) error {
	if v.conn.Running() || !saved.Running() {
		return nil
	}
	_, err := a.Runs.Start(ctx, saved.ID, catalog.Full, v.op.ID)
	if errors.Is(err, catalog.ErrOff) || errors.Is(err, catalog.ErrRunning) {
		return nil // the catalog is not wanted, or comes already
	}
	return err
}

func (a *Admin) siblings(ctx context.Context, conn settings.Connection) ([]settings.Connection, error) {
	all, err := a.Settings.List(ctx, conn.Shop)
	if err != nil {
		return nil, err
	}
	var out []settings.Connection
	for _, c := range all {
		if c.ID != conn.ID {
			out = append(out, c)
		}
	}
	return out, nil
}
