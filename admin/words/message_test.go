package words_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

func ukrainian(t *testing.T) *i18n.Words {
	t.Helper()
	b, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return b.For("uk")
}

func TestTheMessageAboutARunThatWaitsSaysWhy(t *testing.T) {
	t.Parallel()
	w := ukrainian(t)
	waits := func(kind catalog.Kind, guards ...catalog.Guard) plugin.Message {
		return words.WaitsMessage(w, catalog.ApprovalRequest{Shop: "demo", Connection: "c1", Run: 7, Kind: kind, Guards: guards})
	}
	missing := waits(catalog.Full, catalog.Guard{Code: catalog.GuardMissing, Params: catalog.Params{"count": "9", "of": "15"}})
	if missing.Shop != "demo" || missing.Severity != plugin.Problem || !strings.Contains(missing.Text, "немає 9 з 15") || missing.Path != "c/c1/runs/7/plan" {
		t.Errorf("message %+v", missing)
	}
	empty := waits(catalog.Full, catalog.Guard{Code: catalog.GuardEmpty, Params: catalog.Params{"list": "products", "of": "15"}})
	if !strings.Contains(empty.Text, "порожній список (товари), хоча пов'язано 15") {
		t.Errorf("message %+v", empty)
	}
	if prices := waits(catalog.Prices); prices.Key == missing.Key {
		t.Errorf("the message of a price run replaces that of a full one: %+v", prices)
	}
}

func TestTheMessageAboutHeldStockSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := ukrainian(t)
	n := catalog.HeldNotice{
		Shop: "demo", Connection: "c1",
		HeldStock: catalog.HeldStock{Count: 101, Causes: []catalog.HeldCause{{Run: 4, Setting: "warehouses", Count: 101}}},
	}
	first := words.HeldMessage(w, n)
	if first.Severity != plugin.Problem || !strings.Contains(first.Text, "залишків 101 варіанта") ||
		!strings.Contains(first.Text, "змінено вибір складів") || first.Path != "c/c1/held" {
		t.Errorf("message %+v", first)
	}
	n.Again = true
	if again := words.HeldMessage(w, n); again.Key != first.Key || again.Title == first.Title {
		t.Errorf("the message after an hour is %+v", again)
	}
}

func TestEachTroubleLeadsToWhereItIsSeen(t *testing.T) {
	t.Parallel()
	w := ukrainian(t)
	failed := catalog.Run{Kind: catalog.Full, State: catalog.Failed, Code: catalog.CodeUnauthorised}
	for kind, want := range map[words.TroubleKind]struct{ path, says string }{
		words.RunsFailed:     {"c/c1", words.DescribeRun(w, failed).Reason},
		words.ProductsFailed: {"c/c1/runs/7/items", "3"},
		words.OrdersWait:     {"c/c1/journal", "3"},
		words.MovesRefused:   {"c/c1", "3"},
		words.KeyRefused:     {"c/c1", "3"},
	} {
		m := words.TroubleMessage(w, words.Trouble{Kind: kind, Shop: "demo", Connection: "c1", Count: 3, Run: 7}, failed, time.Time{})
		if m.Path != want.path || want.says == "" || !strings.Contains(m.Text, want.says) || m.Key != string(kind)+"-c1" {
			t.Errorf("%s: %+v, want it to lead to %s and to say %q", kind, m, want.path, want.says)
		}
	}
	for _, kind := range words.TroubleKinds() {
		if w.T("message."+string(kind)+".title") == "" {
			t.Errorf("%s has no title", kind)
		}
	}
}
