package keycrmtest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

const childFile = "KEYCRMTEST_CHILD_JOURNAL"

// TestMain lets the test binary play a simulator that is going to be killed.
func TestMain(m *testing.M) {
	path := os.Getenv(childFile)
	if path == "" {
		os.Exit(m.Run())
	}
	s, err := keycrmtest.StartServer("127.0.0.1:0", keycrmtest.WithPersistence(path), keycrmtest.WithCatalog(50, 100))
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(s.BaseURL())
	select {}
}

func child(t *testing.T, path string) (*exec.Cmd, *keycrm.Client) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), self)
	cmd.Env = append(os.Environ(), childFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	base, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	c, err := keycrm.New(strings.TrimSpace(base), keycrmtest.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	return cmd, c
}

func TestKilledProcessComesBackAsItWas(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "account.journal")
	cmd, c := child(t, path)
	var last *keycrm.Order
	for i := range 5 {
		last = create(t, c, order(fmt.Sprintf("A-%d", i), line("", "10", "1")))
	}
	if _, err := c.Orders.Update(t.Context(), last.ID, keycrm.OrderUpdate{StatusID: 9}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil { // SIGKILL
		t.Fatal(err)
	}
	_ = cmd.Wait()
	_, c = child(t, path)
	rows, page, err := c.Orders.List(t.Context(), keycrm.OrderQuery{})
	if err != nil || page.Total != 5 || rows[0].ID != last.ID || rows[0].StatusID != 9 {
		t.Fatalf("after the kill: %d orders, %+v, %v", len(rows), page, err)
	}
	if next := create(t, c, order("A-9", line("", "10", "1"))); next.ID != last.ID+1 {
		t.Errorf("the next order is %d, want %d", next.ID, last.ID+1)
	}
}

func TestEverythingEditedIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "account.journal")
	open := func() *keycrmtest.Server {
		t.Helper()
		s, err := keycrmtest.Open(keycrmtest.WithPersistence(path), keycrmtest.WithCatalog(50, 100), keycrmtest.WithManualWebhooks())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	products, offers := s.ProductIDs(), s.OfferIDs()
	for _, err := range []error{
		s.ArchiveProduct(products[0], true), s.DeleteProduct(products[1]), s.SetPrice(offers[0], dec("123.45")),
		s.SetStock(offers[0], keycrmtest.WarehouseLviv, dec("7")), s.RenameStatus(1, "Нове"), s.EditCategory(11, "Інша назва", 10),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	added := s.AddProduct(keycrmtest.NewProduct{Product: keycrmtest.Product{Name: "Доданий"}, Offers: []keycrmtest.Offer{{SKU: "NEW", Price: dec("5")}}})
	s.AddTrigger(keycrmtest.Trigger{Name: "t", Event: keycrmtest.EventOrderStatus, URL: "http://127.0.0.1:1/", Active: true})
	s.SetStockHook(keycrmtest.StockHook{URL: "http://127.0.0.1:1/s"})
	s.SetPipelineBlocks(1, false, true)
	offer, _ := s.Offer(offers[0])
	triggers, statuses, categories, ids := s.Triggers(), s.Statuses(), s.Categories(), s.ProductIDs()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`[{"Table":"orders","ID":7,"Ro`); err != nil { // a line torn by a kill
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it reads its own snapshot
		s = open()
		again, _ := s.Offer(offers[0])
		if !again.Price.Equal(offer.Price) || !again.Quantity().Equal(offer.Quantity()) {
			t.Errorf("offer: %+v, want %+v", again, offer)
		}
		if !reflect.DeepEqual(s.Triggers(), triggers) || !reflect.DeepEqual(s.Statuses(), statuses) ||
			!reflect.DeepEqual(s.Categories(), categories) || !reflect.DeepEqual(s.ProductIDs(), ids) {
			t.Error("triggers, statuses, categories or products changed")
		}
		if p, ok := s.Product(added); !ok || p.Name != "Доданий" {
			t.Errorf("the added product: %+v", p)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnotherCatalogsChangesAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "account.journal")
	open := func(opts ...keycrmtest.Option) error {
		t.Helper()
		s, err := keycrmtest.Open(append(opts, keycrmtest.WithPersistence(path))...)
		if err != nil {
			return err
		}
		return s.Close()
	}
	if err := open(keycrmtest.WithCatalog(5, 8), keycrmtest.WithSeed(3)); err != nil {
		t.Fatal(err)
	}
	for _, opts := range [][]keycrmtest.Option{
		{keycrmtest.WithCatalog(5, 8)}, {keycrmtest.WithCatalog(5, 9), keycrmtest.WithSeed(3)}, {keycrmtest.WithCatalog(6, 8), keycrmtest.WithSeed(3)},
	} {
		if err := open(opts...); err == nil || !strings.Contains(err.Error(), "seed 3, 5 products, 8 offers") {
			t.Errorf("got %v, want what the file was made with", err)
		}
	}
	if err := open(keycrmtest.WithCatalog(5, 8), keycrmtest.WithSeed(3)); err != nil {
		t.Errorf("the file's own catalog: %v", err)
	}
}

func TestBrokenJournalIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "account.journal")
	if err := os.WriteFile(path, []byte("not json\n[]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keycrmtest.Open(keycrmtest.WithPersistence(path)); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("got %v, want an error about line 1", err)
	}
}
