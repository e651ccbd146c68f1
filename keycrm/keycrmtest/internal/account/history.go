package account

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/generator"
)

// historian invents the past of an account from the seed.
type historian struct {
	s   *Account
	now time.Time
	row int
	n   uint64
}

// pick draws a number below n for the row at hand.
func (h *historian) pick(n int) int {
	h.n++
	return int(h.s.Catalog.gen.Hash(h.row, generator.ForHistory+h.n*131) % uint64(n))
}

func (h *historian) next(row int) { h.row, h.n = row, 0 }

// historySpan is how far back the invented orders go.
const historySpan = 90 * 24 * time.Hour

// invent fills a new account with orders, oldest first, and cards.
func (s *Account) invent(orders int) {
	h := &historian{s: s, now: s.Stamp()}
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
func (h *historian) buyer(people int, at time.Time) *entity.Buyer {
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
	b := h.s.Buyers.match(name, phone, email)
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
	o := &entity.Order{
		ID: s.DB.Orders.Next(), SourceID: []int64{7, 7, 7, 8}[h.pick(4)], StatusID: status, ManagerID: 2,
		CreatedAt: at, UpdatedAt: moved, OrderedAt: at, StatusChangedAt: moved,
	}
	if o.SourceID == 7 {
		o.SourceUUID = fmt.Sprintf("OLD-%05d", i+1)
		o.Marketing = &entity.Marketing{Source: []string{"google", "facebook", "direct"}[h.pick(3)]}
	}
	if s.Dictionaries.Closing(status) {
		o.ClosedAt = moved
	}
	b := h.buyer(h.s.Config.History*2/3, at)
	o.BuyerID = b.ID
	o.Lines = h.lines(at, 1+h.pick(3))
	if h.pick(6) == 0 {
		o.DiscountPercent = decimal.NewNullDecimal(decimal.NewFromInt(5))
	}
	h.ship(o, b, i)
	h.pay(o)
	s.Orders.NumberRows(o.Lines, o.Payments)
	h.allocate(o)
	s.DB.Orders.Put(o.ID, o)
}

// lines picks offers that are for sale.
func (h *historian) lines(at time.Time, n int) []entity.Line {
	var out []entity.Line
	for tries := 0; len(out) < n && tries < 20*n; tries++ {
		o := h.s.Catalog.Offer(int64(generator.FirstOffer + h.pick(h.s.Catalog.gen.Offers())))
		if o == nil || h.s.Catalog.Product(o.ProductID).Archived || !o.Quantity().Sub(o.Reserve).GreaterThan(decimal.NewFromInt(3)) {
			continue
		}
		l := entity.Line{SKU: o.SKU, Price: o.Price, Quantity: decimal.NewFromInt(int64(1 + h.pick(2))), Properties: o.Properties, CreatedAt: at, UpdatedAt: at}
		h.s.Orders.Tie(&l)
		out = append(out, l)
	}
	return out
}

func (h *historian) ship(o *entity.Order, b *entity.Buyer, i int) {
	place := historyPlaces()[h.pick(len(historyPlaces()))]
	sh := &entity.Shipping{
		DeliveryServiceID: []int64{1, 1, 1, 2, 3}[h.pick(5)], RecipientFullName: b.FullName, RecipientPhone: crmsim.First(b.Phones),
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

func (h *historian) pay(o *entity.Order) {
	p := entity.Payment{MethodID: []int64{1, 2, 2, 3}[h.pick(4)], Amount: o.GrandTotal(), Status: "not_paid", CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt}
	switch {
	case o.StatusID == 19:
		p.Status = "canceled"
	case o.StatusID == 12, o.StatusID == 21, p.MethodID != 1 && h.pick(4) > 0:
		p.Status, p.PaidAt = "paid", o.CreatedAt.Add(10*time.Minute)
	}
	o.Payments = []entity.Payment{p}
}

// allocate keeps goods for the orders that are under way. What was written off in the past is not in the catalog's stock
// any more, so nothing moves for it.
func (h *historian) allocate(o *entity.Order) {
	want := stockState(h.s.Dictionaries.StatusGroup(o.StatusID))
	if want == StockReserved {
		h.s.Stock.allocate(o)
		return
	}
	for i := range o.Lines {
		if o.Lines[i].OfferID != 0 && !h.s.Config.NoReserve {
			o.Lines[i].StockStatus = want
		}
	}
}

func (h *historian) card(i int, at time.Time) {
	s := h.s
	pipe := s.DB.Pipelines.Get([]int64{1, 1, 1, 2}[h.pick(4)])
	st := pipe.Statuses[h.pick(len(pipe.Statuses))]
	moved := at.Add(time.Duration(h.pick(40)) * time.Hour)
	if moved.After(h.now) {
		moved = at
	}
	b := h.buyer(h.s.Config.History*2/3, at)
	c := &entity.Card{
		ID: s.DB.Cards.Next(), Title: fmt.Sprintf("Заявка %d", i+1), SourceID: []int64{7, 8}[h.pick(2)], ManagerID: 2,
		PipelineID: pipe.ID, StatusID: st.ID, CreatedAt: at, UpdatedAt: moved, StatusChangedAt: moved,
		Contact: entity.Contact{ID: s.nextID(idContact), FullName: b.FullName, Phone: crmsim.First(b.Phones), Email: crmsim.First(b.Emails), ClientID: b.ID},
		Lines:   h.lines(at, 1+h.pick(2)),
	}
	for i := range c.Lines {
		c.Lines[i].Properties = nil // a card's lines have none
	}
	s.Orders.NumberRows(c.Lines, nil)
	s.DB.Cards.Put(c.ID, c)
}
