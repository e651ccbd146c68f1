package hooks

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// An order that the CRM made of a card of ours carries no number of ours. Only the card tells: it names the
// order from then on, but no webhook needs to speak of it. So an unknown order of our source waits, and the
// cards that were changed since it was made are read.

const (
	// readBefore is how much earlier than the order its card may have been changed last.
	readBefore = 10 * time.Minute
	// readAgain is how much of what was read is read again: rows of the last moments may come late.
	readAgain = 2 * time.Minute
	// readEvery is how often a connection's cards are read at most, and readPages how many pages at a time.
	readEvery = time.Minute
	readPages = 10
	// cardsCount is how long a card may yet become an order, so that unknown ones wait for it. Some cards never do,
	// and without an end a single one of them would have all such orders wait, and cards be read for them, for ever.
	cardsCount = 90 * 24 * time.Hour
)

// became looks for the card that became an order. While there is none, the order waits for it.
func (b *Inbox) became(ctx context.Context, m *message, conn settings.Connection, s orders.State, res *result) (orders.Link, error) {
	res.made = s.CreatedAt
	has, err := b.hasCards(ctx, conn, s.CreatedAt)
	if err != nil {
		return orders.Link{}, err
	}
	if !has || b.Clock.Now().Sub(m.FirstAt) >= b.Config.Unconverted {
		res.Outcome, res.Reason = Unknown, ReasonNotOurs
		return orders.Link{}, nil
	}
	if err := b.readCards(ctx, conn, s.CreatedAt); err != nil {
		return orders.Link{}, err
	}
	link, err := b.findSent(ctx, m)
	if errors.Is(err, plugin.ErrNotFound) {
		b.again(m, res, 0, ReasonUnconverted)
		return link, nil
	}
	return link, err
}

// hasCards reports whether there is a card of ours that an order made then may have been.
func (b *Inbox) hasCards(ctx context.Context, conn settings.Connection, made time.Time) (bool, error) {
	since := b.Clock.Now().Add(-cardsCount)
	if made.Before(since) {
		return false, nil
	}
	return b.Orders.HasCards(ctx, conn.ID, since)
}

// unconverted reports whether an order still waits for its card: as long as no card names it there is no need
// to read it again.
func (b *Inbox) unconverted(ctx context.Context, m *message, conn settings.Connection, res *result) (bool, error) {
	if m.Outcome != Waiting || m.Reason != ReasonUnconverted || b.Clock.Now().Sub(m.FirstAt) >= b.Config.Unconverted {
		return false, nil
	}
	if err := b.readCards(ctx, conn, m.MadeAt.Time); err != nil {
		return false, err
	}
	_, err := b.findSent(ctx, m)
	if errors.Is(err, plugin.ErrNotFound) {
		b.again(m, res, 0, ReasonUnconverted)
		return true, nil
	}
	return false, err
}

// readCards reads on in a connection's cards, if that was not done within the last minute, so that orders made
// since then are known by them. What the CRM does not answer now is read the next time. Errors: Postgres
// could not be asked.
func (b *Inbox) readCards(ctx context.Context, conn settings.Connection, made time.Time) error {
	walk, ok, err := b.store.claimCards(ctx, conn.ID, b.Clock.Now(), readEvery)
	if err != nil || !ok {
		return err
	}
	oldest, err := b.store.oldestUnconverted(ctx, conn.ID)
	if err != nil {
		return err
	}
	if oldest.IsZero() || made.Before(oldest) {
		oldest = made
	}
	walk = walk.begin(oldest, b.Clock.Now())
	reader, err := b.Reader(ctx, conn.ID)
	if err != nil {
		b.cardsReadFailed(conn, err)
		return nil
	}
	// The row's lease has to last for reading the order too. What was read is stored even when the time is over.
	reading, cancel := context.WithTimeout(ctx, (b.Config.Lease-b.Config.Request)/2)
	defer cancel()
	for range readPages {
		became, more, err := reader.ConvertedCards(reading, conn.Settings.Orders.Source, walk.From, walk.Page)
		if err != nil {
			b.cardsReadFailed(conn, err)
			return nil
		}
		walk = walk.afterPage(more)
		if err := b.converted(ctx, conn.ID, became); err != nil {
			return err
		}
		if err := b.store.saveCards(ctx, conn.ID, walk); err != nil || !more {
			return err
		}
	}
	return nil
}

func (b *Inbox) cardsReadFailed(conn settings.Connection, err error) {
	b.Log.Warn("webhook: the cards cannot be read", "connection", string(conn.ID), "error", err.Error())
}

// converted records which cards became which orders, and lets orders go on that waited to be named.
func (b *Inbox) converted(ctx context.Context, conn plugin.ConnectionID, became map[string]string) error {
	if err := b.Orders.MarkConverted(ctx, conn, became); err != nil || len(became) == 0 {
		return err
	}
	return b.store.wakeUnconverted(ctx, conn, slices.Collect(maps.Values(became)), b.Clock.Now())
}

// begin answers the walk that makes known all cards changed since a little before the oldest order that
// waits: one that was begun goes on if it will, else only what was not read yet is read. What was changed between
// the last reading and then no order waits for, and it may be months of cards: it is passed over, and what was read
// before that counts no more.
func (c cardWalk) begin(oldest, now time.Time) cardWalk {
	need := oldest.Add(-readBefore)
	if !c.From.IsZero() && !c.From.After(need) && !c.At.Before(need) {
		return c
	}
	if c.ReadUntil.Before(need) {
		c.ReadFrom = time.Time{}
	}
	from := need
	if !c.ReadFrom.IsZero() && !c.ReadFrom.After(need) {
		from = c.ReadUntil.Add(-readAgain)
	}
	c.From, c.At, c.Page = from, now, 1
	return c
}

// afterPage is the walk after a page; the last one ends it.
func (c cardWalk) afterPage(more bool) cardWalk {
	if more {
		c.Page++
		return c
	}
	if c.ReadFrom.IsZero() || c.From.Before(c.ReadFrom) {
		c.ReadFrom = c.From
	}
	c.ReadUntil = c.At
	c.From, c.At, c.Page = time.Time{}, time.Time{}, 1
	return c
}
