# The commands of this repository. `make` alone lists them.
# Everything is built by cargo; a C compiler is needed because SQLite is compiled from source.

# Passed on to the program that a target runs: make run ARGS='--listen 127.0.0.1:9000'
ARGS ?=
# How long `make soak` goes on killing the program.
SECONDS ?= 600
# How many jobs cargo runs at once; empty: one for each processor.
JOBS ?=

# Which processor the functions on AWS run on: arm64 or x86_64.
ARCH ?= arm64

CARGO_DENY_VERSION := 0.20.2
TARGET := $(or $(CARGO_TARGET_DIR),target)
LOCAL_AWS := $(TARGET)/local-aws
PYTHON ?= python3
TERRAFORM_CHECK ?= ../shared/tools/terraform-check/terraform-check
CHECKOV_VERSION := 3.3.30
CHECKOV := $(TARGET)/tools/checkov-$(CHECKOV_VERSION)
TERRAFORM_PLANS := $(TARGET)/terraform-check
# A certified OpenID Connect provider, which one test starts.
PROVIDER := $(TARGET)/oidc-provider
PROVIDER_LISTS := crates/fintech/tests/provider/package.json crates/fintech/tests/provider/package-lock.json
CARGO_DENY := $(TARGET)/tools/cargo-deny-$(CARGO_DENY_VERSION)

HOST_ARCH := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
lambda_machine := $(if $(filter arm64,$(ARCH)),aarch64,$(ARCH))
LAMBDA_TARGET := $(lambda_machine)-unknown-linux-gnu
LAMBDA_ZIP := $(TARGET)/lambda/$(ARCH)/bootstrap.zip
# The linker of the other processor, under the name that Debian and Fedora give it.
lambda_linker := $(if $(filter-out $(HOST_ARCH),$(ARCH)),$(if $(filter arm64,$(ARCH)),\
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc,\
	CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=x86_64-linux-gnu-gcc))
lambda_cross = $(if $(filter-out $(shell rustc -vV | sed -n 's/^host: //p'),$(LAMBDA_TARGET)),--target $(LAMBDA_TARGET))
# Where rustup has not brought Rust's library for that processor: Debian's compiler, library and linker.
DEBIAN_CROSS := $(TARGET)/debian-cross
lambda_library = $(shell rustc --print sysroot)/lib/rustlib/$(LAMBDA_TARGET)
lambda_debian = $(if $(wildcard $(lambda_library)),,\
	PATH="$$(realpath "$(DEBIAN_CROSS)")/bin:$$PATH" RUSTC="$$(realpath "$(DEBIAN_CROSS)")/bin/rustc")
# Identical code once: what the linker can that Rust brings for this processor.
ifeq ($(ARCH),x86_64)
lambda_fold := -C link-arg=-Wl,--icf=all
endif
# What the zip may have, measured on the processor where identical code is folded.
LAMBDA_BYTES_MAX := 3000000
# The newest glibc that Amazon Linux 2023 has.
GLIBC_MAX := 2.34

cargo_jobs := $(if $(JOBS),--jobs $(JOBS))

.DEFAULT_GOAL := help
.PHONY: help run test lint tidy fmt emulator provider bench terraform-check local-aws-test lambda bench-functions soak deny picture \
	needs-cargo needs-c-compiler needs-lambda-target

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: needs-c-compiler ## build the program and start it; more flags in ARGS='…'
	cargo run --release --locked $(cargo_jobs) --package fintech -- serve $(ARGS)

test: lint emulator provider ## everything that must pass: format, lints, all tests (tidy is one of them)
	cargo test --workspace --locked $(cargo_jobs)
	@$(MAKE) --no-print-directory local-aws-test

# A workspace of its own, so that its SQLite is not the store's. Tests that need it say that they are
# skipped where it could not be built.
emulator: needs-c-compiler ## build the emulator of DynamoDB that the tests start
	@cargo build --locked $(cargo_jobs) --manifest-path tools/dynamodb-emulator/Cargo.toml \
		--target-dir $(TARGET)/dynamodb-emulator \
		|| echo "emulator: it could not be built; the tests over DynamoDB are skipped" >&2

# By Node.js, from its own registry. The test that needs it says that it is skipped where it is not there.
provider: ## install the OpenID Connect provider that a test of sign-in starts
	@$(MAKE) --no-print-directory $(PROVIDER)/installed \
		|| echo "provider: it could not be installed; the test of sign-in elsewhere is skipped" >&2

$(PROVIDER)/installed: $(PROVIDER_LISTS)
	@mkdir -p $(PROVIDER) && cp $(PROVIDER_LISTS) $(PROVIDER)
	@cd $(PROVIDER) && npm ci --ignore-scripts --no-audit --no-fund --silent
	@openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=localhost \
		-addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
		-keyout $(PROVIDER)/localhost.key -out $(PROVIDER)/localhost.crt 2>/dev/null
	@touch $@

lint: needs-c-compiler ## format and lints alone
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked $(cargo_jobs) -- --deny warnings

tidy: needs-cargo ## the house rules: crate graph, names, lengths, links
	cargo xtask tidy

fmt: needs-cargo ## format every Rust file
	cargo fmt --all

bench: needs-c-compiler ## measure program and functions; tables, and JSON in target/bench*.json; flags in ARGS='…'
	cargo build --release --locked $(cargo_jobs) --package fintech --package bench
	$(TARGET)/release/bench --server-binary $(TARGET)/release/fintech $(ARGS)
ifeq ($(shell uname -s),Linux)
	@$(MAKE) --no-print-directory bench-functions ARGS=
else
	@echo "bench: the functions on AWS are left out, for they run on Linux"
endif

# At a fixed address: a start then has no 17,000 addresses to correct, in as many pages of its own.
lambda: needs-lambda-target ## what all functions on AWS are, as a zip; ARCH=x86_64 for the other processor
	$(lambda_debian) $(lambda_linker) cargo rustc --profile lambda --locked $(cargo_jobs) --package lambda \
		--bin bootstrap $(lambda_cross) -- -C relocation-model=static $(lambda_fold)
	@mkdir -p $(dir $(LAMBDA_ZIP))
	@cp $(TARGET)/$(if $(lambda_cross),$(LAMBDA_TARGET)/)lambda/bootstrap $(dir $(LAMBDA_ZIP))bootstrap
	@needed=$$(readelf --version-info --wide $(dir $(LAMBDA_ZIP))bootstrap | \
		grep -o 'GLIBC_[0-9.]*' | cut -d _ -f 2 | sort -V | tail -n 1); \
	newest=$$(printf '%s\n' "$$needed" $(GLIBC_MAX) | sort -V | tail -n 1); \
	if test -z "$$needed" || test "$$newest" != $(GLIBC_MAX); then \
		echo "lambda: the program needs glibc $${needed:-of an unknown version}, and Amazon Linux 2023" \
		     "has $(GLIBC_MAX): build on a system whose glibc is no newer" >&2; exit 1; \
	fi; \
	cd $(dir $(LAMBDA_ZIP)) && touch -d 1980-01-01T00:00:00Z bootstrap && rm -f bootstrap.zip && \
		TZ=UTC zip -q -9 -X bootstrap.zip bootstrap && \
		bytes=$$(wc -c < bootstrap.zip) && \
		echo "$(LAMBDA_ZIP): $$bytes bytes, for $(ARCH), needs glibc $$needed" && \
		if test "$(ARCH)" = x86_64 && test $$bytes -gt $(LAMBDA_BYTES_MAX); then \
			echo "lambda: that is more than its budget of $(LAMBDA_BYTES_MAX) bytes, see docs/decisions/0008" >&2; exit 1; \
		fi

bench-functions: ## how fast a function on AWS starts and answers, on this machine; flags in ARGS='…'
	@$(MAKE) --no-print-directory lambda ARCH=$(HOST_ARCH)
	cargo build --release --locked $(cargo_jobs) --package bench
	$(TARGET)/release/bench functions --bootstrap $(TARGET)/lambda/$(HOST_ARCH)/bootstrap \
		--archive $(TARGET)/lambda/$(HOST_ARCH)/bootstrap.zip $(ARGS)

# The first half is part of `make test` too; the second fetches checkov from PyPI, once.
terraform-check: $(CHECKOV)/installed ## what Terraform would make against the manifest, and by checkov; needs no account
	cargo test --locked $(cargo_jobs) --package xtask manifest:: -- --nocapture
	$(CHECKOV)/bin/checkov --directory terraform --framework terraform --quiet --compact --skip-download
	@for plan in defaults unprotected; do \
		if ! test -f $(TERRAFORM_PLANS)/$$plan-plan.json; then \
			echo "terraform-check: the plan with $$plan is skipped, for nothing was there to make it"; \
			continue; \
		fi; \
		echo "the plan with $$plan:"; \
		$(CHECKOV)/bin/checkov --file $(TERRAFORM_PLANS)/$$plan-plan.json --framework terraform_plan \
			--repo-root-for-plan-enrichment terraform --quiet --compact --skip-download || exit 1; \
	done

$(CHECKOV)/installed:
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check checkov==$(CHECKOV_VERSION)
	@touch $@

# Terraform's state comes from a tool that a user's clone does without. The functions' program is the
# one that the other tests were built with, so that nothing is built twice.
local-aws-test: ## what Terraform makes, made in an emulator of AWS, and used end to end; ARGS='NAME' picks tests
	@if ! test -x $(TERRAFORM_CHECK); then \
		echo "local-aws-test: skipped, for $(TERRAFORM_CHECK) is not there"; \
	elif ! $(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "local-aws-test: skipped, for $(PYTHON) is no Python 3.11 or newer with venv"; \
	elif ! $(MAKE) --no-print-directory $(LOCAL_AWS)/venv/installed; then \
		echo "local-aws-test: skipped, for what terraform/local/requirements.txt names could not be fetched"; \
	else \
		cargo test --workspace --locked $(cargo_jobs) --no-run && \
		$(LOCAL_AWS)/venv/bin/python -B terraform/local/run.py --terraform-check $(TERRAFORM_CHECK) \
			--program $(TARGET)/debug/bootstrap --out $(LOCAL_AWS) $(ARGS); \
	fi

$(LOCAL_AWS)/venv/installed: terraform/local/requirements.txt
	$(PYTHON) -m venv $(LOCAL_AWS)/venv
	$(LOCAL_AWS)/venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

soak: needs-c-compiler ## kill the program under load, again and again, for SECONDS=600
	SOAK_SECONDS=$(SECONDS) cargo test --release --locked $(cargo_jobs) --package simulation \
		--test it -- --ignored --nocapture soak

picture: needs-c-compiler ## draw the README's picture of /docs anew, by Chromium
	cargo build --locked $(cargo_jobs) --package fintech
	docs/images/draw.sh $(TARGET)/debug/fintech

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

# Another processor than this machine's needs Rust's library and a linker for it.
needs-lambda-target: needs-c-compiler
	@case "$(ARCH)" in arm64 | x86_64) ;; *) \
		echo "lambda: ARCH must be arm64 or x86_64, not '$(ARCH)'" >&2; exit 2;; esac
	@for tool in readelf zip; do command -v $$tool >/dev/null || { \
		echo "lambda: $$tool was not found: 'apt install binutils zip' on Debian and Ubuntu" >&2; exit 1; }; done
	@test -d "$(lambda_library)" || { test "$(ARCH) $(HOST_ARCH)" = "arm64 x86_64" && \
		tools/debian-cross/fetch.sh "$(DEBIAN_CROSS)" \
			"$$(sed -n 's/^rust-version = "\(.*\)"$$/\1/p' Cargo.toml)"; } || { \
		echo "lambda: Rust's library for $(ARCH) is not installed: 'rustup target add $(LAMBDA_TARGET)'." \
		     "Or take this machine's processor: make lambda ARCH=$(HOST_ARCH), and" \
		     "-var architecture=$(HOST_ARCH) for Terraform" >&2; exit 1; }
	@linker="$(lastword $(subst =, ,$(lambda_linker)))"; $(if $(lambda_debian),export $(lambda_debian);) \
		test -z "$$linker" || command -v "$$linker" >/dev/null || { \
		echo "lambda: $$linker was not found, which links for $(ARCH): on Debian and Ubuntu 'apt install" \
		     "gcc-$(subst _,-,$(lambda_machine))-linux-gnu'. Or take this machine's processor:" \
		     "make lambda ARCH=$(HOST_ARCH), and -var architecture=$(HOST_ARCH) for Terraform" >&2; exit 1; }
