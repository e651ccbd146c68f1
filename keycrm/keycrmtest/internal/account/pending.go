package account

// Later puts a checked write on its way; without a delay it takes effect before the next request.
func (s *Account) Later(kind string, card int64, body []byte) {
	id := s.DB.pending.Next()
	s.DB.pending.Put(id, &Write{ID: id, Due: s.Now().Add(s.Config.WriteDelay), Kind: kind, Card: card, Body: body})
	if s.Config.WriteDelay <= 0 {
		s.applyDue()
	}
}

// applyDue carries out the writes whose time has come, in order.
func (s *Account) applyDue() {
	now := s.Now()
	for _, w := range s.DB.pending.Sorted() {
		if !now.Before(w.Due) {
			s.DB.pending.Drop(w.ID)
			s.outside.Apply(*w)
		}
	}
}
