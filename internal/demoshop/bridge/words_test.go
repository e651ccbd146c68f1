package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/plugin"
)

func TestErrorsAreOfBothWorlds(t *testing.T) {
	t.Parallel()
	if contractErr(nil) != nil {
		t.Error("no error became one")
	}
	for own, theirs := range map[error]error{
		domain.ErrNotFound: plugin.ErrNotFound, domain.ErrInvalid: plugin.ErrInvalid, domain.ErrConflict: plugin.ErrConflict,
		domain.ErrTemporary: plugin.ErrTemporary, domain.Refuse("ні"): plugin.ErrRefused, errors.New("unheard of"): plugin.ErrTemporary,
	} {
		err := contractErr(fmt.Errorf("order 7: %w", own))
		if !errors.Is(err, own) || !errors.Is(err, theirs) || err.Error() != "order 7: "+own.Error() {
			t.Errorf("%v reads %v for the plugin, want also %v", own, err, theirs)
		}
	}
	var refusal *plugin.Refusal
	if !errors.As(contractErr(domain.Refuse("ні")), &refusal) || refusal.Reason != "ні" {
		t.Errorf("the merchant is told %+v", refusal)
	}
}

// Events lie in the queue as JSON, in the contract's shape before the shop had one of its own.
func TestEventsQueuedInTheContractsShapeAreStillRead(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, want := range []plugin.Event{
		{
			Kind: plugin.StatusChanged, Shop: ShopID, Order: "12", Actor: plugin.Actor{Kind: plugin.ActorPlugin, ID: "fake"},
			Origin: plugin.Origin{Plugin: "fake", Connection: "c1", Ref: "run 3"}, At: at, From: "new", To: "shipped",
		},
		{
			Kind: plugin.OrderPlaced, Shop: ShopID, Order: "13", Actor: plugin.Actor{Kind: plugin.ActorBuyer}, At: at,
			Placement: &plugin.Placement{Shop: ShopID, Order: "13", Storefront: "main", Domain: "shop.example", PlacedAt: at},
		},
	} {
		body, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var queued domain.Event
		if err := json.Unmarshal(body, &queued); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, contractEvent(queued)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Kind, diff)
		}
	}
}
