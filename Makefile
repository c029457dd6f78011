# The commands of this repository. `make` alone lists them.
# Everything is built by cargo; a C compiler is needed because SQLite is compiled from source.

# Passed on to the program that a target runs: make run ARGS='--listen 127.0.0.1:9000'
ARGS ?=
# How long `make soak` goes on killing the program.
SECONDS ?= 600
# How many jobs cargo runs at once; empty: one for each processor.
JOBS ?=

CARGO_DENY_VERSION := 0.20.2
TARGET := $(or $(CARGO_TARGET_DIR),target)
CARGO_DENY := $(TARGET)/tools/cargo-deny-$(CARGO_DENY_VERSION)

cargo_jobs := $(if $(JOBS),--jobs $(JOBS))

.DEFAULT_GOAL := help
.PHONY: help run test lint tidy fmt bench soak deny needs-cargo needs-c-compiler

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: needs-c-compiler ## build the program and start it; more flags in ARGS='…'
	cargo run --release --locked $(cargo_jobs) --package fintech -- serve $(ARGS)

test: lint ## everything that must pass: format, lints, all tests (tidy is one of them)
	cargo test --workspace --locked $(cargo_jobs)

lint: needs-c-compiler ## format and lints alone
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked $(cargo_jobs) -- --deny warnings

tidy: needs-cargo ## the house rules: crate graph, names, lengths, links
	cargo xtask tidy

fmt: needs-cargo ## format every Rust file
	cargo fmt --all

bench: needs-c-compiler ## measure; prints a table and leaves target/bench.json; flags in ARGS='…'
	cargo build --release --locked $(cargo_jobs) --package fintech --package bench
	$(TARGET)/release/bench --server-binary $(TARGET)/release/fintech $(ARGS)

soak: needs-c-compiler ## kill the program under load, again and again, for SECONDS=600
	SOAK_SECONDS=$(SECONDS) cargo test --release --locked $(cargo_jobs) --package simulation \
		--test it -- --ignored --nocapture soak

# Apart from `make test`: the tool itself takes minutes to build, once. Advisories are left out,
# for their database must be fetched and its answer changes from one day to the next.
deny: $(CARGO_DENY)/bin/cargo-deny ## licences, banned crates and sources of all dependencies
	$< --locked check bans licenses sources

$(CARGO_DENY)/bin/cargo-deny: | needs-c-compiler
	cargo install --locked $(cargo_jobs) --root $(CARGO_DENY) cargo-deny@$(CARGO_DENY_VERSION)

needs-cargo:
	@command -v cargo >/dev/null || { \
		echo "No cargo was found. Install Rust with rustup (https://rustup.rs), then open a new shell;" \
		     "the version that rust-toolchain.toml names is then fetched by itself." >&2; exit 1; }

needs-c-compiler: needs-cargo
	@command -v "$${CC:-cc}" >/dev/null || { \
		echo "No C compiler was found ($${CC:-cc}), and SQLite is compiled from source. Install one:" \
		     "'apt install build-essential' on Debian and Ubuntu, 'dnf install gcc' on Fedora," \
		     "'xcode-select --install' on macOS; or name yours in CC." >&2; exit 1; }
