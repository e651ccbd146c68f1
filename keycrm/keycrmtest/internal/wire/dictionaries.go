package wire

import (
	"strings"
	"time"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// Status is a status of orders or of their lines.
type Status struct {
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

// NewStatus writes a status.
func NewStatus(st *entity.OrderStatus) Status {
	return Status{
		st.ID, st.Name, st.Alias, st.Active, st.GroupID, st.Closing, st.BuiltIn, idOrNull(st.ExpirationPeriod),
		isoTime(account.Epoch()), isoTime(account.Epoch()), nil,
	}
}

// Source is where orders come from.
type Source struct {
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

// NewSource writes a source.
func NewSource(r *entity.Source) Source {
	return Source{r.ID, r.Name, r.Alias, "other", nil, nil, r.Currency, isoTime(account.Epoch()), isoTime(account.Epoch())}
}

// DeliveryService is a way to deliver.
type DeliveryService struct {
	ID         int64   `json:"id"`
	Name       string  `json:"name"`
	SourceName *string `json:"source_name"`
	Alias      string  `json:"alias"`
}

// NewDeliveryService writes a delivery service.
func NewDeliveryService(r *entity.DeliveryService) DeliveryService {
	return DeliveryService{r.ID, r.Name, orNull(r.SourceName), r.Alias}
}

// ExpenseType is a kind of expense.
type ExpenseType struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	Alias      string `json:"alias"`
	IsActive   bool   `json:"is_active"`
	IsReserved bool   `json:"is_reserved"`
	ByOrder    bool   `json:"by_order"`
}

// NewExpenseType writes a kind of expense; one that nobody has named carries its translation key.
func NewExpenseType(r *entity.ExpenseType) ExpenseType {
	return ExpenseType{r.ID, r.Name, r.Alias, true, strings.Contains(r.Name, "."), r.ByOrder}
}

// Tag is a mark of orders.
type Tag struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	Alias     string  `json:"alias"`
	Color     string  `json:"color"`
	CreatedAt isoTime `json:"created_at"`
	UpdatedAt isoTime `json:"updated_at"`
}

// NewTag writes a tag.
func NewTag(r *entity.Tag) Tag {
	return Tag{r.ID, r.Name, r.Alias, r.Color, isoTime(account.Epoch()), isoTime(account.Epoch())}
}

// User is a person of the account.
type User struct {
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

// NewUser writes a person of the account.
func NewUser(u *entity.User) User {
	return User{
		u.ID, u.First, u.Last, u.FullName(), u.Username, u.Email, nil, u.RoleID, UserStatus(u),
		isoTime(account.Epoch()), isoTime(account.Epoch()), isoTime(LastLogin()),
	}
}

// LastLogin is when everybody was seen last.
func LastLogin() time.Time { return account.Epoch().Add(5 * time.Hour) }

// UserStatus says whether a person is blocked.
func UserStatus(u *entity.User) string {
	if u.Active {
		return "active"
	}
	return "blocked"
}

// Field is a custom field.
type Field struct {
	ID         int64         `json:"id"`
	Name       string        `json:"name"`
	UUID       string        `json:"uuid"`
	Model      string        `json:"model"`
	Type       string        `json:"type"`
	Required   bool          `json:"required"`
	Position   int           `json:"position"`
	IsMultiple bool          `json:"is_multiple"`
	Options    []FieldOption `json:"options"`
}

// NewField writes a custom field at its position, with its options if those are asked for.
func NewField(f *entity.CustomField, position int, options bool) Field {
	out := Field{f.ID, f.Name, f.UUID, f.Model, f.Type, false, position, f.Multiple, []FieldOption{}}
	for _, o := range f.Options {
		if options {
			out.Options = append(out.Options, FieldOption{o.ID, f.ID, o.Value})
		}
	}
	return out
}

// FieldOption is a choice of a select field.
type FieldOption struct {
	ID      int64  `json:"id"`
	FieldID int64  `json:"field_id"`
	Value   string `json:"value"`
}

// Pipeline is a board of cards.
type Pipeline struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	TargetType  string `json:"target_type"`
	TargetID    *int64 `json:"target_id"`
	UsePayments bool   `json:"use_payments"`
	LeadType    string `json:"lead_type"`
}

// NewPipeline writes a pipeline.
func NewPipeline(p *entity.Pipeline, usePayments bool) Pipeline {
	return Pipeline{p.ID, p.Name, "lead_pipeline", nil, usePayments, "request"}
}

// PipelineStatus is a column of a pipeline.
type PipelineStatus struct {
	ID         int64  `json:"id"`
	PipelineID int64  `json:"pipeline_id"`
	Title      string `json:"title"`
	Alias      string `json:"alias"`
	Color      string `json:"color"`
	IsFinal    bool   `json:"is_final"`
	LeadsCount int    `json:"leads_count"`
}

// NewPipelineStatus writes a column of the pipeline with so many cards.
func NewPipelineStatus(pipeline int64, st *entity.PipelineStatus, cards int) PipelineStatus {
	return PipelineStatus{st.ID, pipeline, st.Title, st.Alias, st.Color, st.Final, cards}
}
