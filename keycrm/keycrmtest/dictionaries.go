package keycrmtest

import (
	"encoding/json"
	"time"
)

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

func seedSources() []Source {
	return []Source{
		{7, "Мій магазин", "my_shop", "UAH", true},
		{8, "Instagram", "instagram", "UAH", true},
		{9, "Сайт EUR", "shop_eur", "EUR", true},
	}
}

func seedMethods() []PaymentMethod {
	return []PaymentMethod{
		{1, "Готівка", "cash", true},
		{2, "Банківська картка", "bank_card", true},
		{3, "Банківський переказ", "bank_transfer", true},
		{4, "PayPal", "paypal", true},
		{5, "Інше", "other", true},
		{6, "Рахунок", "", false},
	}
}

func seedDeliveries() []DeliveryService {
	return []DeliveryService{
		{1, "Нова Пошта", novaPoshta, "novaposhta", true},
		{2, "Укрпошта", "ukrposhta", "ukrposhta", true},
		{3, "Самовивіз", "", "pickup", true},
	}
}

// novaPoshta is the source_name of the services that take branch references.
const novaPoshta = "novaposhta"

func seedTags() []Tag {
	return []Tag{
		{4, "Терміново", "urgent", "#FF4D4F", true},
		{5, "Опт", "opt", "#40A9FF", true},
		{6, "Подарунок", "gift", "#9254DE", true},
	}
}

func seedUsers() []User {
	return []User{
		{1, "Оксана", "Власниця", "owner.test", "owner@example.com", 1, true},
		{2, "Тестова", "Менеджерка", "manager.test", "manager@example.com", 2, true},
		{3, "Богдан", "Колишній", "former.test", "former@example.com", 2, false},
	}
}

type dictWarehouse struct {
	ID   int64
	Name string
}

func seedWarehouses() []dictWarehouse {
	return []dictWarehouse{{WarehouseKyiv, "Склад Київ"}, {WarehouseLviv, "Шоурум Львів"}}
}

func seedPipelines() []Pipeline {
	return []Pipeline{
		{1, "Заявки з сайту", true, true, []PipelineStatus{
			{101, "Новий", "new", "#69DB7C", false},
			{102, "У роботі", "in_progress", "#FFD43B", false},
			{105, "Очікує оплати", "waiting", "#74C0FC", false},
			{103, "Успішно", "success", "#40C057", true},
			{104, "Відмова", "fail", "#FA5252", true},
		}},
		{2, "Опт", false, true, []PipelineStatus{
			{201, "Нова заявка", "new", "#69DB7C", false},
			{202, "Узгодження", "negotiation", "#FFD43B", false},
			{203, "Договір", "success", "#40C057", true},
			{204, "Відмова", "fail", "#FA5252", true},
		}},
	}
}

func seedFields() []CustomField {
	return []CustomField{
		newSeedField(21, "Номер замовлення на сайті", "OR_1008", "order", "text", false),
		newSeedField(22, "Пакування", "OR_1009", "order", "select", false, "Звичайне", "Подарункове"),
		newSeedField(23, "Без дзвінка", "OR_1010", "order", "switcher", false),
		newSeedField(27, "Дата події", "OR_1014", "order", "date", false),
		newSeedField(28, "Подарункове пакування", "OR_1015", "order", "switcher", false),
		newSeedField(29, "Страхова сума", "OR_1016", "order", "float", false),
		newSeedField(35, "Листівка з вашим текстом", "OR_1019", "order", "textarea", false),
		newSeedField(24, "Сторінка", "LD_1011", "lead", "link", false),
		newSeedField(25, "Інтереси", "LD_1012", "lead", "select", true, "Одяг", "Посуд", "Дім"),
		newSeedField(33, "Подарункове пакування", "LD_1017", "lead", "switcher", false),
		newSeedField(34, "Доставка", "LD_1018", "lead", "textarea", false),
		newSeedField(26, "Розмір взуття", "CT_1013", "client", "number", false),
		newSeedField(31, "Матеріал", "CT_1004", "crm_product", "select", true, materialOptions()...),
		newSeedField(32, "Особливість", "CT_1005", "crm_product", "text", false),
	}
}

func newSeedField(id int64, name, uuid, model, kind string, multiple bool, options ...string) CustomField {
	f := CustomField{ID: id, Name: name, UUID: uuid, Model: model, Type: kind, Multiple: multiple, Active: true}
	for i, o := range options {
		f.Options = append(f.Options, FieldOption{id*20 + int64(i), o})
	}
	return f
}

// dictExpense is a row of the expense type dictionary; untouched ones carry their translation key as a name.
type dictExpense struct {
	ID          int64
	Name, Alias string
	ByOrder     bool
}

func seedExpenseTypes() []dictExpense {
	return []dictExpense{
		{1, "expenseTypes.delivery", "delivery", true},
		{2, "Пакування", "packing", true},
		{3, "expenseTypes.commission", "commission", true},
		{4, "Оренда", "rent", false},
	}
}

// seedProductStatuses are the statuses of order lines, in the form of order statuses.
func seedProductStatuses() []OrderStatus {
	return []OrderStatus{
		{1, "new", "new", true, 1, false, true, 0},
		{2, "Замовлено в постачальника", "ordered", true, 3, false, false, 0},
		{3, "shipped", "shipped", true, 4, false, true, 0},
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

func jsonText(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil { // only texts and lists of texts come here
		return json.RawMessage("null")
	}
	return b
}
