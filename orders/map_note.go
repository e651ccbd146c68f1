package orders

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// note adds a fact for the CRM's manager.
func (m *mapper) note(label, text string) {
	m.notes = append(m.notes, label+": "+text)
}

// wrote adds what the buyer wrote.
func (m *mapper) wrote(label, text string) {
	m.words = append(m.words, label+": "+text)
}

// wholeNote is all that was noted, in so many characters: the facts, where the parcel goes first of all, and
// then the buyer's words, which alone are shortened while that is enough.
func (m *mapper) wholeNote(room int) string {
	facts := strings.Join(m.notes, "\n")
	words := fit(m.words, room-utf8.RuneCountInString(facts))
	return cut(joinLines(facts, strings.Join(words, "\n")), room)
}

func joinLines(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

// fit shortens the longest texts, visibly, until all of them, a line break before each, have room.
func fit(texts []string, room int) []string {
	sizes := make([]int, len(texts))
	for i, t := range texts {
		sizes[i] = utf8.RuneCountInString(t)
	}
	slices.Sort(sizes)
	room -= len(texts)
	share := room
	for i, n := range sizes { // the short ones leave their rest to the longer ones
		share = max(room/(len(sizes)-i), 1)
		if n > share {
			break
		}
		room -= n
	}
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = cut(t, max(share, 1))
	}
	return out
}
