package web

import (
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/internal/crmsim/table"
)

// buyers is the pages of customer cards.
type buyers struct{ *pages }

type buyersPage struct {
	frame.Head
	Rows  []buyerRow
	Pager frame.Pager
}

type buyerRow struct {
	ID                   int64
	Name, Phones, Emails string
	Orders               int
	Duplicate            bool
}

func (p buyers) buyers(in *frame.Input) (string, any) {
	v := buyersPage{Head: p.Head(in, "Покупці")}
	count := map[int64]int{}
	for _, o := range p.DB.Orders.All() {
		count[o.BuyerID]++
	}
	ids := p.DB.Buyers.IDs()
	v.Pager = frame.NewPager(in.R, len(ids))
	for _, id := range table.Cut(ids, v.Pager.Window()) {
		b := p.DB.Buyers.Get(id)
		v.Rows = append(v.Rows, buyerRow{
			id, b.FullName, strings.Join(b.Phones, ", "), strings.Join(b.Emails, ", "), count[id], b.HasDuplicates,
		})
	}
	return "buyers", v
}

func (p buyers) mergeBuyers(f *frame.Input) (string, error) {
	return "/buyers", p.MergeBuyers(f.ID("from"), f.ID("into"))
}
