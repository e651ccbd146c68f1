package catalog

// Guard is one reason for which a run waits for a person, or does not do all it could.
type Guard struct {
	Code   GuardCode `json:"code"`
	Params Params    `json:"params,omitempty"`
}

// guardOf is the guard of stock, nil when it did not speak up.
func guardOf(guards []Guard) *Guard {
	for i := range guards {
		if guards[i].Code == GuardStock {
			return &guards[i]
		}
	}
	return nil
}
