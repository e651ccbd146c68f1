package form

import (
	"errors"
	"slices"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

// Lists are those of both sides: what a form offers, and what is checked against.
type Lists struct {
	CRM  *CRMLists
	Shop *ShopLists
}

// List is one list of the CRM. Beside an error the rows are those of an earlier reading, if any.
type List[T any] struct {
	Rows []T
	Err  error
}

// CRMLists is everything of the CRM that settings refer to, as read at one moment.
type CRMLists struct {
	Sources    List[crm.Source]
	Statuses   List[crm.Status]
	Pipelines  List[crm.Pipeline]
	Payments   List[crm.PaymentMethod]
	Deliveries List[crm.DeliveryService]
	Fields     List[crm.Field]
	Warehouses List[crm.Warehouse]
	Categories List[crm.Category]
}

// Err answers why the lists could not be read; nil when they could. An account without pipelines is
// no trouble in itself.
func (l *CRMLists) Err() error {
	var first error
	for _, err := range []error{
		l.Sources.Err, l.Statuses.Err, l.Payments.Err, l.Deliveries.Err, l.Fields.Err, l.Categories.Err, l.Pipelines.Err,
		l.Warehouses.Err,
	} {
		if errors.Is(err, crm.ErrUnauthorised) {
			return err
		}
		if first == nil && !errors.Is(err, crm.ErrFeatureOff) {
			first = err
		}
	}
	return first
}

// FailAll says of every list that it could not be read; the rows stay.
func (l *CRMLists) FailAll(err error) {
	l.Sources.Err, l.Statuses.Err, l.Pipelines.Err, l.Payments.Err = err, err, err, err
	l.Deliveries.Err, l.Fields.Err, l.Categories.Err, l.Warehouses.Err = err, err, err, err
}

// ShopLists are the shop's own lists that the merchant maps to the CRM's.
type ShopLists struct {
	Statuses    []plugin.OrderStatus
	Payments    []plugin.PaymentMethod
	Deliveries  []plugin.DeliveryMethod
	AddOns      []plugin.AddOn
	Storefronts []plugin.Storefront
	Languages   []plugin.Language
	// Categories stand in the order of the tree.
	Categories []ShopCategory
}

// ShopCategory is a category of the shop with the names of those above it.
type ShopCategory struct {
	ID   plugin.CategoryID
	Path string
}

func (s *ShopLists) statusName(code string) string {
	at := slices.IndexFunc(s.Statuses, func(o plugin.OrderStatus) bool { return o.Code == code })
	if at < 0 {
		return code
	}
	return s.Statuses[at].Name
}

// HasCategory reports whether the shop has the category.
func (s *ShopLists) HasCategory(id plugin.CategoryID) bool {
	return slices.ContainsFunc(s.Categories, func(c ShopCategory) bool { return c.ID == id })
}

// HasLanguage reports whether the shop keeps texts in the language.
func (s *ShopLists) HasLanguage(code string) bool {
	return slices.ContainsFunc(s.Languages, func(l plugin.Language) bool { return l.Code == code })
}
