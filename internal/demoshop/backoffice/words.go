package backoffice

// Say puts the words of the frame into the operator's language.
func (f pageFrame) Say(words string) string {
	if said, ok := english(words); ok && f.Lang == "en" {
		return said
	}
	return words
}

func english(words string) (string, bool) {
	switch words {
	case "До вмісту":
		return "Skip to content", true
	case "керування магазином":
		return "shop admin", true
	case "Меню":
		return "Menu", true
	case "Мова":
		return "Language", true
	case "Замовлення":
		return "Orders", true
	case "Товари":
		return "Products", true
	case "Категорії":
		return "Categories", true
	case "Інтеграції":
		return "Integrations", true
	case "Повідомлення":
		return "Messages", true
	case "Налаштування":
		return "Settings", true
	case "Відкрити магазин":
		return "Open the shop", true
	case "непрочитаних":
		return "unread", true
	case "Вийти":
		return "Sign out", true
	}
	return englishIntegrations(words)
}

// englishIntegrations are the words of the list of integrations, from which the plugin is connected.
func englishIntegrations(words string) (string, bool) {
	switch words {
	case "Підключені":
		return "Connected", true
	case "Доступні":
		return "Available", true
	case "Поки що нічого не підключено.":
		return "Nothing is connected yet.", true
	case "Видалення не завершено. Натисніть «Видалити», щоб довести його до кінця.":
		return "Removal is not finished. Press “Remove” to finish it.", true
	case "Версія":
		return "Version", true
	case "Замовлення йдуть у CRM, товари — з неї.":
		return "Orders go to the CRM, products come from it.", true
	case "Оновити до":
		return "Upgrade to", true
	case "Редагувати":
		return "Edit", true
	case "Переглянути":
		return "View", true
	case "Видалити":
		return "Remove", true
	case "CRM для інтернет-торгівлі: товари, ціни й залишки з CRM у магазин, замовлення з магазину в CRM, статуси назад.":
		return "A CRM for online shops: products, prices and stock come from it into the shop, orders go from the shop to it, statuses come back.", true
	case "Минулого разу підключення не завершилося. Почніть ще раз.":
		return "Connecting did not finish last time. Start again.", true
	case "ПІДКЛЮЧИТИ":
		return "CONNECT", true
	case "Підключає власник":
		return "The owner connects it", true
	case "Усі доступні інтеграції вже підключено.":
		return "All integrations there are have been connected.", true
	case "Зараз доступних інтеграцій немає.":
		return "There are no integrations right now.", true
	}
	return "", false
}
