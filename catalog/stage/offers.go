package stage

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/requests"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/settings"
)

// readOffers reads the offers: all of them, or, when categories are chosen and that is cheaper, those
// of the chosen products in groups.
func (w reader) readOffers(ctx context.Context) error {
	cursor, err := session.CursorOf[session.StrategyCursor](w.Run)
	if err != nil {
		return err
	}
	at := &cursor
	if len(w.Run.Settings.Chosen) == 0 {
		at.Way = requests.WholeList
	}
	end := func(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, total int) error {
		return w.endOffers(ctx, tx, run, at, total)
	}
	p := part{end: end}
	switch at.Way {
	case requests.Undecided:
		return w.decideOffers(ctx, at)
	case requests.CountAll, requests.SampleSome:
		return w.lookAtOffers(ctx, at)
	case requests.FinishSample:
		p.end = func(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, _ int) error {
			return w.groupOffers(ctx, tx, run, at)
		}
	case requests.InGroups:
		if at.Group+1 < at.Groups {
			p.end = inGroups(at, at.Groups, catalog.Confirm)
		}
	case requests.WholeList:
		return w.offersOf(ctx, at, p)
	}
	if p.codes, err = w.Store.Batches.Group(ctx, w.Run.ID, at.Group); err != nil {
		return err
	}
	return w.offersOf(ctx, at, p)
}

// offersOf reads one page of offers.
func (w reader) offersOf(ctx context.Context, cursor session.Paged, p part) error {
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return err
	}
	return readPage(ctx, w.Session, cursor, list[catalog.Offer]{
		name: store.ListOffers,
		fetch: func(ctx context.Context, codes []string, page string) (catalog.Page[catalog.Offer], error) {
			answer, err := source.OfferPage(ctx, catalog.OfferQuery{Products: codes}, page)
			return answer, session.OnlyOf(store.ListOffers, codes, answer.Rows, func(o catalog.Offer) string { return o.ProductID }, err)
		},
		stage: func(tx *sqlx.Tx, rows []catalog.Offer) (int, error) {
			return w.Store.Staging.PutOffers(ctx, tx, w.Run.ID, rows, w.Asked)
		},
		have: func(tx *sqlx.Tx, codes []string) (int, error) {
			return w.Store.Batches.Have(ctx, tx, "stage_offer", "product_id", w.Run.ID, codes)
		},
	}, p)
}

// decideOffers says how the run goes on, from what is known by now.
func (w reader) decideOffers(ctx context.Context, at *session.StrategyCursor) error {
	o := requests.Estimate{Sampled: at.Sampled, SampleOffers: at.SampleOffers}
	var err error
	if o.Known, o.Unknown, err = w.Store.Batches.Expected(ctx, w.Run); err != nil {
		return err
	}
	o.Unknown += at.Sampled // they stand in a group by now
	if at.Total != nil {
		o.Total, o.Spent = *at.Total, 1
	} else if o.Total, err = w.Store.Batches.KnownTotal(ctx, w.Run.Connection, store.ListOffers); err != nil {
		return err
	}
	run := w.Next()
	at.Way = o.Next()
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		switch at.Way {
		case requests.InGroups:
			return w.putGroups(ctx, tx, run, at, o.Known, requests.BatchRange{})
		case requests.SampleSome:
			if err := w.Store.Batches.PutSample(ctx, tx, *run, 0); err != nil {
				return err
			}
		case requests.WholeList:
			if at.Turn(0); at.Total != nil {
				at.Page = at.Rest
			}
			if at.Total != nil && at.Rest == "" {
				return w.endOffers(ctx, tx, run, at, *at.Total) // the first page was all there is
			}
		case requests.FinishSample:
			if at.Page == "" {
				return w.groupOffers(ctx, tx, run, at)
			}
		case requests.Undecided, requests.CountAll: // the first page of all comes first
		}
		session.MoveTo(run, at)
		return nil
	})
}

// lookAtOffers reads one page to learn something from: of all offers, or of a sample of products.
func (w reader) lookAtOffers(ctx context.Context, at *session.StrategyCursor) error {
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return err
	}
	var codes []string
	if at.Way == requests.SampleSome {
		if codes, err = w.Store.Batches.Group(ctx, w.Run.ID, at.Group); err != nil {
			return err
		}
	}
	w.Asked = w.Now()
	page, err := source.OfferPage(ctx, catalog.OfferQuery{Products: codes}, "")
	if err := session.OnlyOf(store.ListOffers, codes, page.Rows, func(o catalog.Offer) string { return o.ProductID }, err); err != nil {
		return err
	}
	if codes == nil {
		at.Total, at.Rest = &page.Total, page.Next
	} else {
		at.Sampled, at.SampleOffers, at.Page = len(codes), page.Total, page.Next
	}
	at.Way = requests.Undecided
	run := w.Next()
	run.Counters.Requests++
	session.MoveTo(run, at)
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		fresh, err := w.Store.Staging.PutOffers(ctx, tx, w.Run.ID, page.Rows, w.Asked)
		if err != nil {
			return err
		}
		run.Done += int64(fresh)
		if codes != nil {
			return nil
		}
		return w.rememberTotal(ctx, tx, *run, store.ListOffers, page.Total)
	})
}

// groupOffers ends the reading of the sample: what it has shown says how large the other groups of
// products of unknown size shall be.
func (w reader) groupOffers(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, at *session.StrategyCursor) error {
	known, unknown, err := w.Store.Batches.Expected(ctx, *run)
	if err != nil {
		return err
	}
	mean, deviation, err := w.Store.Batches.Spread(ctx, tx, run.ID, at.Group)
	if err != nil {
		return err
	}
	rest := requests.BatchRange{To: unknown}
	if unknown > 0 {
		groups, _ := requests.GroupsOfUnknown(unknown, mean, deviation)
		rest.Each = (unknown + groups - 1) / groups
	}
	return w.putGroups(ctx, tx, run, at, known, rest)
}

// putGroups stores the groups in which the chosen products are asked for that stand in none yet, and
// goes to the first of them. Those of unknown size go where rest says.
func (w reader) putGroups(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, at *session.StrategyCursor, known []requests.SizeClass, rest requests.BatchRange) error {
	first := 0
	if at.Sampled > 0 {
		first = at.Group + 1
	}
	blocks := requests.Pack(known)
	seats := requests.Ranges(blocks, first)
	at.Way, at.Groups = requests.InGroups, first+requests.Groups(blocks)
	if rest.To > 0 {
		rest.First = at.Groups
		at.Groups += (rest.To + rest.Each - 1) / rest.Each
		seats = append(seats, rest)
	}
	if first == at.Groups {
		return w.endOffers(ctx, tx, run, at, 0)
	}
	run.Total = run.Done + int64(requests.Offers(known))
	at.Turn(first)
	session.MoveTo(run, at)
	return w.Store.Batches.PutGroups(ctx, tx, *run, seats)
}

// rememberTotal remembers how long a list is, for the next runs.
func (w reader) rememberTotal(ctx context.Context, tx *sqlx.Tx, run catalog.Run, list string, total int) error {
	if run.Preview {
		return nil
	}
	return w.Store.Batches.SetTotal(ctx, tx, run.Connection, list, total)
}

// endOffers remembers what the reading has told of how many there are.
func (w reader) endOffers(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, at *session.StrategyCursor, total int) error {
	if at.Way == requests.WholeList {
		if err := w.rememberTotal(ctx, tx, *run, store.ListOffers, total); err != nil {
			return err
		}
	}
	if len(run.Settings.Chosen) > 0 && !run.Preview {
		if err := w.Store.Batches.CountOffers(ctx, tx, *run); err != nil {
			return err
		}
	}
	run.Enter(catalog.Confirm)
	return nil
}

// confirmOffers asks again for the offers of live products of which the scan has not shown some: rows
// can slip through while pages are read. Only then is a variant missing.
func (w reader) confirmOffers(ctx context.Context) error {
	if w.Run.Settings.Missing == settings.MissingNothing {
		return w.SkipTo(ctx, w.afterOffers())
	}
	at, err := session.CursorOf[session.ConfirmCursor](w.Run)
	if err != nil {
		return err
	}
	unread := w.Store.Staging.UnreadOffers
	if w.Keyed {
		unread = w.Store.Staging.UnreadOfKeys
	}
	if at.Codes == nil {
		if at.Codes, err = unread(ctx, w.Run, plan.Untreated(w.Run.Settings.Missing), at.After, catalog.GroupSize); err != nil {
			return err
		}
	}
	if len(at.Codes) == 0 {
		return w.SkipTo(ctx, w.afterOffers())
	}
	last := at.Codes[len(at.Codes)-1]
	return w.offersOf(ctx, &at, part{
		codes: at.Codes,
		end: func(_ context.Context, _ *sqlx.Tx, run *catalog.Run, _ int) error {
			session.MoveTo(run, session.ConfirmCursor{After: last})
			return nil
		},
	})
}
