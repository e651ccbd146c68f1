package keycrm

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
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

var pipelineMembers = membersOf[Pipeline]()

func (p *Pipeline) read(s *jsonscan.Scanner) error { return pipelineMembers.read(s, p) }

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
func (p *PipelineStatus) UnmarshalJSON(b []byte) error { return decode(b, p) }

func (p *PipelineStatus) read(s *jsonscan.Scanner) error {
	var row pipelineStatus
	if err := row.read(s); err != nil {
		return err
	}
	if row.Title == "" {
		row.Title = row.Name
	}
	*p = PipelineStatus{row.ID, row.PipelineID, row.Title, row.Alias, row.Color, bool(row.IsFinal)}
	return nil
}

// pipelineStatus has the members of both forms.
type pipelineStatus struct {
	ID         int64  `json:"id"`
	PipelineID int64  `json:"pipeline_id"`
	Title      string `json:"title"`
	Name       string `json:"name"`
	Alias      string `json:"alias"`
	Color      string `json:"color"`
	IsFinal    Bool   `json:"is_final"`
}

var pipelineStatusMembers = membersOf[pipelineStatus]()

func (p *pipelineStatus) read(s *jsonscan.Scanner) error {
	return pipelineStatusMembers.readForgiving(s, p)
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
