# The commands of this project, the same on a desk and in CI (.ci/run calls `make test`).

target := $(or $(CARGO_TARGET_DIR),target)
roster := $(target)/release/roster

# $(call step,what it is,command): says what begins, and in plain words what failed.
define step
@printf '\n== %s\n' '$(1)'
@$(2) || { printf '\n== FAILED: %s\n' '$(1)' >&2; exit 1; }
endef

# Every step keeps all cores busy by itself.
.NOTPARALLEL:
.PHONY: test setup check format clippy unit release sdk conformance browser docs bench chaos clean

## Everything, from nothing: installs what the tests need, and fails if any test had to be skipped.
test: setup check unit release sdk conformance browser docs
	@printf '\n== make test: all passed\n'

setup:
	$(call step,install what the tests need,scripts/setup-tests.sh)

## Formatting and lints only.
check: format clippy

format:
	$(call step,cargo fmt,cargo fmt --all --check)

clippy:
	$(call step,cargo clippy,cargo clippy --workspace --all-targets --locked -- -D warnings)

# Plain `cargo test` skips, loudly, the tests whose engine is missing; here that is a failure.
unit: export ROSTER_TEST_REQUIRE := postgres
unit:
	$(call step,cargo test,cargo test --workspace --locked)

release:
	$(call step,build the release binary,cargo build --release --locked -p roster)

# On PostgreSQL with an API token only: how a client is known does not depend on the engine, and the tests of HTTP try it on both.
sdk: release
	$(call step,SDK suites on SQLite,tests/sdk/run.sh $(roster))
	$(call step,SDK suites on PostgreSQL,scripts/postgres.sh tests/sdk/run.sh $(roster) --without-oauth --database)

conformance: release
	$(call step,recordings of a real org replayed on SQLite,scripts/conformance.sh $(roster))
	$(call step,recordings of a real org replayed on PostgreSQL,scripts/postgres.sh scripts/conformance.sh $(roster) --database)

# What the browser showed is kept in target/screenshots.
browser: release
	$(call step,hosted pages in Chromium on SQLite,tests/browser/run.sh $(roster))
	$(call step,hosted pages in Chromium on PostgreSQL,scripts/postgres.sh tests/browser/run.sh $(roster) --database)

docs: export RUSTDOCFLAGS := -D warnings
docs:
	$(call step,cargo doc,cargo doc --workspace --no-deps --document-private-items --locked)

## Roster beside its references; ARGS are the options of bench/README.md.
bench:
	cargo build --release --locked -p roster -p roster-bench
	$(target)/release/roster-bench $(ARGS)

## The nightly form of the crash test.
chaos: export ROSTER_CRASH_ROUNDS ?= 200
chaos:
	cargo test --release --locked -p roster --test crash

clean:
	cargo clean
	rm -rf tests/browser/node_modules tests/sdk/node/node_modules tests/sdk/auth-js/node_modules tests/sdk/python/.venv-*
