# What people do with this checkout. Each target installs what it needs and says so.

PROFILE ?= dev
# Where scripts/setup.sh check puts what is missing.
TOOLS = PATH="$$PWD/target/tools/bin:$$PWD/target/tools/python/bin:$$PATH"
BINARY = target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/lcr

.PHONY: demo test check bench bench-full bench-quick bench-build bench-checks faults fuzz generate image setup

demo: setup ## Serve a sandbox at http://127.0.0.1:8080 (PROFILE=release for speed)
	cargo build --profile $(PROFILE)
	@exec $(BINARY) demo

test: setup ## Every test, on PostgreSQL servers of their own; some drive a browser and a real OpenID provider
	@sh scripts/setup.sh test
	cargo test

check: setup ## Formatting, lints, a short fuzzing; licences where cargo-deny is; instructions of hot functions where valgrind is
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --test fuzz
	@sh scripts/setup.sh check
	cargo test --bench counts
	@$(TOOLS); if command -v cargo-deny >/dev/null; then cargo deny check licenses bans sources; \
	else echo "cargo-deny is not installed; licences were not checked"; fi
	@$(TOOLS); if command -v hadolint >/dev/null; then hadolint Dockerfile && echo "The Dockerfile is as hadolint wants it"; \
	else echo "hadolint is not installed; the Dockerfile was not checked"; fi

bench: bench-build ## How fast it is beside its limits, in under ten minutes after the build; makes bench/REPORT.md
	target/release/lcr-bench

bench-full: bench-build ## The same, and the view at 12,000 patients
	target/release/lcr-bench --full

bench-quick: bench-build ## A look in a minute or so; makes target/bench/REPORT.md
	target/release/lcr-bench --quick

bench-build: setup
	@sh scripts/setup.sh bench
	cargo build --release -p lcr-facade -p lcr-bench

bench-checks: setup ## What a resource costs on its way in, by type, with a release build and a PostgreSQL of its own
	cargo bench --bench checks

FAULTS ?= 200
faults: setup ## Make every fault of docs/reliability.md (FAULTS=200 kills of each kind, which takes hours) and write its table
	@sh scripts/setup.sh test
	LCR_FAULTS_ROUNDS=$(FAULTS) cargo test --test faults -- --nocapture --test-threads=1 --skip the_page_says
	LCR_GENERATE=1 cargo test --test faults the_page_says

generate: setup ## Renew generated files: R4's element table (needs LCR_SHARED or ../shared), the verdicts on UK Core's examples, the access matrix, docs/reference, the sandbox record, the OpenAPI document, and the profiles' snapshots (the same, and Java 17 with Maven)
	LCR_GENERATE=1 cargo test --test generated
	LCR_GENERATE=1 cargo test --test matrix
	LCR_GENERATE=1 cargo test --test profiles ukcore
	LCR_GENERATE=1 cargo test --test guides reference
	cargo run -- sandbox generate --patients 21 --seed 1 --observations 40 --out sandbox
	LCR_GENERATE=1 cargo test --test openapi the_committed_document
	@sh scripts/setup.sh test
	LCR_GENERATE=1 cargo test --test validator snapshots

fuzz: setup ## Every fuzz target with libFuzzer, FUZZ_SECONDS (60) each
	@sh scripts/fuzz.sh

image: ## The container image, with docker, podman or buildah, and a look at what came out
	@sh scripts/image.sh

setup:
	@sh scripts/setup.sh
