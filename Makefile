# What people do with this checkout. Each target installs what it needs and says so.

PROFILE ?= dev
BINARY = target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/lcr

.PHONY: demo test check bench generate setup

demo: setup ## Serve a sandbox at http://127.0.0.1:8080 (PROFILE=release for speed)
	cargo build --profile $(PROFILE)
	@exec $(BINARY) demo

test: setup ## Every test, on PostgreSQL servers of their own; some drive a browser and a real OpenID provider
	@sh scripts/setup.sh test
	cargo test

check: setup ## Formatting and lints; licences where cargo-deny is installed; instructions of hot functions where valgrind is
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	@sh scripts/setup.sh check
	cargo test --bench counts
	@if command -v cargo-deny >/dev/null; then cargo deny check licenses bans sources; \
	else echo "cargo-deny is not installed; licences were not checked (cargo install cargo-deny)"; fi

bench: setup ## What a resource costs on its way in, by type, with a release build and a PostgreSQL of its own
	cargo bench --bench checks

generate: setup ## Renew generated files: R4's element table (needs LCR_SHARED or ../shared), the verdicts on UK Core's examples, the access matrix, docs/reference, the sandbox record, the OpenAPI document, and the profiles' snapshots (the same, and Java 17 with Maven)
	LCR_GENERATE=1 cargo test --test generated
	LCR_GENERATE=1 cargo test --test matrix
	LCR_GENERATE=1 cargo test --test profiles ukcore
	LCR_GENERATE=1 cargo test --test guides reference
	cargo run -- sandbox generate --patients 21 --seed 1 --observations 40 --out sandbox
	LCR_GENERATE=1 cargo test --test openapi the_committed_document
	@sh scripts/setup.sh test
	LCR_GENERATE=1 cargo test --test validator snapshots

setup:
	@sh scripts/setup.sh
