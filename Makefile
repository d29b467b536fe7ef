# make run DIR=./movies   install what is missing, build, serve the folder (without DIR: the built-in demo clip)
# make test               install what is missing, run every test: Rust, web, browser
# make help               the other targets

SHELL := /bin/bash

# The static FFmpeg where it can be built (Debian's source packages are in reach), else the distribution's libraries.
ifeq ($(shell .ci/ffmpeg/build.sh --can >/dev/null && echo yes),yes)
FFMPEG_PREFIX := $(shell .ci/ffmpeg/build.sh --print)
FFMPEG := $(FFMPEG_PREFIX)/.complete
export PKG_CONFIG_PATH := $(FFMPEG_PREFIX)/lib/pkgconfig:$(PKG_CONFIG_PATH)
CARGO_FLAGS := --locked --features static-ffmpeg
else
FFMPEG :=
CARGO_FLAGS := --locked
endif
BINARY := $(or $(CARGO_TARGET_DIR),target)/release/watchparty
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts -type f 2>/dev/null)

.PHONY: help run build test test-rust test-web test-browser compatibility fuzz bench sim lint format types licences notices api screenshots clean

help: ## show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: build ## build and serve: make run DIR=./movies ARGS="--port 9000"
	$(BINARY) serve $(if $(DIR),--dir "$(DIR)") $(ARGS)

build: deps-build $(FFMPEG) web/dist/index.html ## make target/release/watchparty
	cargo build --release $(CARGO_FLAGS)

test: test-rust test-web test-browser ## all tests

test-rust: deps-test $(FFMPEG) web/dist/index.html ## Rust: pure cores, services, the real executable
	cargo test $(CARGO_FLAGS)

test-web: web/node_modules/.package-lock.json ## web: unit tests of sync, player and views
	cd web && npm test

test-browser: deps-test build ## the real executable in real browsers with real films
	cd web && WATCHPARTY_BIN=$(abspath $(BINARY)) npm run e2e

compatibility: deps-test build ## try every real film in every player, and write docs/compatibility.md
	-cd web && WATCHPARTY_BIN=$(abspath $(BINARY)) WATCHPARTY_E2E_ALL=1 npm run e2e:films
	cd web && node e2e/compatibility.mjs

fuzz: deps-test $(FFMPEG) ## 2,000 mutated films through the engine
	FUZZ_FILES=2000 cargo test $(CARGO_FLAGS) --test it matrix::fuzz -- --nocapture

bench: deps-test build ## print the figures of docs/measurements.md
	cd web && WATCHPARTY_BIN=$(abspath $(BINARY)) npm run bench

sim: deps-build $(FFMPEG) ## the room core, thousands of simulated evenings
	SIM_SEEDS=10000 cargo test --release $(CARGO_FLAGS) --test it rooms::sim

lint: deps-build $(FFMPEG) web/node_modules/.package-lock.json web/dist/index.html ## clippy and the web linter, warnings are errors
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings
	cd web && npm run lint

format: ## format everything
	cargo fmt
	cd web && npm run format

types: web/node_modules/.package-lock.json ## check TypeScript
	cd web && npm run typecheck

licences: web/node_modules/.package-lock.json ## check that THIRD-PARTY.txt is current and every licence is allowed
	node .ci/notices.mjs --check

notices: $(FFMPEG) web/node_modules/.package-lock.json ## write assets/THIRD-PARTY.txt anew
	node .ci/notices.mjs

api: $(FFMPEG) web/node_modules/.package-lock.json ## generate the OpenAPI document and the web client's types from the Rust types
	cargo run --quiet $(CARGO_FLAGS) -- openapi > web/src/api/openapi.json.new
	mv web/src/api/openapi.json.new web/src/api/openapi.json
	cd web && npm run gen:api

screenshots: deps-test build ## make the pictures of the README anew
	cd web && WATCHPARTY_BIN=$(abspath $(BINARY)) npm run screenshots

clean: ## remove what was built here (the FFmpeg cache stays)
	rm -rf target web/dist web/node_modules

.PHONY: deps-build deps-test
deps-build:
	@.ci/install.sh build

deps-test:
	@.ci/install.sh test

ifneq ($(FFMPEG),)
$(FFMPEG): | deps-build
	@.ci/ffmpeg/build.sh >/dev/null
endif

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build
