package api

import (
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

// dictionaries is the endpoints of what people set up.
type dictionaries struct{ *base }

func (s dictionaries) listStatuses(c *call) *crmsim.Answer {
	return answerAll(s.base, c, s.Dictionaries.Statuses(), wire.NewStatus)
}

func (s dictionaries) listSources(c *call) *crmsim.Answer {
	return answerAll(s.base, c, s.DB.Sources.Where(func(r *entity.Source) bool { return r.Active }), wire.NewSource)
}

func (s dictionaries) listMethods(c *call) *crmsim.Answer {
	return answerAll(s.base, c, s.DB.Methods.Where(nil), wire.NewMethod)
}

func (s dictionaries) listDeliveryServices(c *call) *crmsim.Answer {
	return answerAll(s.base, c, s.DB.DeliveryServices.Where(func(r *entity.DeliveryService) bool { return r.Active }), wire.NewDeliveryService)
}

func (s dictionaries) listExpenseTypes(c *call) *crmsim.Answer {
	return answerAll(s.base, c, account.ExpenseTypes(), wire.NewExpenseType)
}

func (s dictionaries) listProductStatuses(c *call) *crmsim.Answer {
	return answerAll(s.base, c, account.ProductStatuses(), wire.NewStatus)
}

func (s dictionaries) listTags(c *call) *crmsim.Answer {
	return answerAll(s.base, c, s.DB.Tags.Where(func(r *entity.Tag) bool { return r.Active }), wire.NewTag)
}

// listUsers ignores unknown includes and filters.
func (s dictionaries) listUsers(c *call) *crmsim.Answer {
	l, bad := c.list(rules{
		filters:       []string{"id", "full_name", "role_id", "status", "email", "phone", "created_between", "last_logged_between"},
		ignoreFilters: true, ignoreIncludes: true,
	})
	if bad != nil {
		return bad
	}
	rows := s.DB.Users.Where(func(u *entity.User) bool {
		return l.has("id", u.ID) && l.has("role_id", u.RoleID) && l.hasText("status", wire.UserStatus(u)) &&
			l.hasText("email", u.Email) && s.hasPhone(l, "phone", nil) && strings.Contains(u.FullName(), l.filters["full_name"]) &&
			l.between("created_between", account.Epoch()) && l.between("last_logged_between", wire.LastLogin())
	})
	return page(s.base, l, crmsim.Map(table.Cut(rows, l.window()), wire.NewUser), len(rows))
}

// listFields answers a bare array.
func (s dictionaries) listFields(c *call) *crmsim.Answer {
	l, bad := c.list(rules{filters: []string{"model"}, includes: []string{"options"}})
	if bad != nil {
		return bad
	}
	out := []wire.Field{}
	for n, d := range s.DB.Fields.Sorted() {
		if !d.Active || !l.hasText("model", d.Model) {
			continue
		}
		out = append(out, wire.NewField(d, n+1, l.includes["options"]))
	}
	return &crmsim.Answer{Status: 200, Body: out}
}

func (s dictionaries) listPipelines(c *call) *crmsim.Answer {
	if s.Settings().PipelinesOff {
		return leadsOff(400)
	}
	return answerAll(s.base, c, s.Dictionaries.OpenPipelines(), func(p *entity.Pipeline) wire.Pipeline {
		use := p.UsePayments && !slices.Contains(s.Settings().PaymentsOff, p.ID)
		return wire.NewPipeline(p, use)
	})
}

func (s dictionaries) listPipelineStatuses(c *call) *crmsim.Answer {
	if s.Settings().PipelinesOff {
		return leadsOff(400)
	}
	p := s.DB.Pipelines.Get(c.id("id"))
	if p == nil {
		return notFound()
	}
	count := map[int64]int{}
	for _, card := range s.DB.Cards.All() {
		count[card.StatusID]++
	}
	return answerAll(s.base, c, p.Statuses, func(st *entity.PipelineStatus) wire.PipelineStatus {
		return wire.NewPipelineStatus(p.ID, st, count[st.ID])
	})
}
