package hooks_test

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/orders/orderstest"
	"github.com/keybridge/keybridge/plugin"
)

// TestBothSidesMoveInAnyOrder lets a shop's staff and a CRM's managers move a thousand orders at random, while
// webhooks come late, twice and in any order, events of the shop come twice, and things happen amid our own
// requests. At rest the tables join the two sides or the order says why not, the last change stands, and no
// change was answered with more than one write.
//
// KEYBRIDGE_SEEDS multiplies the orders.
func TestBothSidesMoveInAnyOrder(t *testing.T) {
	t.Parallel()
	times, err := strconv.ParseUint(cmp.Or(os.Getenv("KEYBRIDGE_SEEDS"), "1"), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range 4 * times {
		cards := seed%2 == 1
		t.Run(fmt.Sprintf("seed %d, cards %v", seed, cards), func(t *testing.T) {
			t.Parallel()
			newJostle(t, seed, cards).run(250)
		})
	}
}

// jostle is a shop and a CRM whose people all move orders at once.
type jostle struct {
	*rig
	rng     *rand.Rand
	cards   bool
	ids     []plugin.OrderID
	by      map[plugin.OrderID]*jostled
	reading string         // path of the request in whose middle people act; empty: none is a reading
	letters []letter       // webhooks on their way
	events  []plugin.Event // of the shop, that will be told again
}

// jostled is an order and what people did to it.
type jostled struct {
	crm           int64 // the CRM's order or card
	converted     int64 // the order that the card became; 0: none
	moved         bool  // that order was moved
	inShop, inCRM []change
	raced         int       // changes that we could not know of when we set a status over them
	told          time.Time // when a status was last set by us
	toldStatus    string
}

type change struct {
	at time.Time
	to string
}

type letter struct {
	object settings.Object
	body   string
}

const jostleLag = 1500 * time.Millisecond // between the CRM's 202 and the change of a card

func newJostle(t *testing.T, seed uint64, cards bool) *jostle {
	t.Helper()
	j := &jostle{rig: newRig(t, keycrmtest.WithWriteDelay(jostleLag)), rng: rand.New(rand.NewPCG(seed, 7)), cards: cards, by: map[plugin.OrderID]*jostled{}}
	set := orderstest.Settings()
	set.OrderStatus["6"] = settings.Choice{Code: "accepted"} // leads back elsewhere
	set.StatusOut = map[string]settings.Choice{
		"new": {Skip: true}, "accepted": {Code: "3"}, "paid": {Code: "6"}, "shipped": {Code: "8"}, "canceled": {Code: "19"},
	}
	if cards {
		set.Target, set.AddOns = settings.TargetCards, nil
		set.CardStatus = map[string]settings.Choice{"1/102": {Code: "accepted"}, "1/103": {Code: "shipped"}, "1/104": {Code: "canceled"}}
		set.StatusOut = map[string]settings.Choice{
			"new": {Skip: true}, "accepted": {Code: "1/102"}, "shipped": {Code: "1/103"}, "canceled": {Code: "1/104"}, "paid": {Code: "1/105"},
		}
	}
	j.save(set)
	j.shop.Refuse("done", "спершу оплата")
	post := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		object := settings.ObjectOrder
		if strings.Contains(string(body), "lead.") {
			object = settings.ObjectCard
		}
		j.letters = append(j.letters, letter{object: object, body: string(body)})
	}))
	t.Cleanup(post.Close)
	for _, trigger := range j.crm.Triggers() {
		j.crm.DeleteTrigger(trigger.ID)
	}
	for _, event := range []string{keycrmtest.EventOrderStatus, keycrmtest.EventCardStatus} {
		j.crm.AddTrigger(keycrmtest.Trigger{Event: event, URL: post.URL, Active: true})
	}
	return j
}

func (j *jostle) run(orders int) {
	j.t.Helper()
	// Some are in play at a time, so that each is moved often and near its other moves.
	for len(j.ids) < orders {
		for range 10 {
			id := plugin.OrderID(strconv.Itoa(len(j.ids) + 1))
			j.ids = append(j.ids, id)
			j.by[id] = &jostled{crm: j.place(id)}
		}
		j.crm.After(func(q keycrmtest.Request) { j.amid(q) })
		for range 80 {
			j.act()
		}
		j.crm.After(nil)
	}
	j.rest()
	for _, id := range j.ids {
		j.check(id)
	}
}

// act lets somebody do something.
func (j *jostle) act() {
	switch n := j.rng.IntN(20); {
	case n < 3:
		j.staff()
	case n < 6:
		j.managerMoves()
	case n < 7:
		j.convertOne()
	case n < 10:
		j.deliver(j.rng.IntN(4) > 0)
	case n < 12:
		j.tellAgain()
	case n < 15:
		j.export()
	case n < 18:
		j.readOne()
	default:
		j.clock.Advance(time.Duration(j.rng.IntN(4000)) * time.Millisecond)
	}
}

// amid is what happens while a worker waits for an answer of the CRM: people go on, and other processes work.
func (j *jostle) amid(q keycrmtest.Request) {
	if o := j.object(q.Path); o != nil && q.Method == http.MethodPut {
		o.told, o.toldStatus = j.clock.Now(), string(q.Body)
	}
	if j.rng.IntN(5) > 0 {
		return
	}
	if was := j.reading; q.Method == http.MethodGet {
		j.reading = q.Path
		defer func() { j.reading = was }()
	}
	switch j.rng.IntN(6) {
	case 0:
		j.staff()
	case 1:
		j.managerMoves()
	case 2:
		j.deliver(true)
	case 3:
		j.export()
	case 4:
		j.readOne()
	default:
		j.clock.Advance(time.Duration(j.rng.IntN(1500)) * time.Millisecond)
	}
}

// object is the order that a path of the API is about; nil: none.
func (j *jostle) object(path string) *jostled {
	for _, id := range j.ids[max(0, len(j.ids)-10):] {
		if strings.HasSuffix(path, "/"+strconv.FormatInt(j.by[id].crm, 10)) {
			return j.by[id]
		}
	}
	return nil
}

// recent picks an order that was placed lately.
func (j *jostle) recent() (plugin.OrderID, *jostled) {
	id := j.ids[len(j.ids)-1-j.rng.IntN(min(10, len(j.ids)))]
	return id, j.by[id]
}

// staff moves an order in the shop; some events are told twice.
func (j *jostle) staff() {
	id, o := j.recent()
	was := j.shop.Order(id).Status
	to := []string{"new", "accepted", "paid", "shipped", "canceled"}[j.rng.IntN(5)]
	if to == was {
		return
	}
	at := j.clock.Now()
	j.shop.Edit(id, func(o *plugin.Order) { o.Status = to })
	o.inShop = append(o.inShop, change{at, to})
	e := plugin.Event{Kind: plugin.StatusChanged, Shop: shopID, Order: id, At: at, From: was, To: to, Actor: plugin.Actor{Kind: plugin.ActorStaff}}
	j.tell(e)
	if j.rng.IntN(4) == 0 {
		j.events = append(j.events, e)
	}
}

func (j *jostle) tell(e plugin.Event) {
	if err := j.hooks.Listener().Handle(j.t.Context(), e); err != nil {
		j.t.Error(err)
	}
}

// tellAgain repeats one of the shop's events.
func (j *jostle) tellAgain() {
	if len(j.events) == 0 {
		return
	}
	i := j.rng.IntN(len(j.events))
	j.tell(j.events[i])
	j.events = slices.Delete(j.events, i, i+1)
}

// managerMoves moves an order, or a card, in the CRM.
func (j *jostle) managerMoves() {
	_, o := j.recent()
	at := j.clock.Now()
	if o.converted != 0 || !j.cards {
		object := cmp.Or(o.converted, o.crm)
		to := []int64{1, 3, 4, 8, 9, 12, 19}[j.rng.IntN(7)]
		if was, _ := j.crm.Order(object); was.StatusID == to {
			return
		}
		if err := j.crm.SetOrderStatus(object, to); err != nil {
			j.t.Error(err)
		}
		o.inCRM, o.moved = append(o.inCRM, change{at, strconv.FormatInt(to, 10)}), true
	} else {
		to := []int64{101, 102, 103, 104, 105}[j.rng.IntN(5)]
		if was, _ := j.crm.Card(o.crm); was.StatusID == to {
			return
		}
		if err := j.crm.SetCardStatus(o.crm, to); err != nil {
			j.t.Error(err)
		}
		o.inCRM = append(o.inCRM, change{at, "1/" + strconv.FormatInt(to, 10)})
	}
	last := o.inCRM[len(o.inCRM)-1].to
	same := strings.Contains(o.toldStatus, strings.TrimPrefix(last, "1/")+"}") && at.Before(o.told.Add(2*time.Minute))
	// Between a reading of ours and what we set by it, or before that takes effect, nobody can know; and a
	// manager who leaves a status and chooses it again cannot be told from our own.
	if j.object(j.reading) == o || j.cards && (same || at.Before(o.told.Add(jostleLag+time.Second))) {
		o.raced++
	}
	j.collect()
}

func (j *jostle) convertOne() {
	_, o := j.recent()
	if !j.cards || o.converted != 0 || j.rng.IntN(3) > 0 {
		return
	}
	order, err := j.crm.ConvertCard(o.crm)
	if err != nil {
		j.t.Error(err)
	}
	o.converted = order
	j.collect()
	j.clock.Advance(2 * time.Second) // in its first second nobody can tell whether it was moved
}

// collect takes in what the CRM's triggers send.
func (j *jostle) collect() {
	if err := j.crm.DeliverWebhooks(j.t.Context()); err != nil {
		j.t.Error(err)
	}
}

// deliver brings one of the webhooks on their way to us, whichever; it comes again if it is not the last time.
func (j *jostle) deliver(last bool) {
	j.collect()
	if len(j.letters) == 0 {
		return
	}
	i := j.rng.IntN(len(j.letters))
	l := j.letters[i]
	if last {
		j.letters = slices.Delete(j.letters, i, i+1)
	}
	if got := j.call(http.MethodPost, j.links[l.object], asJSON, l.body); got != http.StatusOK {
		j.t.Errorf("a webhook was answered %d", got)
	}
}

// export lets a worker do one of the entries that are due.
func (j *jostle) export() bool {
	tasks, err := j.x.Due(j.t.Context(), j.clock.Now(), 1)
	if err != nil || len(tasks) == 0 {
		return false
	}
	if err := j.x.Handle(j.t.Context(), tasks[0].Row); err != nil {
		j.t.Error(err)
	}
	return true
}

// readOne lets a worker do one of the objects that are due.
func (j *jostle) readOne() bool {
	tasks, err := j.hooks.Inbox().Due(j.t.Context(), j.clock.Now(), 1)
	if err != nil || len(tasks) == 0 {
		return false
	}
	if err := j.hooks.Inbox().Handle(j.t.Context(), tasks[0].Row); err != nil {
		j.t.Error(err)
	}
	return true
}

// rest lets everything arrive and everybody finish; nobody moves anything any more.
func (j *jostle) rest() {
	for quiet := 0; quiet < 30; {
		busy := len(j.letters)+len(j.events) > 0
		for len(j.letters) > 0 {
			j.deliver(true)
		}
		for len(j.events) > 0 {
			j.tellAgain()
		}
		for j.export() || j.readOne() {
			busy = true
		}
		if quiet++; busy {
			quiet = 0
		}
		j.clock.Advance(time.Minute)
		j.collect()
	}
}

// state is where the two sides stand.
func (j *jostle) state(id plugin.OrderID) (shop, crm string, in, out map[string]settings.Choice) {
	o, set := j.by[id], j.conn.Settings.Orders
	shop = j.shop.Order(id).Status
	if j.cards && (o.converted == 0 || !o.moved) { // an order begins with a status that nobody has set
		c, _ := j.crm.Card(o.crm)
		return shop, fmt.Sprintf("%d/%d", c.PipelineID, c.StatusID), set.CardStatus, set.StatusOut
	}
	row, _ := j.crm.Order(cmp.Or(o.converted, o.crm))
	crm, in, out = strconv.FormatInt(row.StatusID, 10), set.OrderStatus, set.StatusOut
	if o.converted != 0 {
		out = nil // the shop's status goes to no order that a card became
	}
	return shop, crm, in, out
}

func (j *jostle) check(id plugin.OrderID) {
	o := j.by[id]
	shop, crm, in, out := j.state(id)
	joined := in[crm].Code == shop || out[shop].Code == crm && crm != ""
	why := j.reason(id)
	if !joined && why == "" {
		j.complain(id, "the tables do not join %s in the shop with %s in the CRM, and nothing says why", shop, crm)
	}
	j.checkLast(id, shop, crm, in, out)
	moves := 0
	for _, m := range j.shop.Moves() {
		if m.Move.OrderID == id {
			moves++
		}
	}
	if moves > len(o.inCRM)+o.raced {
		j.complain(id, "%d moves in the shop for %d in the CRM", moves, len(o.inCRM))
	}
	if n := j.puts(o.crm); n > len(o.inShop)+1 {
		j.complain(id, "%d statuses set in the CRM for %d changes in the shop", n, len(o.inShop))
	}
}

// checkLast: the later of the last changes of both sides stands, where the other side could follow.
func (j *jostle) checkLast(id plugin.OrderID, shop, crm string, in, out map[string]settings.Choice) {
	o := j.by[id]
	if o.raced > 0 || len(o.inShop) == 0 || len(o.inCRM) == 0 || o.converted != 0 {
		return
	}
	s, c := o.inShop[len(o.inShop)-1], o.inCRM[len(o.inCRM)-1]
	switch {
	case in[c.to].Code == "" || in[c.to].Code == "done": // it cannot come to the shop
	case c.at.After(s.at):
		if crm != c.to || shop != in[c.to].Code {
			j.complain(id, "the CRM's %s was last, but the shop has %s and the CRM %s", c.to, shop, crm)
		}
	case s.at.After(c.at.Add(3*time.Second)) && out[s.to].Code != "": // nearer than that, it may be either
		if shop != s.to || crm != out[s.to].Code && in[crm].Code != shop {
			j.complain(id, "the shop's %s was last, but the shop has %s and the CRM %s", s.to, shop, crm)
		}
	}
}

// reason is why the two sides of an order differ, as the page lists it; empty: it does not say.
func (j *jostle) reason(id plugin.OrderID) string {
	for _, s := range j.entry(id).Steps {
		if s.Name == orders.StepStatus && (s.Reason == orders.ReasonStatusSkipped || s.Reason == orders.ReasonStatusUnmapped || s.Reason == orders.ReasonCardConverted) {
			return string(s.Reason)
		}
	}
	events, err := j.hooks.Inbox().Events(j.t.Context(), j.conn.ID, id, 100)
	if err != nil {
		j.t.Fatal(err)
	}
	counts := settings.ObjectOrder
	if o := j.by[id]; j.cards && (o.converted == 0 || !o.moved) {
		counts = settings.ObjectCard
	}
	for _, e := range events {
		if e.Object != counts {
			continue
		}
		switch e.Outcome {
		case hooks.Refused, hooks.Unmapped, hooks.Skipped:
			return string(e.Reason)
		case hooks.Applied, hooks.Echo:
			return ""
		default: // said before, or of something else
		}
	}
	return ""
}

// puts counts the statuses that were set in the CRM through its API.
func (j *jostle) puts(object int64) int {
	n := 0
	for _, q := range j.crm.Requests() {
		if q.Method == http.MethodPut && strings.HasSuffix(q.Path, "/"+strconv.FormatInt(object, 10)) {
			n++
		}
	}
	return n
}

func (j *jostle) complain(id plugin.OrderID, format string, args ...any) {
	j.t.Helper()
	o := j.by[id]
	var b strings.Builder
	fmt.Fprintf(&b, "order %s: "+format+"\n", append([]any{id}, args...)...)
	fmt.Fprintf(&b, "shop %v\nCRM %v\nraced %d, converted %d\n", o.inShop, o.inCRM, o.raced, o.converted)
	events, _ := j.hooks.Inbox().Events(j.t.Context(), j.conn.ID, id, 20)
	for _, e := range events {
		fmt.Fprintf(&b, "  %s %s %s %s %s→%s\n", e.At.Format("15:04:05.000"), e.Object, e.Outcome, e.Reason, e.CRMStatus, e.ShopStatus)
	}
	for _, q := range j.crm.Requests() {
		if q.Method != http.MethodPost && strings.HasSuffix(q.Path, "/"+strconv.FormatInt(o.crm, 10)) {
			fmt.Fprintf(&b, "  %s %s %s %s\n", q.At.Format("15:04:05.000"), q.Method, q.Path, q.Body)
		}
	}
	for _, m := range j.shop.Moves() {
		if m.Move.OrderID == id {
			fmt.Fprintf(&b, "  moved to %s as of %s\n", m.Move.To, m.Move.At.Format("15:04:05.000"))
		}
	}
	for _, s := range j.entry(id).Steps {
		fmt.Fprintf(&b, "  step %s %s %s %v\n", s.Name, s.State, s.Reason, slices.Collect(maps.Values(s.Params)))
	}
	j.t.Error(b.String())
}
