// Package demoshop is the reference shop engine: a small Ukrainian online shop that hosts a plugin
// through the contract in package plugin and knows nothing else of it.
//
// Open makes an Engine, which is the plugin's Host; Use registers the plugin made from it; Handler
// serves the storefront, the admin, the plugin's pages under /admin/integrations/keycrm (behind the
// sign-in, prefix stripped) and its webhooks under /hooks/keycrm (prefix stripped). The shop works
// without a plugin too. Close goes before the plugin's Detach.
//
// # Rooms
//
// bridge is the contract's implementation, which authors of engines copy; its README.md tells them how.
// The others are a shop as one has it anyway: domain its rules, store its SQL, storefront and backoffice
// its pages, with web, session and secrets beneath them. Only bridge, the admin and this package know the
// contract.
//
// # Whether the plugin is connected
//
// The engine records it in its own table before it asks the plugin: «ПІДКЛЮЧИТИ» (Connect) writes
// "connecting", calls Install and Activate, and writes "connected"; «Видалити» (Disconnect) writes
// "removing", calls Deactivate and Uninstall, and deletes the record. A crash in between leaves the
// record as it was, and pressing the button again finishes the work. Connected is what stands under
// «Підключені». Whatever the record says, the plugin itself keeps its routes and hooks quiet while
// it is not active, so hooks are always called.
//
// # Addresses and form fields
//
// They are stable, so that scripts can buy. Forms of the storefront need no token: browsers' own
// word on where a form comes from is checked (net/http.CrossOriginProtection). Forms of the admin
// carry csrf_token (plugin.CSRFField), which stands as a hidden field in every page of the admin.
//
//	GET  /?utm_source=…&utm_medium=…&utm_campaign=…&utm_term=…&utm_content=…   any page takes the marks
//	GET  /catalog?sort=&page=         sort: "", price, -price, name
//	GET  /category/{id}[-slug]?q=&sort=&page=
//	GET  /search?q=&sort=&page=       products are a[data-product="{id}"] in lists
//	GET  /product/{id}[-slug]         variants are input[name="variant"]
//	POST /basket/add                  variant, qty (1 when left out); 303 to /basket
//	GET  /basket
//	POST /basket/update               qty_{variant}, remove={variant}, promo; 303 to /basket
//	GET  /checkout                    the form holds token and goods as hidden fields
//	POST /checkout                    token, name, phone, email,
//	                                  delivery: np_branch (np_branch={ref}), np_courier (city, street, flat, date),
//	                                  ukrposhta (city, street, flat, post_code) or pickup,
//	                                  payment: cash, card (paid at once; pay_later=1 leaves it open) or transfer,
//	                                  addon_gift_wrap=1, addon_postcard=1 with postcard_text, addon_no_call=1,
//	                                  other_recipient=1 with recipient_name, recipient_phone,
//	                                  promo (ЛІТО5: 5 %, ДРУЗІ100: 100 ₴), comment, goods (may be left out),
//	                                  action=recalculate only shows the new total;
//	                                  303 to /order/{number}?key=… ; the same token again leads to the same order;
//	                                  409 when goods ran out, 422 when a field is wrong
//	GET  /order/{number}?key=…        the number stands in #order-number, the status code in data-status
//	POST /order/{number}/pay          key; pays an open card payment
//	GET  /delivery, /img/{id}
//
//	POST /admin/login                 login (admin, manager, viewer), password, next; 303 on success, 401 else
//	POST /admin/logout
//	GET  /admin/orders?status=&q=&page=, GET /admin/orders/{id}
//	POST /admin/orders/{id}/status    to, expect, letter=1
//	POST /admin/orders/{id}/paid      payment
//	POST /admin/orders/{id}/edit      name, phone, email, recipient_name, recipient_phone, city, post_code, street, flat, comment
//	POST /admin/orders/{id}/delete    cancelled orders only
//	GET  /admin/products?q=&published=yes|no&category=&page=, GET /admin/products/{id}
//	POST /admin/products/publish      id (many), published=yes|no
//	POST /admin/products/{id}         version, name, description, category, published, orderable, featured,
//	                                  price_{variant}, old_price_{variant}, stock_{variant}
//	GET  /admin/categories, /admin/messages, /admin/settings, /admin/integrations
//	POST /admin/messages/read         up_to
//	POST /admin/settings              collect_utm, kopecks, phone_region
//	POST /admin/integrations/connect  303 to /admin/integrations/keycrm/
//	POST /admin/integrations/upgrade
//	POST /admin/integrations/remove   data: keep or drop
package demoshop
