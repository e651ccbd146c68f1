package api

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

// files is the endpoints of uploaded files.
type files struct{ *base }

// uploadPath takes files, the only body that is documented as no JSON.
const uploadPath = "/storage/upload"

// maxUpload is what KeyCRM documents: 10 MB.
const maxUpload = 10 << 20

// post keeps a file; one that is there already is answered with 200.
func (s files) post(c *call) *crmsim.Answer {
	r := c.r.Clone(c.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(c.Sent))
	part, head, err := r.FormFile("file")
	if err != nil {
		return form.Refuse("file", "The file field is required.")
	}
	defer func() { _ = part.Close() }()
	data, err := io.ReadAll(part)
	if err != nil {
		return form.Refuse("file", "The file failed to upload.")
	}
	if len(data) > maxUpload {
		return fileTooLarge()
	}
	sum := sha256.Sum256(data)
	f := &account.File{
		Name: head.Filename, Sum: fmt.Sprintf("%x", sum), Size: int64(len(data)), MIME: http.DetectContentType(data),
		CreatedAt: s.Stamp(),
	}
	for _, old := range s.DB.Files.All() {
		if old.Sum == f.Sum && old.Name == f.Name {
			return &crmsim.Answer{Status: 200, Body: s.wire.File(old)}
		}
	}
	f.ID = s.DB.Files.Next()
	s.DB.Files.Put(f.ID, f)
	return &crmsim.Answer{Status: 201, Body: s.wire.File(f)}
}

func fileTooLarge() *crmsim.Answer {
	return message(http.StatusRequestEntityTooLarge, "The file is too large.")
}

func (s files) list(c *call) *crmsim.Answer {
	rows := s.DB.Files.Where(nil)
	slices.Reverse(rows)
	return answerAll(s.base, c, rows, func(f *account.File) wire.File { return s.wire.File(f) })
}

func (s files) postOrderAttachment(c *call) *crmsim.Answer {
	o, file := s.DB.Orders.Get(c.id("id")), c.id("file")
	if o == nil || s.DB.Files.Get(file) == nil {
		return notFound()
	}
	s.Orders.Change(o, func(o *entity.Order) bool { o.Attachments = account.Toggled(o.Attachments, file, true); return true })
	return &crmsim.Answer{Status: 202, Body: statusBody{true}}
}

// deleteOrderAttachment answers 201, odd as that is: so KeyCRM documents it.
func (s files) deleteOrderAttachment(c *call) *crmsim.Answer {
	o, file := s.DB.Orders.Get(c.id("id")), c.id("file")
	if o == nil {
		return notFound()
	}
	if !slices.Contains(o.Attachments, file) {
		return &crmsim.Answer{Status: 400, Body: statusBody{false}}
	}
	s.Orders.Change(o, func(o *entity.Order) bool { o.Attachments = account.Toggled(o.Attachments, file, false); return true })
	return &crmsim.Answer{Status: 201, Body: statusBody{true}}
}

func (s files) postCardAttachment(c *call) *crmsim.Answer {
	row, bad := s.cardOf(c)
	if bad != nil {
		return bad
	}
	file := c.id("file")
	if s.DB.Files.Get(file) == nil {
		return notFound()
	}
	s.Cards.Change(row, func(c *entity.Card) { c.Attachments = account.Toggled(c.Attachments, file, true) })
	return &crmsim.Answer{Status: 202, Body: statusBody{true}}
}

func (s files) deleteCardAttachment(c *call) *crmsim.Answer {
	row, bad := s.cardOf(c)
	if bad != nil {
		return bad
	}
	file := c.id("file")
	if !slices.Contains(row.Attachments, file) {
		return &crmsim.Answer{Status: 400, Body: statusBody{false}}
	}
	s.Cards.Change(row, func(c *entity.Card) { c.Attachments = account.Toggled(c.Attachments, file, false) })
	return &crmsim.Answer{Status: 201, Body: statusBody{true}}
}

// listAttachments is a bare list of the files of an order or a card.
func (s files) listAttachments(c *call) *crmsim.Answer {
	var ids []int64
	switch o, card := s.DB.Orders.Get(c.id("id")), s.DB.Cards.Get(c.id("id")); c.r.PathValue("type") {
	case "order":
		if o == nil {
			return notFound()
		}
		ids = o.Attachments
	case "pipelines":
		if card == nil {
			return notFound()
		}
		ids = card.Attachments
	default:
		return notFound()
	}
	out := []wire.File{}
	for _, id := range ids {
		if f := s.DB.Files.Get(id); f != nil {
			out = append(out, s.wire.File(f))
		}
	}
	return &crmsim.Answer{Status: 200, Body: out}
}
