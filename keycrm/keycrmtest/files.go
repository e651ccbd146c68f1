package keycrmtest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// storedFile is an uploaded file. Only its fingerprint is kept: nobody reads the bytes back.
type storedFile struct {
	ID        int64
	Name      string // as it was sent
	Sum       string // SHA-256, hex
	Size      int64
	MIME      string
	CreatedAt time.Time
}

// uploadPath takes files, the only body that is documented as no JSON.
const uploadPath = "/storage/upload"

// maxUpload is what KeyCRM documents: 10 MB.
const maxUpload = 10 << 20

type fileJSON struct {
	ID           int64   `json:"id"`
	FileName     string  `json:"file_name"`
	URL          string  `json:"url"`
	Size         int64   `json:"size"`
	Extension    string  `json:"extension"`
	OriginalName string  `json:"original_file_name"`
	MIME         string  `json:"mime_type"`
	CreatedAt    isoTime `json:"created_at"`
	UpdatedAt    isoTime `json:"updated_at"`
}

func (s *Server) renderFile(f *storedFile) fileJSON {
	ext := strings.TrimPrefix(path.Ext(f.Name), ".")
	name := f.Sum[:30]
	return fileJSON{
		f.ID, name, s.BaseURL() + "/storage/" + name, f.Size, ext, f.Name, f.MIME, isoTime(f.CreatedAt), isoTime(f.CreatedAt),
	}
}

// postUpload keeps a file; one that is there already is answered with 200.
func (s *Server) postUpload(c *call) *answer {
	r := c.r.Clone(c.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(c.sent))
	part, head, err := r.FormFile("file")
	if err != nil {
		return invalid("file", "The file field is required.")
	}
	defer func() { _ = part.Close() }()
	data, err := io.ReadAll(part)
	if err != nil {
		return invalid("file", "The file failed to upload.")
	}
	if len(data) > maxUpload {
		return fileTooLarge()
	}
	sum := sha256.Sum256(data)
	f := &storedFile{
		Name: head.Filename, Sum: fmt.Sprintf("%x", sum), Size: int64(len(data)), MIME: http.DetectContentType(data),
		CreatedAt: s.stamp(),
	}
	for _, old := range s.db.files.rows {
		if old.Sum == f.Sum && old.Name == f.Name {
			return &answer{status: 200, body: s.renderFile(old)}
		}
	}
	f.ID = s.db.files.next()
	s.db.files.put(f.ID, f)
	return &answer{status: 201, body: s.renderFile(f)}
}

func fileTooLarge() *answer {
	return message(http.StatusRequestEntityTooLarge, "The file is too large.")
}

func (s *Server) listFiles(c *call) *answer {
	rows := kept(s.db.files, all)
	slices.Reverse(rows)
	return answerAll(s, c, rows, func(f *storedFile) fileJSON { return s.renderFile(f) })
}

// attachmentJSON ties a file to an order or a card.
type attachmentJSON struct {
	ID     int64 `json:"id"`
	FileID int64 `json:"file_id"`
	File   part  `json:"file,omitzero"`
}

func (s *Server) renderAttachments(ids []int64, withFile bool) []attachmentJSON {
	out := []attachmentJSON{}
	for _, id := range ids {
		if f := s.db.files.rows[id]; f != nil {
			out = append(out, attachmentJSON{id, id, with(withFile, s.renderFile(f))})
		}
	}
	return out
}

func (s *Server) postOrderAttachment(c *call) *answer {
	o, file := s.db.orders.rows[c.id("id")], c.id("file")
	if o == nil || s.db.files.rows[file] == nil {
		return notFound()
	}
	s.changeOrder(o, func(o *Order) bool { o.Attachments = toggled(o.Attachments, file, true); return true })
	return &answer{status: 202, body: statusBody{true}}
}

// deleteOrderAttachment answers 201, odd as that is: so KeyCRM documents it.
func (s *Server) deleteOrderAttachment(c *call) *answer {
	o, file := s.db.orders.rows[c.id("id")], c.id("file")
	if o == nil {
		return notFound()
	}
	if !slices.Contains(o.Attachments, file) {
		return &answer{status: 400, body: statusBody{false}}
	}
	s.changeOrder(o, func(o *Order) bool { o.Attachments = toggled(o.Attachments, file, false); return true })
	return &answer{status: 201, body: statusBody{true}}
}

func (s *Server) postCardAttachment(c *call) *answer {
	row, bad := s.cardOf(c)
	if bad != nil {
		return bad
	}
	file := c.id("file")
	if s.db.files.rows[file] == nil {
		return notFound()
	}
	s.changeCard(row, func(c *Card) { c.Attachments = toggled(c.Attachments, file, true) })
	return &answer{status: 202, body: statusBody{true}}
}

func (s *Server) deleteCardAttachment(c *call) *answer {
	row, bad := s.cardOf(c)
	if bad != nil {
		return bad
	}
	file := c.id("file")
	if !slices.Contains(row.Attachments, file) {
		return &answer{status: 400, body: statusBody{false}}
	}
	s.changeCard(row, func(c *Card) { c.Attachments = toggled(c.Attachments, file, false) })
	return &answer{status: 201, body: statusBody{true}}
}

// listAttachments is a bare list of the files of an order or a card.
func (s *Server) listAttachments(c *call) *answer {
	var ids []int64
	switch o, card := s.db.orders.rows[c.id("id")], s.db.cards.rows[c.id("id")]; c.r.PathValue("type") {
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
	out := []fileJSON{}
	for _, id := range ids {
		if f := s.db.files.rows[id]; f != nil {
			out = append(out, s.renderFile(f))
		}
	}
	return &answer{status: 200, body: out}
}
