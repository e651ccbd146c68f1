package keycrmtest

import (
	"slices"
	"strings"
	"time"
)

// answerAll pages through a dictionary that is held whole.
func answerAll[T, U any](s *Server, c *call, rows []T, render func(*T) U) *answer {
	l, bad := c.list(rules{})
	if bad != nil {
		return bad
	}
	if l.sort == "-id" {
		slices.Reverse(rows)
	}
	return page(s, l, list(cut(rows, l.window()), render), len(rows))
}

type statusJSON struct {
	ID               int64   `json:"id"`
	Name             string  `json:"name"`
	Alias            string  `json:"alias"`
	IsActive         bool    `json:"is_active"`
	GroupID          int64   `json:"group_id"`
	IsClosingOrder   bool    `json:"is_closing_order"`
	IsReserved       bool    `json:"is_reserved"`
	ExpirationPeriod *int64  `json:"expiration_period"`
	CreatedAt        isoTime `json:"created_at"`
	UpdatedAt        isoTime `json:"updated_at"`
	DeletedAt        *string `json:"deleted_at"`
}

func renderStatus(st *OrderStatus) statusJSON {
	return statusJSON{
		st.ID, st.Name, st.Alias, st.Active, st.GroupID, st.Closing, st.BuiltIn, idOrNull(st.ExpirationPeriod),
		isoTime(epoch()), isoTime(epoch()), nil,
	}
}

// statuses are sorted by id.
func (s *Server) statuses() []OrderStatus { return kept(s.db.statuses, all) }

func (s *Server) statusGroup(id int64) int64 {
	if st := s.db.statuses.rows[id]; st != nil {
		return st.GroupID
	}
	return 0
}

func (s *Server) listStatuses(c *call) *answer { return answerAll(s, c, s.statuses(), renderStatus) }

type sourceJSON struct {
	ID           int64   `json:"id"`
	Name         string  `json:"name"`
	Alias        string  `json:"alias"`
	Driver       string  `json:"driver"`
	SourceUUID   *string `json:"source_uuid"`
	SourceName   *string `json:"source_name"`
	CurrencyCode string  `json:"currency_code"`
	CreatedAt    isoTime `json:"created_at"`
	UpdatedAt    isoTime `json:"updated_at"`
}

func (s *Server) listSources(c *call) *answer {
	return answerAll(s, c, kept(s.db.sources, func(r *Source) bool { return r.Active }), func(r *Source) sourceJSON {
		return sourceJSON{r.ID, r.Name, r.Alias, "other", nil, nil, r.Currency, isoTime(epoch()), isoTime(epoch())}
	})
}

type methodJSON struct {
	ID       *int64  `json:"id"` // null: a name that no method has
	Name     string  `json:"name"`
	Alias    *string `json:"alias"`
	IsActive bool    `json:"is_active"`
}

func renderMethod(r *PaymentMethod) methodJSON {
	return methodJSON{&r.ID, r.Name, orNull(r.Alias), r.Active}
}

// renderMethodOf is the method of a payment, which may be a name alone.
func (s *Server) renderMethodOf(p *Payment) methodJSON {
	if m := s.method(p.MethodID); m != nil {
		return renderMethod(m)
	}
	return methodJSON{idOrNull(p.MethodID), p.Method, nil, false}
}

func (s *Server) listMethods(c *call) *answer {
	return answerAll(s, c, kept(s.db.methods, all), renderMethod)
}

type deliveryServiceJSON struct {
	ID         int64   `json:"id"`
	Name       string  `json:"name"`
	SourceName *string `json:"source_name"`
	Alias      string  `json:"alias"`
}

func (s *Server) listDeliveryServices(c *call) *answer {
	return answerAll(s, c, kept(s.db.deliveryServices, func(r *DeliveryService) bool { return r.Active }), func(r *DeliveryService) deliveryServiceJSON {
		return deliveryServiceJSON{r.ID, r.Name, orNull(r.SourceName), r.Alias}
	})
}

type expenseTypeJSON struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	Alias      string `json:"alias"`
	IsActive   bool   `json:"is_active"`
	IsReserved bool   `json:"is_reserved"`
	ByOrder    bool   `json:"by_order"`
}

func (s *Server) listExpenseTypes(c *call) *answer {
	return answerAll(s, c, seedExpenseTypes(), func(r *dictExpense) expenseTypeJSON {
		return expenseTypeJSON{r.ID, r.Name, r.Alias, true, strings.Contains(r.Name, "."), r.ByOrder}
	})
}

func (s *Server) listProductStatuses(c *call) *answer {
	return answerAll(s, c, seedProductStatuses(), renderStatus)
}

type tagJSON struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	Alias     string  `json:"alias"`
	Color     string  `json:"color"`
	CreatedAt isoTime `json:"created_at"`
	UpdatedAt isoTime `json:"updated_at"`
}

func renderTag(r *Tag) tagJSON {
	return tagJSON{r.ID, r.Name, r.Alias, r.Color, isoTime(epoch()), isoTime(epoch())}
}

func (s *Server) listTags(c *call) *answer {
	return answerAll(s, c, kept(s.db.tags, func(r *Tag) bool { return r.Active }), renderTag)
}

type userJSON struct {
	ID           int64   `json:"id"`
	FirstName    string  `json:"first_name"`
	LastName     string  `json:"last_name"`
	FullName     string  `json:"full_name"`
	Username     string  `json:"username"`
	Email        string  `json:"email"`
	Phone        *string `json:"phone"`
	RoleID       int64   `json:"role_id"`
	Status       string  `json:"status"`
	CreatedAt    isoTime `json:"created_at"`
	UpdatedAt    isoTime `json:"updated_at"`
	LastLoggedAt isoTime `json:"last_logged_at"`
}

func renderUser(u *User) userJSON {
	return userJSON{
		u.ID, u.First, u.Last, u.FullName(), u.Username, u.Email, nil, u.RoleID, userStatus(u),
		isoTime(epoch()), isoTime(epoch()), isoTime(lastLogin()),
	}
}

func lastLogin() time.Time { return epoch().Add(5 * time.Hour) }

func userStatus(u *User) string {
	if u.Active {
		return "active"
	}
	return "blocked"
}

// listUsers ignores unknown includes and filters.
func (s *Server) listUsers(c *call) *answer {
	l, bad := c.list(rules{
		filters:       []string{"id", "full_name", "role_id", "status", "email", "phone", "created_between", "last_logged_between"},
		ignoreFilters: true, ignoreIncludes: true,
	})
	if bad != nil {
		return bad
	}
	rows := kept(s.db.users, func(u *User) bool {
		return l.has("id", u.ID) && l.has("role_id", u.RoleID) && l.hasText("status", userStatus(u)) &&
			l.hasText("email", u.Email) && s.hasPhone(l, "phone", nil) && strings.Contains(u.FullName(), l.filters["full_name"]) &&
			l.between("created_between", epoch()) && l.between("last_logged_between", lastLogin())
	})
	return page(s, l, list(cut(rows, l.window()), renderUser), len(rows))
}

type fieldDefJSON struct {
	ID         int64        `json:"id"`
	Name       string       `json:"name"`
	UUID       string       `json:"uuid"`
	Model      string       `json:"model"`
	Type       string       `json:"type"`
	Required   bool         `json:"required"`
	Position   int          `json:"position"`
	IsMultiple bool         `json:"is_multiple"`
	Options    []optionJSON `json:"options"`
}

type optionJSON struct {
	ID      int64  `json:"id"`
	FieldID int64  `json:"field_id"`
	Value   string `json:"value"`
}

// listFields answers a bare array.
func (s *Server) listFields(c *call) *answer {
	l, bad := c.list(rules{filters: []string{"model"}, includes: []string{"options"}})
	if bad != nil {
		return bad
	}
	out := []fieldDefJSON{}
	for n, d := range sorted(s.db.fields) {
		if !d.Active || !l.hasText("model", d.Model) {
			continue
		}
		row := fieldDefJSON{d.ID, d.Name, d.UUID, d.Model, d.Type, false, n + 1, d.Multiple, []optionJSON{}}
		for _, o := range d.Options {
			if l.includes["options"] {
				row.Options = append(row.Options, optionJSON{o.ID, d.ID, o.Value})
			}
		}
		out = append(out, row)
	}
	return &answer{status: 200, body: out}
}

type pipelineJSON struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	TargetType  string `json:"target_type"`
	TargetID    *int64 `json:"target_id"`
	UsePayments bool   `json:"use_payments"`
	LeadType    string `json:"lead_type"`
}

func (s *Server) listPipelines(c *call) *answer {
	if s.settings().PipelinesOff {
		return leadsOff(400)
	}
	return answerAll(s, c, s.openPipelines(), func(p *Pipeline) pipelineJSON {
		use := p.UsePayments && !slices.Contains(s.settings().PaymentsOff, p.ID)
		return pipelineJSON{p.ID, p.Name, "lead_pipeline", nil, use, "request"}
	})
}

type pipelineStatusJSON struct {
	ID         int64  `json:"id"`
	PipelineID int64  `json:"pipeline_id"`
	Title      string `json:"title"`
	Alias      string `json:"alias"`
	Color      string `json:"color"`
	IsFinal    bool   `json:"is_final"`
	LeadsCount int    `json:"leads_count"`
}

func (s *Server) listPipelineStatuses(c *call) *answer {
	if s.settings().PipelinesOff {
		return leadsOff(400)
	}
	p := s.pipeline(c.id("id"))
	if p == nil {
		return notFound()
	}
	count := map[int64]int{}
	for _, card := range s.db.cards.rows {
		count[card.StatusID]++
	}
	return answerAll(s, c, p.Statuses, func(st *PipelineStatus) pipelineStatusJSON {
		return pipelineStatusJSON{st.ID, p.ID, st.Title, st.Alias, st.Color, st.Final, count[st.ID]}
	})
}

type paymentJSON struct {
	ID             int64     `json:"id"`
	DestinationID  int64     `json:"destination_id"`
	MethodID       *int64    `json:"payment_method_id"`
	Amount         number    `json:"amount"`
	ActualAmount   number    `json:"actual_amount"`
	SourceCurrency string    `json:"source_currency"`
	ActualCurrency string    `json:"actual_currency"`
	TransactionID  *string   `json:"transaction_uuid"`
	Description    *string   `json:"description"`
	Status         string    `json:"status"`
	FiscalResult   emptyList `json:"fiscal_result"`
	PaymentDate    isoTime   `json:"payment_date"`
	CreatedAt      isoTime   `json:"created_at"`
	UpdatedAt      isoTime   `json:"updated_at"`
}

func (s *Server) renderPayments(rows []Payment, owner, source int64) []paymentJSON {
	currency := s.currencyOf(source)
	return list(rows, func(p *Payment) paymentJSON {
		return paymentJSON{
			p.ID, owner, idOrNull(p.MethodID), number(p.Amount), number(p.Amount), currency, currency, nil, orNull(p.Description),
			p.Status,
			emptyList{},
			isoTime(p.PaidAt), isoTime(p.CreatedAt), isoTime(p.UpdatedAt),
		}
	})
}

// onePaymentJSON is the answer to POST and PUT of a payment: it has the method and no id.
type onePaymentJSON struct {
	MethodID    *int64     `json:"payment_method_id"`
	Method      methodJSON `json:"payment_method"`
	Amount      number     `json:"amount"`
	Description *string    `json:"description"`
	PaymentDate plainTime  `json:"payment_date"`
	Status      string     `json:"status"`
	CreatedAt   isoTime    `json:"created_at"`
	UpdatedAt   isoTime    `json:"updated_at"`
}

func (s *Server) renderOnePayment(p *Payment) onePaymentJSON {
	return onePaymentJSON{
		idOrNull(p.MethodID), s.renderMethodOf(p), number(p.Amount), orNull(p.Description), plainTime(p.PaidAt),
		p.Status, isoTime(p.CreatedAt), isoTime(p.UpdatedAt),
	}
}

// readPayment reads a new payment; status is what it has unless said otherwise.
func (s *Server) readPayment(f *form, status string) Payment {
	p := Payment{Status: status, CreatedAt: s.stamp(), UpdatedAt: s.stamp()}
	p.MethodID = f.known("payment_method_id", s.methodTaken)
	if name := f.text("payment_method"); p.MethodID == 0 && name != "" {
		s.readMethodName(f, name, &p)
	}
	if p.MethodID == 0 && p.Method == "" && len(f.root.errs) == 0 {
		f.fail("payment_method_id", "The %s field is required.", f.words("payment_method_id"))
	}
	f.require("amount")
	p.Amount = f.amount("amount").Decimal
	p.Description = f.text("description")
	p.PaidAt = f.moment("payment_date")
	if given := f.text("status"); given != "" {
		p.Status = given
	}
	if !contains([]string{"paid", "not_paid", "canceled"}, p.Status) {
		f.invalid("status")
	}
	return p
}

// readMethodName takes a name instead of an id; one that no method has stays with the payment as a text.
func (s *Server) readMethodName(f *form, name string, p *Payment) {
	switch m := s.methodByName(name); {
	case m != nil:
		p.MethodID = m.ID
	case s.otherwise(GuessPaymentMethod):
		f.invalid("payment_method")
	default:
		p.Method = name
	}
}

func (s *Server) changePayment(f *form, rows []Payment, id int64) *Payment {
	p := findRow(rows, func(p *Payment) bool { return p.ID == id })
	if p == nil {
		return nil
	}
	f.setText("description", &p.Description)
	if given := f.text("status"); given != "" {
		p.Status = given
	}
	if !contains([]string{"paid", "not_paid", "canceled"}, p.Status) {
		f.invalid("status")
	}
	p.UpdatedAt = s.stamp()
	return p
}
