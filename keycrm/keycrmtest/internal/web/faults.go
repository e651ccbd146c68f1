package web

import (
	"slices"
	"time"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/frame"
)

type faultsPage struct {
	frame.Head
	Rows  []faultRow
	Kinds []frame.CodeChoice
}

type faultRow struct {
	ID                 int64
	Name, Method, Path string
	Skip, Times        int
}

func faultNames() []frame.CodeChoice {
	return []frame.CodeChoice{
		{Code: string(crmsim.FaultLimited), Name: "429: забагато запитів", Chosen: false},
		{Code: string(crmsim.FaultStatus), Name: "5xx зі сторінкою HTML", Chosen: false},
		{Code: string(crmsim.FaultErrorAfter), Name: "виконати, але відповісти 5xx", Chosen: false},
		{Code: string(crmsim.FaultSlow), Name: "повільна відповідь", Chosen: false},
		{Code: string(crmsim.FaultHang), Name: "не відповідати", Chosen: false},
		{Code: string(crmsim.FaultHangAfter), Name: "виконати й не відповідати", Chosen: false},
		{Code: string(crmsim.FaultCutBefore), Name: "обрив до виконання", Chosen: false},
		{Code: string(crmsim.FaultCutAfter), Name: "обрив після виконання", Chosen: false},
		{Code: string(crmsim.FaultCutBody), Name: "обрив посередині відповіді", Chosen: false},
		{Code: string(crmsim.FaultWrongJSON), Name: "зіпсований JSON", Chosen: false},
		{Code: string(crmsim.FaultMovingRows), Name: "новий товар між сторінками", Chosen: false},
		{Code: string(crmsim.FaultHookTwice), Name: "Webhook двічі", Chosen: false},
		{Code: string(crmsim.FaultHookReorder), Name: "Webhook не по порядку", Chosen: false},
		{Code: string(crmsim.FaultHookDrop), Name: "Webhook загублено", Chosen: false},
	}
}

func (p traffic) faults(in *frame.Input) (string, any) {
	v := faultsPage{Head: p.Head(in, "Збої"), Kinds: faultNames()}
	for _, f := range p.Traffic.Faults.All() {
		row := faultRow{f.ID, string(f.Kind), f.Method, f.Path, f.Skip, f.Times}
		for _, k := range v.Kinds {
			if k.Code == row.Name {
				row.Name = k.Name
				break
			}
		}
		v.Rows = append(v.Rows, row)
	}
	return "faults", v
}

func (p traffic) addFault(f *frame.Input) (string, error) {
	kind := f.Text("kind")
	if !slices.ContainsFunc(faultNames(), func(k frame.CodeChoice) bool { return k.Code == kind }) {
		return "", frame.UserError("такого збою немає.")
	}
	seconds, status := f.ID("seconds"), f.ID("status")
	if seconds < 0 || seconds > 3600 || f.ID("skip") < 0 || f.ID("times") < 0 {
		return "", frame.UserError("пауза має бути від 0 до 3600 секунд, а пропуски й рази не від’ємні.")
	}
	if status != 0 && (status < 400 || status > 599) {
		return "", frame.UserError("код відповіді збою має бути від 400 до 599.")
	}
	pause := time.Duration(seconds) * time.Second
	p.Traffic.Faults.Add(crmsim.Fault{
		Kind: crmsim.FaultKind(kind), Method: f.Text("method"), Path: f.Text("path"), Skip: int(f.ID("skip")),
		Times: int(f.ID("times")), Status: int(status), Delay: pause, RetryAfter: pause,
	})
	p.Wake()
	return "/faults", nil
}

func (p traffic) clearFault(f *frame.Input) (string, error) {
	p.Traffic.Faults.Remove(f.Path("id"))
	return "/faults", nil
}
