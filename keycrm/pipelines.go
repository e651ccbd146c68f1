package keycrm

import (
	"context"
	"encoding/json"
	"fmt"
)

// PipelinesService reads the sales pipelines. Without pipelines in the account it answers ErrFeatureOff.
type PipelinesService struct{ c *caller }

// Pipeline is a sales funnel.
type Pipeline struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	LeadType    string `json:"lead_type"`
	UsePayments Bool   `json:"use_payments"` // false: payments sent with a card are dropped
}

// List returns one page of pipelines.
// Source: KeyCRM OpenAPI v1, GET /pipelines.
func (s *PipelinesService) List(ctx context.Context, q PageQuery) ([]Pipeline, *Page, error) {
	return list[Pipeline](ctx, s.c, "pipelines.list", "pipelines", q.query())
}

// PipelineStatus is a column of a pipeline.
type PipelineStatus struct {
	ID         int64
	PipelineID int64
	Title      string
	Alias      string
	Color      string // "#RRGGBB"
	IsFinal    bool
}

// UnmarshalJSON reads the text from title (list of statuses) or name (inside a card), and [] as no status.
func (p *PipelineStatus) UnmarshalJSON(b []byte) error {
	var raw struct {
		ID         int64  `json:"id"`
		PipelineID int64  `json:"pipeline_id"`
		Title      string `json:"title"`
		Name       string `json:"name"`
		Alias      string `json:"alias"`
		Color      string `json:"color"`
		IsFinal    Bool   `json:"is_final"`
	}
	if err := object(b, &raw); err != nil {
		return err
	}
	if raw.Title == "" {
		raw.Title = raw.Name
	}
	*p = PipelineStatus{raw.ID, raw.PipelineID, raw.Title, raw.Alias, raw.Color, bool(raw.IsFinal)}
	return nil
}

// MarshalJSON writes the form of the list of statuses.
func (p PipelineStatus) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID         int64  `json:"id"`
		PipelineID int64  `json:"pipeline_id"`
		Title      string `json:"title"`
		Alias      string `json:"alias"`
		Color      string `json:"color"`
		IsFinal    bool   `json:"is_final"`
	}{p.ID, p.PipelineID, p.Title, p.Alias, p.Color, p.IsFinal})
}

// Statuses returns one page of a pipeline's statuses in their order on the board.
// Source: KeyCRM OpenAPI v1, GET /pipelines/{pipelineId}/statuses.
func (s *PipelinesService) Statuses(ctx context.Context, pipelineID int64, q PageQuery) ([]PipelineStatus, *Page, error) {
	path := fmt.Sprintf("pipelines/%d/statuses", pipelineID)
	return list[PipelineStatus](ctx, s.c, "pipelines.statuses", path, q.query())
}
