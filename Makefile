# make demo · make test: each does its own set-up. See `make help`.

# Handed to the demo: make demo ARGS=--help
ARGS ?=
# Handed to go test: make test GOTESTFLAGS='-run Outbox -v'
GOTESTFLAGS ?=
# Handed to the measuring: make bench BENCHFLAGS='-only speed -rounds 1'
BENCHFLAGS ?=
# The commit that `make bench` compares with, instead of measuring against the goals.
BASE ?=
# How often `make soak` runs each test.
COUNT ?= 20

# Handed to the changing of code: make mutate MUTATEFLAGS='-only orders/map -p 1'
MUTATEFLAGS ?=

# The race detector needs a C compiler.
RACE := $(shell command -v "$${CC:-cc}" >/dev/null 2>&1 && echo -race)

.DEFAULT_GOAL := help
.PHONY: help demo quick test lint bench bench-go soak mutate

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## run a shop, a simulated KeyCRM and Keybridge on this machine; Ctrl-C ends it
	@scripts/setup demo
	@go build -o bin/keybridge ./cmd/keybridge
	@exec ./bin/keybridge demo $(ARGS)

quick: ## run the tests that need nothing but Go, in seconds
	@go run ./scripts/quick -- $(GOTESTFLAGS)

test: ## run all tests, with the race detector where there is a C compiler
	@scripts/setup test
	go test $(RACE) -timeout 20m $(GOTESTFLAGS) ./...

lint: ## run golangci-lint (built from source the first time, which takes a minute or two)
	go tool -modfile=tools.mod golangci-lint run ./...

bench: ## measure the catalog engine against its goals, or with BASE=<commit> against that commit
	@scripts/setup test
ifeq ($(BASE),)
	@go build -o bin/bench ./bench && go test -c -o bin/pace.test . && go test -c -o bin/decode.test ./keycrm
	@./bin/bench $(BENCHFLAGS)
else
	@go run ./scripts/benchpair -base $(BASE) $(BENCHFLAGS)
endif

bench-go: ## run all Go benchmarks
	@scripts/setup test
	go test -run '^$$' -bench . -benchmem $(GOTESTFLAGS) ./...

soak: ## run what kills, crashes and races again and again: make soak COUNT=100
	@scripts/setup test
	KEYBRIDGE_SEEDS=$(COUNT) go test $(RACE) -timeout 2h -run Property $(GOTESTFLAGS) ./internal/budget
	go test $(RACE) -timeout 2h -count=$(COUNT) -run 'Kill|Crash|Orphan|Concurrent|Property' $(GOTESTFLAGS) ./...

mutate: ## change the deciding code in small ways and want the tests to notice each (see docs/testing.md)
	go run ./scripts/mutate $(MUTATEFLAGS)
