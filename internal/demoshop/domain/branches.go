package domain

// branch is a carrier's branch. The references have the carrier's form (UUID) and are made up.
type branch struct {
	Ref    string
	City   string
	Region string
	Name   string
}

// branches is the list buyers choose from, by city.
func branches() []branch {
	return []branch{
		{"1ec09d88-e1c2-11e3-8c4a-0050568002cf", "Київ", "Київська", "Відділення №1: вул. Пирогівський шлях, 135"},
		{"1ec09d8b-e1c2-11e3-8c4a-0050568002cf", "Київ", "Київська", "Відділення №12: вул. Велика Васильківська, 72"},
		{"6b9e5d1c-52f0-4b8a-9c5b-2f1f64a7d001", "Київ", "Київська", "Поштомат №3301: просп. Перемоги, 24"},
		{"7b422fc5-e1b8-11e3-8c4a-0050568002cf", "Львів", "Львівська", "Відділення №2: вул. Городоцька, 359"},
		{"7b422fc8-e1b8-11e3-8c4a-0050568002cf", "Львів", "Львівська", "Відділення №9: просп. Свободи, 31"},
		{"c3a8f0de-7a10-4d0e-8e34-9d1d5be0a002", "Львів", "Львівська", "Поштомат №5127: вул. Наукова, 7"},
		{"9c1b2f44-e1b8-11e3-8c4a-0050568002cf", "Одеса", "Одеська", "Відділення №3: вул. Мала Арнаутська, 91"},
		{"9c1b2f47-e1b8-11e3-8c4a-0050568002cf", "Одеса", "Одеська", "Відділення №18: вул. Дерибасівська, 10"},
		{"a24d7b60-e1b8-11e3-8c4a-0050568002cf", "Харків", "Харківська", "Відділення №5: просп. Науки, 45"},
		{"a24d7b63-e1b8-11e3-8c4a-0050568002cf", "Харків", "Харківська", "Відділення №21: вул. Сумська, 102"},
		{"b8c1e570-e1b8-11e3-8c4a-0050568002cf", "Дніпро", "Дніпропетровська", "Відділення №4: просп. Дмитра Яворницького, 67"},
		{"b8c1e573-e1b8-11e3-8c4a-0050568002cf", "Дніпро", "Дніпропетровська", "Відділення №15: вул. Робоча, 154"},
		{"d07f3a21-e1b8-11e3-8c4a-0050568002cf", "Вінниця", "Вінницька", "Відділення №1: вул. Соборна, 40"},
		{"e5523c19-e1b8-11e3-8c4a-0050568002cf", "Івано-Франківськ", "Івано-Франківська", "Відділення №6: вул. Незалежності, 60"},
		{"f19a4be7-e1b8-11e3-8c4a-0050568002cf", "Полтава", "Полтавська", "Відділення №2: вул. Європейська, 108"},
	}
}

// BranchCity is a city with its branches, for a select.
type BranchCity struct {
	City     string
	Branches []branch
}

// BranchCities are the cities that have branches.
func BranchCities() []BranchCity {
	var out []BranchCity
	for _, b := range branches() {
		if len(out) == 0 || out[len(out)-1].City != b.City {
			out = append(out, BranchCity{City: b.City})
		}
		last := &out[len(out)-1]
		last.Branches = append(last.Branches, b)
	}
	return out
}

// branchOf finds a branch by its reference.
func branchOf(ref string) (branch, bool) {
	for _, b := range branches() {
		if b.Ref == ref {
			return b, true
		}
	}
	return branch{}, false
}
