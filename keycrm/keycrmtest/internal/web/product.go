package web

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

type productPage struct {
	frame.Head
	P          entity.Product
	Category   string
	Updated    string
	Pictures   []string
	Fields     []frame.Fact
	Categories []frame.Choice
	Warehouses []entity.Warehouse
	Offers     []offerRow
}

type offerRow struct {
	ID                                                int64
	SKU, Barcode, Picture, Properties, Price, Reserve string
	Stock                                             []stockCell
}

type stockCell struct {
	ID             int64
	Name, Quantity string
}

func (p catalog) product(in *frame.Input) (string, any) {
	row := p.Catalog.Product(in.Path("id"))
	if row == nil {
		return "", nil
	}
	v := productPage{Head: p.Head(in, row.Name), Warehouses: account.Warehouses()}
	v.P, v.Pictures, v.Category = table.Clone(row), row.Pictures, p.Catalog.CategoryName(row.CategoryID)
	v.Categories, v.Updated = p.categoryChoices(row.CategoryID), frame.When(row.UpdatedAt)
	for _, value := range row.CustomFields {
		if def := p.Dictionaries.FieldByUUID(value.UUID); def != nil {
			v.Fields = append(v.Fields, frame.Fact{Name: def.Name, Value: valueWords(value.Value)})
		}
	}
	for _, o := range p.Catalog.OffersOf(row) {
		v.Offers = append(v.Offers, newOfferRow(o))
	}
	return "product", v
}

func newOfferRow(o *entity.Offer) offerRow {
	row := offerRow{
		ID: o.ID, SKU: o.SKU, Barcode: o.Barcode, Picture: o.Picture, Price: o.Price.String(), Reserve: o.Reserve.String(),
	}
	var names []string
	for _, pr := range o.Properties {
		names = append(names, pr.Name+": "+pr.Value)
	}
	row.Properties = strings.Join(names, ", ")
	for _, w := range account.Warehouses() {
		row.Stock = append(row.Stock, stockCell{w.ID, w.Name, o.Stock[w.ID].String()})
	}
	return row
}

func (p catalog) editProduct(f *frame.Input) (string, error) {
	id := f.Path("id")
	return productPath(id), p.Catalog.Edit(id, func(row *entity.Product) {
		row.Name, row.Description, row.CategoryID = f.Text("name"), f.Text("description"), f.ID("category")
	})
}

func (p catalog) editOffer(f *frame.Input) (string, error) {
	id := f.Path("id")
	o := p.Catalog.Offer(id)
	if o == nil {
		return "", &table.MissingError{What: "offer", ID: id}
	}
	price, err := f.Amount("price")
	if err != nil {
		return "", err
	}
	stock := map[int64]decimal.Decimal{}
	for _, w := range account.Warehouses() {
		name := fmt.Sprintf("stock_%d", w.ID)
		if !f.Has(name) {
			continue
		}
		if stock[w.ID], err = f.Amount(name); err != nil {
			return "", err
		}
	}
	return productPath(o.ProductID), p.Stock.EditOffer(id, func(o *entity.Offer) {
		if f.Has("price") {
			o.Price = price
		}
		for w, q := range stock {
			o.Stock[w] = q
		}
	})
}
