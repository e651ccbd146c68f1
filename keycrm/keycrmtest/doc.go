// Package keycrmtest simulates a KeyCRM account, importable like net/http/httptest: an invented Ukrainian shop with its
// catalog, buyers, orders, pipelines, triggers, limits, and things going wrong on demand.
//
// # In a test
//
//	sim := keycrmtest.New(keycrmtest.WithClock(clock.Now), keycrmtest.WithManualWebhooks())
//	defer sim.Close()
//	crm, err := keycrm.New(sim.BaseURL(), sim.Key(), keycrm.WithTransport(sim.Transport()))
//
// works without a socket and on any clock; Start listens on a free loopback port for the length of a test. What people
// do inside KeyCRM is done with methods: SetOrderStatus, SetTracking, SetPrice, SetStock, ArchiveProduct, AddTrigger…
// Fault makes requests or webhooks go wrong, After changes the account between two requests, Requests shows what was
// asked.
//
// # What it copies
//
// docs/keycrm.md is the record of what is known of KeyCRM, and how well. The simulator follows it: 60 requests a minute
// for a key with 429 and Retry-After; pages of at most 50 rows, newest first; 400 for unknown filters and includes;
// 422 with dotted field names; a used source_uuid refused; cards never recognised as repeats, products appended by
// PUT; default statuses named by their alias; sums as numbers or texts, times in two forms, [] for empty maps; stock
// kept and written off by status; webhooks in at most 3 attempts until exactly 200. WithWriteDelay and
// WithVisibilityDelay bring the lag of the real service; both are off unless asked for. WithHistory gives the account a
// past, WithOtherwise turns round what is only a guess. docs/simulator.md shows the simulator as a process, for programs
// in any language.
//
// # For people and scripts
//
// The same handler serves pages in Ukrainian at /: /catalog, /orders, /cards, /buyers, /dictionaries, /triggers,
// /requests, /faults. Every form is a POST with ordinary fields that is answered with a redirect (303), or 422 with a
// message. Requests from another origin are refused. GET /requests/unknown lists what WithStrict found, one finding a
// line, as UnknownFields does. A script can use the same paths:
//
//	POST /settings/pipelines            on=1|0
//	POST /settings/stock-hook           url, warehouse (repeatable)
//	POST /catalog                       name, sku, price, stock, category
//	POST /catalog/archive               archived=1|0, q, category: all that the catalog's page finds with them
//	POST /catalog/{id}                  name, description, category
//	POST /catalog/{id}/archive          archived=1|0
//	POST /catalog/{id}/delete
//	POST /offers/{id}                   price, stock_1, stock_2
//	POST /orders/{id}/status            status_id
//	POST /orders/{id}/tracking          tracking_code
//	POST /orders/{id}/comment           manager_comment
//	POST /orders/{id}/lines             sku, name, price, quantity
//	POST /orders/{id}/payments          payment_method_id, amount, description
//	POST /orders/{id}/payments/{id}     status
//	POST /orders/{id}/delete
//	POST /cards/{id}/status             status_id
//	POST /cards/{id}/convert
//	POST /cards/{id}/delete
//	POST /buyers/merge                  from, into
//	POST /dictionaries/{kind}           name, and what the kind has; kind: statuses, sources, methods, deliveries,
//	                                    pipelines, fields, tags, users
//	POST /dictionaries/{kind}/{id}      name, and what the kind has
//	POST /dictionaries/{kind}/{id}/active  on=1|0
//	POST /dictionaries/pipelines/{id}/statuses       name, final=1
//	POST /dictionaries/pipelines/{id}/statuses/{id}  name
//	POST /dictionaries/pipelines/{id}/statuses/{id}/delete
//	POST /triggers                      id, name, event, values, source (repeatable), url, method
//	POST /triggers/{id}/toggle
//	POST /triggers/{id}/delete
//	POST /requests/reset                forgets the log, the used minute and what strict mode found
//	POST /faults                        kind, method, path, skip, times, status, seconds
//	POST /faults/{id}/delete
//
// # Keeping what was done
//
// WithPersistence appends every change to a file before the request that made it is answered, so that a killed process
// comes back as it was. The catalog itself is computed from its seed and is not stored, only what was edited.
//
// # Inside
//
// Requests come to internal/api, people to internal/web. Both change internal/account, which holds the rows of package
// entity and the rules between them, under its one lock; internal/form reads what requests send, internal/wire writes
// what they are answered. What a simulator of any CRM needs lies in the module's internal/crmsim.
package keycrmtest
