package keycrmtest_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func aCard() keycrm.CardCreate {
	return keycrm.CardCreate{
		Title: "SHOP1-1", SourceID: 7, ManagerComment: "З сайту", UTMSource: "google",
		Contact:  keycrm.CardContact{FullName: "Андрій Прикладний", Phone: "+380000000002"},
		Products: []keycrm.OrderLineCreate{line("", "450", "1")},
		Payments: []keycrm.PaymentCreate{{PaymentMethodID: 2, Amount: amount("10")}},
	}
}

func TestCardsAreNeverRecognised(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	for range 2 {
		if _, err := c.Cards.Create(t.Context(), aCard()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Cards()); n != 2 {
		t.Errorf("%d cards, want 2", n)
	}
}

func TestCardChangeComesLaterAndAppendsProducts(t *testing.T) {
	t.Parallel()
	s, c, clk := account(t, keycrmtest.WithWriteDelay(2*time.Second))
	card, err := c.Cards.Create(t.Context(), aCard())
	if err != nil {
		t.Fatal(err)
	}
	if card.StatusID != 101 || card.PipelineID != 1 {
		t.Errorf("a new card is at %d in %d, want the first status of the first pipeline", card.StatusID, card.PipelineID)
	}
	res, _ := raw(t, s, "PUT", "/v1/pipelines/cards/4001",
		`{"status_id":202,"manager_comment":"інше","products":[{"name":"ще","price":5,"quantity":2}]}`)
	if res.StatusCode != http.StatusAccepted {
		t.Fatalf("status %d, want 202", res.StatusCode)
	}
	if got, _ := s.Card(card.ID); got.StatusID != 101 || len(got.Lines) != 1 {
		t.Errorf("at once: status %d, %d lines", got.StatusID, len(got.Lines))
	}
	clk.move(2 * time.Second)
	got, _ := s.Card(card.ID)
	if got.StatusID != 202 || got.PipelineID != 2 || len(got.Lines) != 2 {
		t.Errorf("later: status %d in %d, %d lines, want 202 in 2, 2 lines", got.StatusID, got.PipelineID, len(got.Lines))
	}
	if got.ManagerComment != "З сайту" {
		t.Errorf("manager_comment became %q, want it ignored", got.ManagerComment)
	}
}

func TestPipelinesOff(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	s.SetPipelines(false)
	if _, _, err := c.Pipelines.List(t.Context(), keycrm.PageQuery{}); !errors.Is(err, keycrm.ErrFeatureOff) {
		t.Errorf("list: got %v, want ErrFeatureOff", err)
	}
	if _, err := c.Cards.Create(t.Context(), aCard()); !errors.Is(err, keycrm.ErrFeatureOff) {
		t.Errorf("create: got %v, want ErrFeatureOff", err)
	}
	s.SetPipelines(true)
	s.SetPipelineBlocks(1, false, false)
	card, err := c.Cards.Create(t.Context(), aCard())
	if err != nil || len(card.Products) != 0 || len(card.Payments) != 0 {
		t.Errorf("with the blocks off: %d lines, %d payments, %v; want none", len(card.Products), len(card.Payments), err)
	}
}

func TestCardBecomesAnOrder(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	card, err := c.Cards.Create(t.Context(), aCard())
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.ConvertCard(card.ID)
	if err != nil {
		t.Fatal(err)
	}
	o, err := c.Orders.Get(t.Context(), id, keycrm.OrderMarketing, keycrm.OrderPayments)
	if err != nil || o.SourceID != 7 || o.SourceUUID != "" || !o.GrandTotal.Equal(dec("450")) || o.Marketing.Source != "google" {
		t.Errorf("the order: %+v, %v", o, err)
	}
	got, err := c.Cards.Get(t.Context(), card.ID)
	if err != nil || got.TargetID != id || got.TargetType != keycrm.TargetOrder || !bool(got.IsFinished) {
		t.Errorf("the card: %+v, %v", got, err)
	}
	if _, err := s.ConvertCard(card.ID); err == nil {
		t.Error("converted twice")
	}
}

func TestCardOfAKnownBuyer(t *testing.T) {
	t.Parallel()
	_, c, _ := account(t)
	o := create(t, c, order("A-1", line("", "1", "1")))
	in := aCard()
	in.Contact = keycrm.CardContact{ClientID: o.ClientID, FullName: "буде знехтувано"}
	card, err := c.Cards.Create(t.Context(), in)
	if err != nil || card.Contact.ClientID != o.ClientID || card.Contact.FullName != "Олена Тестенко" {
		t.Errorf("contact %+v, %v", card.Contact, err)
	}
}
