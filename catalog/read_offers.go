package catalog

import (
	"context"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog/requests"
	"github.com/keybridge/keybridge/internal/settings"
)

// readOffers reads the offers: all of them, or, when categories are chosen and that is cheaper, those
// of the chosen products in groups.
func (w *worker) readOffers(ctx context.Context) error {
	at, err := w.run.at()
	if err != nil {
		return err
	}
	if len(w.run.Settings.Chosen) == 0 {
		at.Way = requests.WholeList
	}
	p := part{end: w.endOffers}
	switch at.Way {
	case requests.Undecided:
		return w.decideOffers(ctx, at)
	case requests.CountAll, requests.SampleSome:
		return w.lookAtOffers(ctx, at)
	case requests.FinishSample:
		p.end = w.groupOffers
	case requests.InGroups:
		p.end = inGroups(at.Groups, Confirm)
		if at.Group+1 == at.Groups {
			p.end = w.endOffers
		}
	case requests.WholeList:
		return w.offersOf(ctx, at, p)
	}
	if p.codes, err = w.e.store.group(ctx, w.run.ID, at.Group); err != nil {
		return err
	}
	return w.offersOf(ctx, at, p)
}

// offersOf reads one page of offers.
func (w *worker) offersOf(ctx context.Context, at cursor, p part) error {
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	return readPage(ctx, w, at, list[Offer]{
		name: listOffers,
		fetch: func(ctx context.Context, codes []string, page string) (Page[Offer], error) {
			answer, err := source.OfferPage(ctx, OfferQuery{Products: codes}, page)
			return answer, onlyOf(listOffers, codes, answer.Rows, func(o Offer) string { return o.ProductID }, err)
		},
		stage: func(tx *sqlx.Tx, rows []Offer) (int, error) {
			return w.e.store.stageOffers(ctx, tx, w.run.ID, rows, w.asked)
		},
		have: func(tx *sqlx.Tx, codes []string) (int, error) {
			return w.e.store.have(ctx, tx, "stage_offer", "product_id", w.run.ID, codes)
		},
	}, p)
}

// onlyOf refuses an answer with rows that nobody asked for: a CRM that does not heed the question would
// answer the whole list to each group.
func onlyOf[T any](name string, codes []string, rows []T, code func(T) string, err error) error {
	if err != nil || codes == nil {
		return err
	}
	strange := 0
	for _, r := range rows {
		if !slices.Contains(codes, code(r)) {
			strange++
		}
	}
	if strange == 0 {
		return nil
	}
	return &stop{code: CodeIncomplete, params: Params{
		"list": name, "read": strconv.Itoa(len(rows) - strange), "total": strconv.Itoa(len(rows)),
	}}
}

// decideOffers says how the run goes on, from what is known by now.
func (w *worker) decideOffers(ctx context.Context, at cursor) error {
	o := requests.Estimate{Sampled: at.Sampled, SampleOffers: at.SampleOffers}
	var err error
	if o.Known, o.Unknown, err = w.e.store.expected(ctx, w.run); err != nil {
		return err
	}
	o.Unknown += at.Sampled // they stand in a group by now
	if at.Total != nil {
		o.Total, o.Spent = *at.Total, 1
	} else if o.Total, err = w.e.store.knownTotal(ctx, w.run.Connection, listOffers); err != nil {
		return err
	}
	run := w.next()
	at.Way = o.Next()
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		switch at.Way {
		case requests.InGroups:
			return w.putGroups(ctx, tx, run, at, o.Known, requests.BatchRange{})
		case requests.SampleSome:
			if err := w.e.store.putSample(ctx, tx, *run, 0); err != nil {
				return err
			}
		case requests.WholeList:
			if at.turn(0); at.Total != nil {
				at.Page = at.Rest
			}
			if at.Total != nil && at.Rest == "" {
				return w.endOffers(ctx, tx, run, at, *at.Total) // the first page was all there is
			}
		case requests.FinishSample:
			if at.Page == "" {
				return w.groupOffers(ctx, tx, run, at, at.SampleOffers)
			}
		}
		run.moveTo(at)
		return nil
	})
}

// lookAtOffers reads one page to learn something from: of all offers, or of a sample of products.
func (w *worker) lookAtOffers(ctx context.Context, at cursor) error {
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	var codes []string
	if at.Way == requests.SampleSome {
		if codes, err = w.e.store.group(ctx, w.run.ID, at.Group); err != nil {
			return err
		}
	}
	w.asked = w.e.now()
	page, err := source.OfferPage(ctx, OfferQuery{Products: codes}, "")
	if err := onlyOf(listOffers, codes, page.Rows, func(o Offer) string { return o.ProductID }, err); err != nil {
		return err
	}
	if codes == nil {
		at.Total, at.Rest = &page.Total, page.Next
	} else {
		at.Sampled, at.SampleOffers, at.Page = len(codes), page.Total, page.Next
	}
	at.Way = requests.Undecided
	run := w.next()
	run.Counters.Requests++
	run.moveTo(at)
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		fresh, err := w.e.store.stageOffers(ctx, tx, w.run.ID, page.Rows, w.asked)
		if err != nil {
			return err
		}
		run.Done += int64(fresh)
		if codes != nil {
			return nil
		}
		return w.rememberTotal(ctx, tx, *run, listOffers, page.Total)
	})
}

// groupOffers ends the reading of the sample: what it has shown says how large the other groups of
// products of unknown size shall be.
func (w *worker) groupOffers(ctx context.Context, tx *sqlx.Tx, run *Run, at cursor, _ int) error {
	known, unknown, err := w.e.store.expected(ctx, *run)
	if err != nil {
		return err
	}
	mean, deviation, err := w.e.store.spread(ctx, tx, run.ID, at.Group)
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
func (w *worker) putGroups(ctx context.Context, tx *sqlx.Tx, run *Run, at cursor, known []requests.SizeClass, rest requests.BatchRange) error {
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
	at.turn(first)
	run.moveTo(at)
	return w.e.store.putGroups(ctx, tx, *run, seats)
}

// rememberTotal remembers how long a list is, for the next runs.
func (w *worker) rememberTotal(ctx context.Context, tx *sqlx.Tx, run Run, list string, total int) error {
	if run.Preview {
		return nil
	}
	return w.e.store.setTotal(ctx, tx, run.Connection, list, total)
}

// endOffers remembers what the reading has told of how many there are.
func (w *worker) endOffers(ctx context.Context, tx *sqlx.Tx, run *Run, at cursor, total int) error {
	if at.Way == requests.WholeList {
		if err := w.rememberTotal(ctx, tx, *run, listOffers, total); err != nil {
			return err
		}
	}
	if len(run.Settings.Chosen) > 0 && !run.Preview {
		if err := w.e.store.countOffers(ctx, tx, *run); err != nil {
			return err
		}
	}
	run.enter(Confirm)
	return nil
}

// confirmOffers asks again for the offers of live products of which the scan has not shown some: rows
// can slip through while pages are read. Only then is a variant missing.
func (w *worker) confirmOffers(ctx context.Context) error {
	if w.run.Settings.Missing == settings.MissingNothing {
		return w.skipTo(ctx, w.beforePlan())
	}
	at, err := w.run.at()
	if err != nil {
		return err
	}
	unread := w.e.store.unreadOffers
	if w.keyed {
		unread = w.e.store.unreadOfKeys
	}
	if at.Codes == nil {
		if at.Codes, err = unread(ctx, w.run, untreated(w.run.Settings.Missing), at.After, GroupSize); err != nil {
			return err
		}
	}
	if len(at.Codes) == 0 {
		return w.skipTo(ctx, w.beforePlan())
	}
	last := at.Codes[len(at.Codes)-1]
	return w.offersOf(ctx, at, part{
		codes: at.Codes,
		end: func(_ context.Context, _ *sqlx.Tx, run *Run, _ cursor, _ int) error {
			run.moveTo(cursor{After: last})
			return nil
		},
	})
}
