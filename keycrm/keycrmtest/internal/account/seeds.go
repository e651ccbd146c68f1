package account

import (
	"time"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/generator"
)

// Epoch is when the account was set up.
func Epoch() time.Time { return time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC) }

func seedStatuses() []entity.OrderStatus {
	return []entity.OrderStatus{
		{ID: 1, Name: "new", Alias: "new", Active: true, GroupID: 1, BuiltIn: true, ExpirationPeriod: 172800},
		{ID: 3, Name: "Погоджено", Alias: "accepted", Active: true, GroupID: 2},
		{ID: 4, Name: "Немає відповіді", Alias: "no_answer", Active: true, GroupID: 2},
		{ID: 6, Name: "Комплектується", Alias: "packing", Active: true, GroupID: 3},
		{ID: 8, Name: "Передано в доставку", Alias: "sent", Active: true, GroupID: 4},
		{ID: 9, Name: "delivered", Alias: "delivered", Active: true, GroupID: 4},
		{ID: 12, Name: "completed", Alias: "completed", Active: true, GroupID: 5, Closing: true, BuiltIn: true},
		{ID: 14, Name: "Архівний статус", Alias: "old", GroupID: 2},
		{ID: 19, Name: "canceled", Alias: "canceled", Active: true, GroupID: 6, Closing: true, BuiltIn: true},
		{ID: 21, Name: "Повернення", Alias: "return", Active: true, GroupID: 6, Closing: true},
	}
}

func seedSources() []entity.Source {
	return []entity.Source{
		{ID: 7, Name: "Мій магазин", Alias: "my_shop", Currency: "UAH", Active: true},
		{ID: 8, Name: "Instagram", Alias: "instagram", Currency: "UAH", Active: true},
		{ID: 9, Name: "Сайт EUR", Alias: "shop_eur", Currency: "EUR", Active: true},
	}
}

func seedMethods() []entity.PaymentMethod {
	return []entity.PaymentMethod{
		{ID: 1, Name: "Готівка", Alias: "cash", Active: true},
		{ID: 2, Name: "Банківська картка", Alias: "bank_card", Active: true},
		{ID: 3, Name: "Банківський переказ", Alias: "bank_transfer", Active: true},
		{ID: 4, Name: "PayPal", Alias: "paypal", Active: true},
		{ID: 5, Name: "Інше", Alias: "other", Active: true},
		{ID: 6, Name: "Рахунок"},
	}
}

func seedDeliveries() []entity.DeliveryService {
	return []entity.DeliveryService{
		{ID: 1, Name: "Нова Пошта", SourceName: NovaPoshta, Alias: "novaposhta", Active: true},
		{ID: 2, Name: "Укрпошта", SourceName: "ukrposhta", Alias: "ukrposhta", Active: true},
		{ID: 3, Name: "Самовивіз", Alias: "pickup", Active: true},
	}
}

// NovaPoshta is the source_name of the services that take branch references.
const NovaPoshta = "novaposhta"

func seedTags() []entity.Tag {
	return []entity.Tag{
		{ID: 4, Name: "Терміново", Alias: "urgent", Color: "#FF4D4F", Active: true},
		{ID: 5, Name: "Опт", Alias: "opt", Color: "#40A9FF", Active: true},
		{ID: 6, Name: "Подарунок", Alias: "gift", Color: "#9254DE", Active: true},
	}
}

func seedUsers() []entity.User {
	return []entity.User{
		{ID: 1, First: "Оксана", Last: "Власниця", Username: "owner.test", Email: "owner@example.com", RoleID: 1, Active: true},
		{ID: 2, First: "Тестова", Last: "Менеджерка", Username: "manager.test", Email: "manager@example.com", RoleID: 2, Active: true},
		{ID: 3, First: "Богдан", Last: "Колишній", Username: "former.test", Email: "former@example.com", RoleID: 2},
	}
}

// Warehouses are those of every account, the first one taking all reserves.
func Warehouses() []entity.Warehouse {
	return []entity.Warehouse{{ID: entity.WarehouseKyiv, Name: "Склад Київ"}, {ID: entity.WarehouseLviv, Name: "Шоурум Львів"}}
}

func seedPipelines() []entity.Pipeline {
	return []entity.Pipeline{
		{ID: 1, Name: "Заявки з сайту", UsePayments: true, Active: true, Statuses: []entity.PipelineStatus{
			{ID: 101, Title: "Новий", Alias: "new", Color: "#69DB7C"},
			{ID: 102, Title: "У роботі", Alias: "in_progress", Color: "#FFD43B"},
			{ID: 105, Title: "Очікує оплати", Alias: "waiting", Color: "#74C0FC"},
			{ID: 103, Title: "Успішно", Alias: "success", Color: "#40C057", Final: true},
			{ID: 104, Title: "Відмова", Alias: "fail", Color: "#FA5252", Final: true},
		}},
		{ID: 2, Name: "Опт", Active: true, Statuses: []entity.PipelineStatus{
			{ID: 201, Title: "Нова заявка", Alias: "new", Color: "#69DB7C"},
			{ID: 202, Title: "Узгодження", Alias: "negotiation", Color: "#FFD43B"},
			{ID: 203, Title: "Договір", Alias: "success", Color: "#40C057", Final: true},
			{ID: 204, Title: "Відмова", Alias: "fail", Color: "#FA5252", Final: true},
		}},
	}
}

func seedFields() []entity.CustomField {
	return []entity.CustomField{
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
		newSeedField(31, "Матеріал", "CT_1004", "crm_product", "select", true, generator.MaterialOptions()...),
		newSeedField(32, "Особливість", "CT_1005", "crm_product", "text", false),
	}
}

func newSeedField(id int64, name, uuid, model, kind string, multiple bool, options ...string) entity.CustomField {
	f := entity.CustomField{ID: id, Name: name, UUID: uuid, Model: model, Type: kind, Multiple: multiple, Active: true}
	for i, o := range options {
		f.Options = append(f.Options, entity.FieldOption{ID: id*20 + int64(i), Value: o})
	}
	return f
}

// ExpenseTypes are those of every account.
func ExpenseTypes() []entity.ExpenseType {
	return []entity.ExpenseType{
		{ID: 1, Name: "expenseTypes.delivery", Alias: "delivery", ByOrder: true},
		{ID: 2, Name: "Пакування", Alias: "packing", ByOrder: true},
		{ID: 3, Name: "expenseTypes.commission", Alias: "commission", ByOrder: true},
		{ID: 4, Name: "Оренда", Alias: "rent"},
	}
}

// ProductStatuses are the statuses of order lines, in the form of order statuses.
func ProductStatuses() []entity.OrderStatus {
	return []entity.OrderStatus{
		{ID: 1, Name: "new", Alias: "new", Active: true, GroupID: 1, BuiltIn: true},
		{ID: 2, Name: "Замовлено в постачальника", Alias: "ordered", Active: true, GroupID: 3},
		{ID: 3, Name: "shipped", Alias: "shipped", Active: true, GroupID: 4, BuiltIn: true},
	}
}
