package keycrmtest

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// historian invents the past of an account from the seed.
type historian struct {
	s   *Server
	now time.Time
	row int
	n   uint64
}

// pick draws a number below n for the row at hand.
func (h *historian) pick(n int) int {
	h.n++
	return int(h.s.gen.hash(h.row, forHistory+h.n*131) % uint64(n))
}

func (h *historian) next(row int) { h.row, h.n = row, 0 }

// historySpan is how far back the invented orders go.
const historySpan = 90 * 24 * time.Hour

// invent fills a new account with orders, oldest first, and cards.
func (s *Server) invent(orders int) {
	h := &historian{s: s, now: s.stamp()}
	for i := range orders {
		h.next(i)
		age := historySpan * time.Duration(orders-i) / time.Duration(orders)
		h.order(i, h.now.Add(-age+time.Duration(h.pick(3000))*time.Second).Add(-time.Hour).Truncate(time.Second))
	}
	for i := range orders / 3 {
		h.next(1_000_000 + i)
		age := 20 * 24 * time.Hour * time.Duration(orders/3-i) / time.Duration(orders/3)
		h.card(i, h.now.Add(-age).Truncate(time.Second))
	}
}

func historyNames() (women, men, families []string) {
	return []string{"Олена", "Ірина", "Наталія", "Оксана", "Тетяна", "Марія", "Юлія", "Софія"},
		[]string{"Андрій", "Олександр", "Дмитро", "Богдан", "Максим", "Тарас"},
		[]string{"Тестенко", "Прикладенко", "Вигадько", "Зразок", "Пробенко", "Взірець", "Макетко", "Демчук"}
}

type historyPlace struct{ city, region string }

func historyPlaces() []historyPlace {
	return []historyPlace{
		{"Київ", "Київська"},
		{"Львів", "Львівська"},
		{"Одеса", "Одеська"},
		{"Дніпро", "Дніпропетровська"},
		{"Вінниця", "Вінницька"},
		{"Чернівці", "Чернівецька"},
		{"Полтава", "Полтавська"},
	}
}

// buyer is one of the people who come back now and then. Their phones are of no network, their mail of no domain.
func (h *historian) buyer(people int, at time.Time) *Buyer {
	women, men, families := historyNames()
	who := h.pick(max(people, 1))
	names := women
	if who%3 == 2 {
		names = men
	}
	name := names[who%len(names)] + " " + families[who/len(names)%len(families)]
	phone := fmt.Sprintf("+38000%07d", 1000+who)
	email := ""
	if who%4 != 3 {
		email = fmt.Sprintf("buyer%d@example.com", 1000+who)
	}
	b := h.s.matchBuyer(name, phone, email)
	if b.CreatedAt.After(at) {
		b.CreatedAt, b.UpdatedAt = at, at
	}
	return b
}

// historyStatus is where an order of that age has got to.
func (h *historian) historyStatus(age time.Duration) int64 {
	chance := h.pick(100)
	switch {
	case age > 14*24*time.Hour && chance < 86:
		return 12
	case age > 14*24*time.Hour && chance < 94:
		return 19
	case age > 14*24*time.Hour:
		return 21
	case age > 5*24*time.Hour:
		return []int64{9, 9, 12, 12, 8, 19}[h.pick(6)]
	case age > 36*time.Hour:
		return []int64{8, 8, 6, 9, 4}[h.pick(5)]
	}
	return []int64{1, 1, 3, 6}[h.pick(4)]
}

func (h *historian) order(i int, at time.Time) {
	s := h.s
	age := h.now.Sub(at)
	status := h.historyStatus(age)
	moved := at.Add(min(age, time.Duration(2+h.pick(90))*time.Hour)).Truncate(time.Second)
	if status == 1 {
		moved = at
	}
	o := &Order{
		ID: s.db.orders.next(), SourceID: []int64{7, 7, 7, 8}[h.pick(4)], StatusID: status, ManagerID: 2,
		CreatedAt: at, UpdatedAt: moved, OrderedAt: at, StatusChangedAt: moved,
	}
	if o.SourceID == 7 {
		o.SourceUUID = fmt.Sprintf("OLD-%05d", i+1)
		o.Marketing = &Marketing{Source: []string{"google", "facebook", "direct"}[h.pick(3)]}
	}
	if s.closing(status) {
		o.ClosedAt = moved
	}
	b := h.buyer(h.s.cfg.history*2/3, at)
	o.BuyerID = b.ID
	o.Lines = h.lines(at, 1+h.pick(3))
	if h.pick(6) == 0 {
		o.DiscountPercent = decimal.NewNullDecimal(decimal.NewFromInt(5))
	}
	h.ship(o, b, i)
	h.pay(o)
	s.numberRows(o.Lines, o.Payments)
	h.settle(o)
	s.db.orders.put(o.ID, o)
}

// lines picks offers that are for sale.
func (h *historian) lines(at time.Time, n int) []Line {
	var out []Line
	for tries := 0; len(out) < n && tries < 20*n; tries++ {
		o := h.s.offer(int64(firstOffer + h.pick(h.s.gen.offers())))
		if o == nil || h.s.product(o.ProductID).Archived || !o.Quantity().Sub(o.Reserve).GreaterThan(decimal.NewFromInt(3)) {
			continue
		}
		l := Line{SKU: o.SKU, Price: o.Price, Quantity: decimal.NewFromInt(int64(1 + h.pick(2))), Properties: o.Properties, CreatedAt: at, UpdatedAt: at}
		h.s.tie(&l)
		out = append(out, l)
	}
	return out
}

func (h *historian) ship(o *Order, b *Buyer, i int) {
	place := historyPlaces()[h.pick(len(historyPlaces()))]
	sh := &Shipping{
		DeliveryServiceID: []int64{1, 1, 1, 2, 3}[h.pick(5)], RecipientFullName: b.FullName, RecipientPhone: first(b.Phones),
		CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}
	o.Shipping = sh
	if sh.DeliveryServiceID == 3 {
		return
	}
	sh.Country, sh.Region, sh.City = "Ukraine", place.region, place.city
	sh.ReceivePoint = fmt.Sprintf("Відділення №%d", 1+h.pick(40))
	if sh.DeliveryServiceID == 1 {
		sh.WarehouseRef = fmt.Sprintf("22222222-2222-4222-8222-%012d", 1+h.pick(900))
	}
	o.ShippingPrice = decimal.NewNullDecimal(decimal.NewFromInt(int64(60 + 5*h.pick(8))))
	switch o.StatusID {
	case 8, 9, 12, 21:
		sh.TrackingCode = fmt.Sprintf("2045%010d", i+1)
	}
}

func (h *historian) pay(o *Order) {
	p := Payment{MethodID: []int64{1, 2, 2, 3}[h.pick(4)], Amount: o.GrandTotal(), Status: "not_paid", CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt}
	switch {
	case o.StatusID == 19:
		p.Status = "canceled"
	case o.StatusID == 12, o.StatusID == 21, p.MethodID != 1 && h.pick(4) > 0:
		p.Status, p.PaidAt = "paid", o.CreatedAt.Add(10*time.Minute)
	}
	o.Payments = []Payment{p}
}

// settle keeps goods for the orders that are under way. What was written off in the past is not in the catalog's stock
// any more, so nothing moves for it.
func (h *historian) settle(o *Order) {
	want := stockState(h.s.statusGroup(o.StatusID))
	if want == stockReserved {
		h.s.settleStock(o)
		return
	}
	for i := range o.Lines {
		if o.Lines[i].OfferID != 0 && !h.s.cfg.noReserve {
			o.Lines[i].StockStatus = want
		}
	}
}

func (h *historian) card(i int, at time.Time) {
	s := h.s
	pipe := s.pipeline([]int64{1, 1, 1, 2}[h.pick(4)])
	st := pipe.Statuses[h.pick(len(pipe.Statuses))]
	moved := at.Add(time.Duration(h.pick(40)) * time.Hour)
	if moved.After(h.now) {
		moved = at
	}
	b := h.buyer(h.s.cfg.history*2/3, at)
	c := &Card{
		ID: s.db.cards.next(), Title: fmt.Sprintf("Заявка %d", i+1), SourceID: []int64{7, 8}[h.pick(2)], ManagerID: 2,
		PipelineID: pipe.ID, StatusID: st.ID, CreatedAt: at, UpdatedAt: moved, StatusChangedAt: moved,
		Contact: Contact{ID: s.nextID(idContact), FullName: b.FullName, Phone: first(b.Phones), Email: first(b.Emails), ClientID: b.ID},
		Lines:   h.lines(at, 1+h.pick(2)),
	}
	for i := range c.Lines {
		c.Lines[i].Properties = nil // a card's lines have none
	}
	s.numberRows(c.Lines, nil)
	s.db.cards.put(c.ID, c)
}
