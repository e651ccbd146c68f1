package wire

import (
	"path"
	"strings"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// File is an uploaded file.
type File struct {
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

// File writes an uploaded file.
func (s *Renderer) File(f *account.File) File {
	ext := strings.TrimPrefix(path.Ext(f.Name), ".")
	name := f.Sum[:30]
	return File{
		f.ID, name, s.BaseURL() + "/storage/" + name, f.Size, ext, f.Name, f.MIME, isoTime(f.CreatedAt), isoTime(f.CreatedAt),
	}
}

// attachmentJSON ties a file to an order or a card.
type attachmentJSON struct {
	ID     int64 `json:"id"`
	FileID int64 `json:"file_id"`
	File   part  `json:"file,omitzero"`
}

func (s *Renderer) attachments(ids []int64, withFile bool) []attachmentJSON {
	out := []attachmentJSON{}
	for _, id := range ids {
		if f := s.DB.Files.Get(id); f != nil {
			out = append(out, attachmentJSON{id, id, with(withFile, s.File(f))})
		}
	}
	return out
}
