package hooks_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func TestNewerChangeInTheShopWins(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.manager(id, 3) // the hook is late
	r.clock.Advance(time.Minute)
	r.shop.Edit("1", func(o *plugin.Order) { o.Status = "canceled" })
	err := r.hooks.Listener().Handle(t.Context(), plugin.Event{
		Kind: plugin.StatusChanged, Shop: shopID, Order: "1", At: r.clock.Now(), From: "new", To: "canceled",
		Actor: plugin.Actor{Kind: plugin.ActorStaff},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.work()
	r.wantLast(hooks.Skipped, hooks.ReasonShopNewer)
	r.wantStatus("1", "canceled")
	r.manager(id, 8) // and a newer one in the CRM
	r.work()
	r.wantStatus("1", "shipped")
}

// TestTheCRMsStatusRightAfterTheShopsIsNotThrownAway: a manager, or an automation of the CRM, moves on from what
// the shop has just set.
func TestTheCRMsStatusRightAfterTheShopsIsNotThrownAway(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]time.Duration{"a second": time.Second, "1.9 seconds": 1900 * time.Millisecond, "at once": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := r.place("1")
			r.clock.Advance(time.Minute + 300*time.Millisecond)
			r.inShop("1", "accepted")
			var once sync.Once
			move := func() {
				r.clock.Advance(pause)
				if err := r.crm.SetOrderStatus(id, 8); err != nil {
					t.Error(err)
				}
			}
			r.crm.After(func(q keycrmtest.Request) { // we have not even had the answer
				if q.Method == http.MethodPut {
					once.Do(move)
				}
			})
			r.work()
			r.wantStatus("1", "shipped")
			if got, _ := r.crm.Order(id); got.StatusID != 8 {
				t.Errorf("status %d in the CRM, want the manager's 8", got.StatusID)
			}
		})
	}
}

// TestAStatusThatCannotBeToldMeanwhileGivesWayToTheCRMsNewerOne: the exporter stood still, and the webhook is late.
func TestAStatusThatCannotBeToldMeanwhileGivesWayToTheCRMsNewerOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.clock.Advance(time.Minute)
	r.inShop("1", "accepted")
	r.manager(id, 8)
	r.exportOne()
	if got, _ := r.crm.Order(id); got.StatusID != 8 {
		t.Errorf("status %d in the CRM, want the manager's 8", got.StatusID)
	}
	for r.workInbox() > 0 { // no webhook has come, but it is looked at
	}
	r.wantStatus("1", "shipped")
}

// exportOne does the one entry that is due.
func (r *rig) exportOne() {
	r.t.Helper()
	tasks, err := r.x.Due(r.t.Context(), r.clock.Now(), 10)
	if err != nil || len(tasks) != 1 {
		r.t.Fatalf("Due = %v, %v; want one", tasks, err)
	}
	if err := r.x.Handle(r.t.Context(), tasks[0].Row); err != nil {
		r.t.Fatal(err)
	}
}

// TestAWorkerThatHasReadTooEarlyReadsAgain: the CRM has been moved since, which the exporter has seen and gives way
// to, and the webhook of that never comes.
func TestAWorkerThatHasReadTooEarlyReadsAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.hookOf(settings.ObjectOrder, id)
	offering := r.gates.close("offer")
	rows := r.receive()
	if len(rows) != 1 {
		t.Fatalf("%d rows are due, want 1", len(rows))
	}
	worker := r.handle(rows[0])
	<-offering.arrived // it has found nothing new
	r.clock.Advance(5 * time.Second)
	r.inShop("1", "accepted")
	r.manager(id, 8) // within the worker's lease
	r.exportOne()
	close(offering.goOn)
	if err := <-worker; err != nil {
		t.Fatal(err)
	}
	for r.workInbox() > 0 {
	}
	r.wantStatus("1", "shipped")
	links, err := r.hooks.Inbox().Links(t.Context(), r.conn.ID)
	if err != nil || links[0].Received != 1 {
		t.Errorf("Links = %+v, %v; want the one webhook that came", links, err)
	}
}

// TestAStatusDoesNotGiveWayToThatOfAnOrderWithAnotherSource: a manager has changed it, so what is set there does not
// come to the shop any more, and neither side would follow.
func TestAStatusDoesNotGiveWayToThatOfAnOrderWithAnotherSource(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.place("1")
	r.clock.Advance(time.Minute)
	r.inShop("1", "accepted")
	if err := r.crm.EditOrder(id, func(o *keycrmtest.Order) { o.SourceID = 8 }); err != nil {
		t.Fatal(err)
	}
	r.manager(id, 8)
	r.work()
	r.wantStatus("1", "accepted")
	r.wantInCRM(id, 3)
	r.wantLast(hooks.Unknown, hooks.ReasonOtherSource)
}

// TestAStatusGoesToTheCRMAfterAllWhenTheShopRefusesTheCRMsNewerOne, so that the two do not stay apart.
func TestAStatusGoesToTheCRMAfterAllWhenTheShopRefusesTheCRMsNewerOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.shop.Refuse("shipped", "скасоване не відправляють")
	id := r.place("1")
	r.clock.Advance(time.Minute)
	set := r.conn.Settings.Orders
	set.StatusOut["canceled"] = settings.Choice{Code: "19"}
	r.save(set)
	r.inShop("1", "canceled")
	r.manager(id, 8)
	r.work()
	r.wantStatus("1", "canceled")
	if got, _ := r.crm.Order(id); got.StatusID != 19 {
		t.Errorf("status %d in the CRM, want 19, cancelled", got.StatusID)
	}
}
