package keycrm

import (
	"bytes"
	"encoding/json"
)

// keep decodes a row and keeps its text, so that members this package has no name for can be read too.
func keep(b []byte, dst any, raw *json.RawMessage) error {
	if err := json.Unmarshal(b, dst); err != nil {
		return err
	}
	if b = bytes.TrimSpace(b); !bytes.Equal(b, []byte("null")) {
		*raw = bytes.Clone(b)
	}
	return nil
}

// UnmarshalJSON reads an order and keeps it whole in Raw.
func (o *Order) UnmarshalJSON(b []byte) error {
	type plain Order
	return keep(b, (*plain)(o), &o.Raw)
}

// UnmarshalJSON reads a card and keeps it whole in Raw.
func (c *Card) UnmarshalJSON(b []byte) error {
	type plain Card
	return keep(b, (*plain)(c), &c.Raw)
}

// UnmarshalJSON reads a product and keeps it whole in Raw.
func (p *Product) UnmarshalJSON(b []byte) error {
	type plain Product
	return keep(b, (*plain)(p), &p.Raw)
}

// UnmarshalJSON reads an offer and keeps it whole in Raw.
func (o *Offer) UnmarshalJSON(b []byte) error {
	type plain Offer
	return keep(b, (*plain)(o), &o.Raw)
}
