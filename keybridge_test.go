package keybridge_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// rig is the plugin in the reference shop, not attached yet.
type rig struct {
	*keybridge.Keybridge
	engine *demoshop.Engine
	db     *sqlx.DB
	sim    *keycrmtest.Server
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOn(t, localredis.New(t).URL())
}

// newRigOn is newRig with another Redis.
func newRigOn(t *testing.T, redisURL string) *rig {
	t.Helper()
	r := &rig{db: pgtest.New(t), sim: keycrmtest.Start(t, keycrmtest.WithCatalog(5, 5))}
	redis, err := asynq.ParseRedisURI(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	r.engine, err = demoshop.Open(t.Context(), demoshop.Config{
		DB: r.db, Redis: redis, Logger: slog.New(slog.DiscardHandler), PublicURL: &url.URL{Scheme: "https", Host: "shop.example"},
		AdminPassword: "demo", Secrets: plugin.KeyRing{Current: "1", Keys: map[string][]byte{"1": bytes.Repeat([]byte{9}, 32)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Keybridge, err = keybridge.New(r.engine, keybridge.WithCRM(r.sim.BaseURL())); err != nil {
		t.Fatal(err)
	}
	r.engine.Use(r.Keybridge)
	t.Cleanup(func() { _ = r.engine.Close() })
	return r
}

func (r *rig) attach(t *testing.T, role plugin.Role) {
	t.Helper()
	if err := r.Attach(t.Context(), role); err != nil {
		t.Fatalf("Attach: %v", err)
	}
	t.Cleanup(func() {
		if err := r.Detach(t.Context()); err != nil && t.Context().Err() == nil {
			t.Errorf("Detach: %v", err)
		}
	})
}

func TestNewTouchesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var schemas int
	if err := r.db.Get(&schemas, `SELECT count(*) FROM pg_namespace WHERE nspname = 'keybridge'`); err != nil || schemas != 0 {
		t.Errorf("New made %d schemas, %v", schemas, err)
	}
	if n := r.sim.RequestCount(); n != 0 {
		t.Errorf("New sent %d requests", n)
	}
}

func TestManifestSaysWhatTheCodeDoes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	m := r.Manifest()
	var kinds []string
	for _, j := range m.Jobs {
		kinds = append(kinds, j.Kind)
	}
	code := r.JobKinds()
	slices.Sort(kinds)
	slices.Sort(code)
	if !slices.Equal(kinds, code) {
		t.Errorf("plugin.yaml has jobs %v, the code %v", kinds, code)
	}
	known := plugin.AllCapabilities()
	for _, c := range slices.Concat(m.Capabilities.Required, m.Capabilities.Optional) {
		if !slices.Contains(known, c) {
			t.Errorf("plugin.yaml names the capability %q, which the contract does not have", c)
		}
	}
	for _, c := range known {
		if !slices.Contains(m.Capabilities.Optional, c) && !slices.Contains(m.Capabilities.Required, c) {
			t.Errorf("the contract's capability %q is missing in plugin.yaml", c)
		}
	}
	bodies, inbox := keybridge.KeepDays()
	for _, p := range m.PersonalData {
		if want := map[string]int{"outbox_attempt": bodies, "inbox": inbox}[p.Where]; p.RetentionDays != want {
			t.Errorf("plugin.yaml keeps %s for %d days, the code for %d", p.Where, p.RetentionDays, want)
		}
	}
	if !slices.Equal(m.Permissions, []plugin.Permission{plugin.PermView, plugin.PermOperate, plugin.PermConfigure}) {
		t.Errorf("permissions = %v", m.Permissions)
	}
}

func TestSettingsOfTheManifestAreThePagesBlocks(t *testing.T) {
	t.Parallel()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	uk := words.For("uk")
	for _, group := range newRig(t).Manifest().Settings {
		if got := uk.T("block." + group.ID); got != group.Title {
			t.Errorf("plugin.yaml calls the block %s %q, the page %q", group.ID, group.Title, got)
		}
	}
}

// TestWebhooksOfTheManifestAnswer: each path exists (405 to a GET), and a forged token finds nothing.
func TestWebhooksOfTheManifestAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.attach(t, plugin.RoleWeb)
	r.activate(t)
	for _, hook := range r.Manifest().Webhooks {
		path := strings.Replace(hook.Path, "{token}", strings.Repeat("a", 43), 1)
		for method, want := range map[string]int{http.MethodGet: http.StatusMethodNotAllowed, http.MethodPost: http.StatusNotFound} {
			res := httptest.NewRecorder()
			r.WebhookHandler().ServeHTTP(res, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader("{}")))
			if res.Code != want {
				t.Errorf("%s %s = %d, want %d", method, hook.Path, res.Code, want)
			}
		}
	}
}

func (r *rig) activate(t *testing.T) {
	t.Helper()
	for _, step := range []error{r.Install(t.Context(), demoshop.ShopID), r.Activate(t.Context(), demoshop.ShopID)} {
		if step != nil {
			t.Fatal(step)
		}
	}
}

func TestLifeCycleCanBeRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.attach(t, plugin.RoleAll)
	ctx := t.Context()
	if err := r.Activate(ctx, demoshop.ShopID); !errors.Is(err, plugin.ErrRefused) {
		t.Errorf("Activate before Install: %v, want ErrRefused", err)
	}
	if err := r.Install(ctx, "no-such-shop"); !errors.Is(err, plugin.ErrNotFound) {
		t.Errorf("Install for a shop that is not there: %v, want ErrNotFound", err)
	}
	for range 2 {
		r.activate(t)
	}
	if !r.Active(demoshop.ShopID) {
		t.Error("an activated shop is not active")
	}
	for range 2 {
		if err := r.Deactivate(ctx, demoshop.ShopID); err != nil {
			t.Fatal(err)
		}
	}
	if r.Active(demoshop.ShopID) {
		t.Error("a deactivated shop is active")
	}
	for range 2 {
		if err := r.Uninstall(ctx, demoshop.ShopID, plugin.DropData); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUninstallDropsSecretsAndAllDataWhenTold fills every table of ours that can name a shop.
func TestUninstallDropsSecretsAndAllDataWhenTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.attach(t, plugin.RoleWeb)
	r.activate(t)
	if _, err := r.db.Exec(`
		INSERT INTO keybridge.connection (id, shop_id, crm, position, name, key_sealed, key_hint, account, settings, created_at, updated_at)
		VALUES ('c', 'demo', 'keycrm', 1, 'KeyCRM', 'sealed', '', '', '{}', now(), now())`); err != nil {
		t.Fatal(err)
	}
	if err := r.Uninstall(t.Context(), demoshop.ShopID, plugin.KeepData); err != nil {
		t.Fatal(err)
	}
	var kept, secrets int
	if err := r.db.QueryRow(`SELECT count(*), count(key_sealed) FROM keybridge.connection`).Scan(&kept, &secrets); err != nil {
		t.Fatal(err)
	}
	if kept != 1 || secrets != 0 {
		t.Errorf("keeping data left %d connections with %d keys, want 1 with none", kept, secrets)
	}
	if err := r.Uninstall(t.Context(), demoshop.ShopID, plugin.DropData); err != nil {
		t.Fatal(err)
	}
	if err := r.db.Get(&kept, `SELECT count(*) FROM keybridge.connection`); err != nil || kept != 0 {
		t.Errorf("dropping data left %d connections, %v", kept, err)
	}
	r.checkDropList(t)
}

// checkDropList holds the list of tables that Uninstall empties equal to the schema: a table that
// names a connection, a shop or an owner and is not in the list would keep its rows, or stop the others' end.
func (r *rig) checkDropList(t *testing.T) {
	t.Helper()
	var tables []string
	const q = `SELECT DISTINCT c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
		WHERE table_schema = 'keybridge' AND t.table_type = 'BASE TABLE' AND c.column_name IN ('connection_id', 'shop_id', 'owner') ORDER BY 1`
	if err := r.db.Select(&tables, q); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("store.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if table != "installation" && !bytes.Contains(source, []byte(`"`+table+`" + ofShop`)) &&
			!bytes.Contains(source, []byte(`"`+table+` WHERE shop_id`)) && !bytes.Contains(source, []byte(`"`+table+`" + ofOwner`)) {
			t.Errorf("Uninstall does not empty %s", table)
		}
	}
}

func TestPagesOfAnInactiveShopAreNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.attach(t, plugin.RoleWeb)
	srv := httptest.NewServer(r.engine.Handler())
	t.Cleanup(srv.Close)
	res, err := http.Post(srv.URL+"/hooks/keycrm/orders/"+strings.Repeat("a", 43), "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("a webhook of an inactive shop answers %d, want 404", res.StatusCode)
	}
}

func TestAttachTwiceIsRefusedAndDetachTwiceIsNot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.attach(t, plugin.RoleAll)
	if err := r.Attach(t.Context(), plugin.RoleAll); err == nil {
		t.Error("attached twice")
	}
	for range 2 {
		if err := r.Detach(t.Context()); err != nil {
			t.Errorf("Detach: %v", err)
		}
	}
}

func TestHealthSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.attach(t, plugin.RoleAll)
	deadline := time.After(2 * time.Minute)
	for !r.Health(t.Context()).OK() {
		select {
		case <-deadline:
			t.Fatalf("health = %+v with everything there", r.Health(t.Context()))
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err := r.db.Close(); err != nil {
		t.Fatal(err)
	}
	if h := r.Health(t.Context()); h.Database || h.OK() {
		t.Errorf("health = %+v without a database", h)
	}
}

// TestHealthWithoutRedisBlamesNothingElse: the process starts, works off what needs no Redis, and says
// what is missing.
func TestHealthWithoutRedisBlamesNothingElse(t *testing.T) {
	t.Parallel()
	redis := localredis.StartReal(t)
	r := newRigOn(t, redis.URL())
	redis.Stop(t)
	r.attach(t, plugin.RoleAll)
	deadline := time.After(2 * time.Minute)
	for h := r.Health(t.Context()); !h.Workers; h = r.Health(t.Context()) {
		select {
		case <-deadline:
			t.Fatalf("health = %+v two minutes after the start without Redis", h)
		case <-time.After(50 * time.Millisecond):
		}
	}
	if h := r.Health(t.Context()); h.Redis || !h.Database {
		t.Errorf("health = %+v without Redis", h)
	}
}
