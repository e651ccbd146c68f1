package statuses

import "time"

// Begin remembers that somebody begins to bring a status of the CRM to the shop.
func (m Memory) Begin(seen Seen) Memory {
	if !seen.At.Before(m.Moving.At) {
		m.Moving = seen
	}
	return m
}

// Settle remembers a status as dealt with, by a decision that was made on was; an older one than known
// changes nothing. What we had set ourselves by then is confirmed by it, or outdated.
func (m Memory) Settle(seen Seen, was Memory, confirmed bool) Memory {
	if m.Known.At.After(seen.At) {
		return m
	}
	m.Known = seen
	if m.Own == was.Own {
		if confirmed {
			m.ToldAt = later(m.ToldAt, m.Own.ShopAt)
		}
		m.Own = Own{}
	}
	return m
}

// Announce remembers what we are about to set in the CRM, which has just said what it has. While something
// else is on its way from there into the shop, ours cannot be told from a change of somebody's: then the CRM's
// word about it counts as any.
func (m Memory) Announce(own Own, said Said) Memory {
	if m.echo(said) {
		m = m.Settle(said.Dated(), m, true)
	}
	m.Own = Own{}
	if !m.moving() {
		m.Own = own
	}
	return m
}

// Withdraw forgets what we wanted to set and the CRM has not taken.
func (m Memory) Withdraw(own Own) Memory {
	if m.Own == own {
		m.Own = Own{}
	}
	return m
}

// Confirm remembers that the CRM has set what was announced, at a time of its clock; zero: it did not say, and
// a later reading will. A status that came from the CRM meanwhile leaves it to that reading, too, which of the
// two stands.
func (m Memory) Confirm(own Own, at time.Time) Memory {
	if at.IsZero() {
		return m
	}
	m.ToldAt = later(m.ToldAt, own.ShopAt)
	if m.Own != own {
		return m
	}
	m.Own = Own{}
	if !m.moving() && !at.Before(m.Known.At) {
		m.Known = Seen{Status: own.Status, At: at}
	}
	return m
}

// Agree remembers that the CRM has, on reading, what the shop's change asks for.
func (m Memory) Agree(said Said) Memory {
	m.ToldAt = later(m.ToldAt, m.ShopAt)
	if seen := said.Dated(); !m.moving() && !seen.At.Before(m.Known.At) {
		m.Known, m.Own = seen, Own{}
	}
	return m
}

// moving reports whether a status of the CRM is on its way into the shop.
func (m Memory) moving() bool {
	return m.Moving.At.After(m.Known.At) || m.Moving.Status != "" && m.Moving.At.Equal(m.Known.At) && m.Moving.Status != m.Known.Status
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
