package keycrmtest

import (
	"encoding/json"
	"time"
)

// OrderStatus is a row of the order status dictionary.
type OrderStatus struct {
	ID               int64
	Name             string // equals Alias for a status nobody has renamed
	Alias            string
	Active           bool
	GroupID          int64
	Closing          bool
	BuiltIn          bool
	ExpirationPeriod int64 // seconds; 0: none
}

// epoch is when the account was set up.
func epoch() time.Time { return time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC) }

func seedStatuses() []OrderStatus {
	return []OrderStatus{
		{1, "new", "new", true, 1, false, true, 172800},
		{3, "Погоджено", "accepted", true, 2, false, false, 0},
		{4, "Немає відповіді", "no_answer", true, 2, false, false, 0},
		{6, "Комплектується", "packing", true, 3, false, false, 0},
		{8, "Передано в доставку", "sent", true, 4, false, false, 0},
		{9, "delivered", "delivered", true, 4, false, false, 0},
		{12, "completed", "completed", true, 5, true, true, 0},
		{14, "Архівний статус", "old", false, 2, false, false, 0},
		{19, "canceled", "canceled", true, 6, true, true, 0},
		{21, "Повернення", "return", true, 6, true, false, 0},
	}
}

type dictSource struct {
	ID       int64
	Name     string
	Alias    string
	Currency string
}

func seedSources() []dictSource {
	return []dictSource{
		{7, "Мій магазин", "my_shop", "UAH"},
		{8, "Instagram", "instagram", "UAH"},
		{9, "Сайт EUR", "shop_eur", "EUR"},
	}
}

type dictMethod struct {
	ID     int64
	Name   string
	Alias  string
	Active bool
}

func seedMethods() []dictMethod {
	return []dictMethod{
		{1, "Готівка", "cash", true},
		{2, "Банківська картка", "bank_card", true},
		{3, "Банківський переказ", "bank_transfer", true},
		{4, "PayPal", "paypal", true},
		{5, "Інше", "other", true},
		{6, "Рахунок", "", false},
	}
}

type dictDelivery struct {
	ID         int64
	Name       string
	SourceName string
	Alias      string
}

func seedDeliveries() []dictDelivery {
	return []dictDelivery{
		{1, "Нова Пошта", "novaposhta", "novaposhta"},
		{2, "Укрпошта", "ukrposhta", "ukrposhta"},
		{3, "Самовивіз", "", "pickup"},
	}
}

type dictTag struct {
	ID                 int64
	Name, Alias, Color string
}

func seedTags() []dictTag {
	return []dictTag{
		{4, "Терміново", "urgent", "#FF4D4F"},
		{5, "Опт", "opt", "#40A9FF"},
		{6, "Подарунок", "gift", "#9254DE"},
	}
}

type dictUser struct {
	ID                    int64
	First, Last, Username string
	Email, Status         string
	RoleID                int64
}

func seedUsers() []dictUser {
	return []dictUser{
		{1, "Оксана", "Власниця", "owner.test", "owner@example.com", "active", 1},
		{2, "Тестова", "Менеджерка", "manager.test", "manager@example.com", "active", 2},
		{3, "Богдан", "Колишній", "former.test", "former@example.com", "blocked", 2},
	}
}

type dictWarehouse struct {
	ID   int64
	Name string
}

func seedWarehouses() []dictWarehouse {
	return []dictWarehouse{{WarehouseKyiv, "Склад Київ"}, {WarehouseLviv, "Шоурум Львів"}}
}

type dictPipeline struct {
	ID          int64
	Name        string
	UsePayments bool
	Statuses    []dictPipelineStatus
}

type dictPipelineStatus struct {
	ID                  int64
	Title, Alias, Color string
	Final               bool
}

func seedPipelines() []dictPipeline {
	return []dictPipeline{
		{1, "Заявки з сайту", true, []dictPipelineStatus{
			{101, "Новий", "new", "#69DB7C", false},
			{102, "У роботі", "in_progress", "#FFD43B", false},
			{105, "Очікує оплати", "waiting", "#74C0FC", false},
			{103, "Успішно", "success", "#40C057", true},
			{104, "Відмова", "fail", "#FA5252", true},
		}},
		{2, "Опт", false, []dictPipelineStatus{
			{201, "Нова заявка", "new", "#69DB7C", false},
			{202, "Узгодження", "negotiation", "#FFD43B", false},
			{203, "Договір", "success", "#40C057", true},
			{204, "Відмова", "fail", "#FA5252", true},
		}},
	}
}

type dictField struct {
	ID       int64
	Name     string
	UUID     string
	Model    string
	Type     string
	Multiple bool
	Options  []string
}

func seedFields() []dictField {
	return []dictField{
		{21, "Номер замовлення на сайті", "OR_1008", "order", "text", false, nil},
		{22, "Пакування", "OR_1009", "order", "select", false, []string{"Звичайне", "Подарункове"}},
		{23, "Без дзвінка", "OR_1010", "order", "switcher", false, nil},
		{27, "Дата події", "OR_1014", "order", "date", false, nil},
		{28, "Подарункове пакування", "OR_1015", "order", "switcher", false, nil},
		{29, "Страхова сума", "OR_1016", "order", "float", false, nil},
		{24, "Сторінка", "LD_1011", "lead", "link", false, nil},
		{25, "Інтереси", "LD_1012", "lead", "select", true, []string{"Одяг", "Посуд", "Дім"}},
		{33, "Подарункове пакування", "LD_1017", "lead", "switcher", false, nil},
		{34, "Доставка", "LD_1018", "lead", "textarea", false, nil},
		{26, "Розмір взуття", "CT_1013", "client", "number", false, nil},
		{31, "Матеріал", "CT_1004", "crm_product", "select", true, materialOptions()},
		{32, "Особливість", "CT_1005", "crm_product", "text", false, nil},
	}
}

// materialOptions are all materials of the invented catalog, in the order they first come.
func materialOptions() []string {
	var out []string
	seen := map[string]bool{}
	for _, r := range shopTree() {
		for _, b := range r.branches {
			for _, l := range b.leaves {
				for _, m := range l.materials {
					if !seen[m] {
						seen[m] = true
						out = append(out, m)
					}
				}
			}
		}
	}
	return out
}

func findRow[T any](rows []T, match func(*T) bool) *T {
	for i := range rows {
		if match(&rows[i]) {
			return &rows[i]
		}
	}
	return nil
}

func sourceByID(id int64) *dictSource {
	return findRow(seedSources(), func(r *dictSource) bool { return r.ID == id })
}

func methodByID(id int64) *dictMethod {
	return findRow(seedMethods(), func(r *dictMethod) bool { return r.ID == id })
}

func deliveryByID(id int64) *dictDelivery {
	return findRow(seedDeliveries(), func(r *dictDelivery) bool { return r.ID == id })
}

func userByID(id int64) *dictUser {
	return findRow(seedUsers(), func(r *dictUser) bool { return r.ID == id })
}

func tagByID(id int64) *dictTag {
	return findRow(seedTags(), func(r *dictTag) bool { return r.ID == id })
}

func fieldByUUID(uuid string) *dictField {
	return findRow(seedFields(), func(r *dictField) bool { return r.UUID == uuid })
}

func pipelineByID(id int64) *dictPipeline {
	return findRow(seedPipelines(), func(r *dictPipeline) bool { return r.ID == id })
}

// pipelineStatus finds a status in whichever pipeline has it.
func pipelineStatus(id int64) (*dictPipeline, *dictPipelineStatus) {
	for _, p := range seedPipelines() {
		if st := findRow(p.Statuses, func(r *dictPipelineStatus) bool { return r.ID == id }); st != nil {
			return &p, st
		}
	}
	return nil, nil
}

func jsonText(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil { // only texts and lists of texts come here
		return json.RawMessage("null")
	}
	return b
}
