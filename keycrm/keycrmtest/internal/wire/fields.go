package wire

import "github.com/keybridge/keybridge/keycrm/keycrmtest/entity"

type fieldJSON struct {
	ID    int64  `json:"id"`
	UUID  string `json:"uuid"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value any    `json:"value"`
}

func (s *Renderer) fields(values []entity.FieldValue) []fieldJSON {
	out := []fieldJSON{}
	for _, v := range values {
		if def := s.Dictionaries.FieldByUUID(v.UUID); def != nil {
			out = append(out, fieldJSON{def.ID, v.UUID, def.Name, def.Type, v.Value})
		}
	}
	return out
}
