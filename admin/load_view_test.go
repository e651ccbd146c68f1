package admin_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/settings"
)

// busy is a rush: requests and tasks wait.
func (r *rig) busy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.usage = budget.Usage{Used: 50, Limit: 55, Waiting: budget.Waiting{Clicks: 1, Statuses: 2, Orders: 3, Background: 4}}
	r.queues = []service.Queue{
		{Name: "interactive", Waiting: 21, Running: 8, Later: 2, Dead: 1, Oldest: 12400 * time.Millisecond},
		{Name: "background", Running: 4},
	}
}

func (r *rig) facts(path string) string {
	return strings.Join(strings.Fields(r.get(path).want(http.StatusOK).Find("#ready dl").Text()), " ")
}

func TestPageTellsTheBudgetAndTheQueues(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	if got := r.facts(path); !strings.Contains(got, "12 з 55 за хвилину, вільно 43") || strings.Contains(got, "людина") ||
		strings.Contains(got, "згодом") || strings.Contains(got, "найдовше") || strings.Count(got, "чекають 0, виконуються 0") != 2 {
		t.Errorf("idle, the page says %q", got)
	}
	if got := r.facts(path); strings.Contains(got, "піднято") {
		t.Errorf("with the usual limit the page says %q", got)
	}
	r.busy()
	got := r.facts(path)
	for _, want := range []string{
		"50 з 55 за хвилину, вільно 5", "чекають: сторінка 1, статуси 2, замовлення 3, синхронізація 4",
		"Черга · замовлення і статуси", "чекають 21, виконуються 8", "найдовше чекає 12 секунд", "спробуємо ще раз згодом: 2",
		"зупинено, потрібна людина: 1", "Черга · синхронізація каталогу", "чекають 0, виконуються 4",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("in a rush the page says %q, not %q", got, want)
		}
	}
	r.speaks("en")
	r.usage.PausedUntil = r.clock.Now().Add(time.Minute)
	if got := r.facts(path); !strings.Contains(got, "50 of 55 within a minute, 0 free") ||
		!strings.Contains(got, "goes on by itself at 01.08.2026 09:01") || !strings.Contains(got, "21 waiting, 8 being worked on") {
		t.Errorf("in English the page says %q", got)
	}
}

func TestWithoutRedisPageSaysThatQueuesCannotBeSeen(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(*rig){
		"known beforehand":  func(r *rig) { r.health.Redis = false },
		"found when asking": func(r *rig) { r.redisErr = context.DeadlineExceeded },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			path := r.running(settings.TargetOrders)
			r.busy()
			r.mu.Lock()
			away(r)
			r.mu.Unlock()
			got := r.facts(path)
			if !strings.Contains(got, "Немає зв'язку з Redis, тому черги не видно. Робота не губиться") ||
				strings.Contains(got, "виконуються") || strings.Contains(got, "за хвилину") {
				t.Errorf("the page says %q", got)
			}
			var is map[string]bool
			api := "/api" + strings.Replace(path, "/c/", "/connections/", 1)
			r.get(api+"/health").want(http.StatusOK).json(t, &is)
			if len(is) != 3 || is["redis"] || !is["database"] || !is["workers"] {
				t.Errorf("the API says %v", is)
			}
		})
	}
}

func TestAPITellsTheBudgetAndTheQueues(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	r.busy()
	got := r.get("/api" + strings.Replace(path, "/c/", "/connections/", 1) + "/health").want(http.StatusOK).raw
	const want = `{"database":true,"redis":true,"workers":true,` +
		`"budget":{"limit":55,"used":50,"free":5,"waiting":{"clicks":1,"statuses":2,"orders":3,"runs":4}},` +
		`"queues":[{"name":"interactive","waiting":21,"running":8,"later":2,"dead":1,"oldest_seconds":12.4},` +
		`{"name":"background","waiting":0,"running":4,"later":0,"dead":0,"oldest_seconds":0}]}`
	if strings.TrimSpace(got) != want {
		t.Errorf("the API says %s, want %s", got, want)
	}
}

func TestPageSaysThatTheLimitIsRaised(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	r.usage = budget.Usage{Used: 12, Limit: 5500, Usual: 60}
	if got := r.facts(path); !strings.Contains(got, "12 з 5500 за хвилину") || !strings.Contains(got, "ліміт піднято") || !strings.Contains(got, "дозволяє 60 запитів за хвилину") {
		t.Errorf("with a raised limit the page says %q", got)
	}
	r.speaks("en")
	if got := r.facts(path); !strings.Contains(got, "limit is raised") || !strings.Contains(got, "allows 60 requests a minute") {
		t.Errorf("in English the page says %q", got)
	}
}
