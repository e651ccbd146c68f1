package keycrm

import "github.com/keybridge/keybridge/keycrm/internal/jsonscan"

// UnmarshalJSON reads an order and keeps it whole in Raw.
func (o *Order) UnmarshalJSON(b []byte) error { return decode(b, o) }

func (o *Order) read(s *jsonscan.Scanner) error { return orderMembers.readKept(s, o, &o.Raw) }

// UnmarshalJSON reads a card and keeps it whole in Raw.
func (c *Card) UnmarshalJSON(b []byte) error { return decode(b, c) }

func (c *Card) read(s *jsonscan.Scanner) error { return cardMembers.readKept(s, c, &c.Raw) }

// UnmarshalJSON reads a product and keeps it whole in Raw.
func (p *Product) UnmarshalJSON(b []byte) error { return decode(b, p) }

func (p *Product) read(s *jsonscan.Scanner) error { return productMembers.readKept(s, p, &p.Raw) }

// UnmarshalJSON reads an offer and keeps it whole in Raw.
func (o *Offer) UnmarshalJSON(b []byte) error { return decode(b, o) }

func (o *Offer) read(s *jsonscan.Scanner) error { return offerMembers.readKept(s, o, &o.Raw) }
