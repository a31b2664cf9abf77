# The only door. `make help` lists what is behind it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

CLUSTER ?= local
CACHE := $(or $(SENTINEL_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sentinel-kubernetes)
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := $(CACHE)/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny

.PHONY: help
help: ## Lists the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- the two commands -----------------------------------------------------------------------

.PHONY: demo
demo: ## Shows the main job on a local cluster (root; CLUSTER=kind or CLUSTER=current for others)
	@CLUSTER=$(CLUSTER) e2e/demo/run

.PHONY: test
test: check test-api test-cluster ## Runs every test (root)

# ---- parts of `make test` -------------------------------------------------------------------

.PHONY: check
check: lint test-unit ## The daily command: format, lints, unit tests (no root, minutes)

.PHONY: lint
lint: deny
	charts/sync-crds --check
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

.PHONY: deny
deny: $(CARGO_DENY)
	$(CARGO_DENY) --locked check --hide-inclusion-graph bans licenses sources

.PHONY: test-unit
test-unit: ## Unit and property tests
	cargo test --workspace --exclude sentinel-tests --exclude sentinel-stories --locked

.PHONY: test-api
test-api: ## Tests against a real kube-apiserver, DynamoDB Local and moto (no root once etcd is installed)
	cargo test -p sentinel-tests --locked --no-run
	tests/control-plane run cargo test -p sentinel-tests --locked

.PHONY: test-cluster
test-cluster: ## Stories on the real cluster (root)
	e2e/check
	e2e/stories/run

# ---- fuzzing --------------------------------------------------------------------------------

FUZZ_SECONDS ?= 60

.PHONY: fuzz
fuzz: ## Fuzzes what anybody may send, FUZZ_SECONDS=60 each target (needs Rust nightly)
	cargo test --release -p sentinel-laws --no-default-features --locked --test cost -- --nocapture
	fuzz/run -t $(FUZZ_SECONDS)

# ---- the local cluster ----------------------------------------------------------------------

.PHONY: cluster
cluster: ## Brings up the local cluster (root)
	@e2e/cluster up

.PHONY: cluster-down
cluster-down: ## Ends it and leaves nothing behind
	@e2e/cluster down

.PHONY: images
images: ## Builds the container images of all programs into target/images
	@e2e/images

# ---- speed ----------------------------------------------------------------------------------

.PHONY: bench
bench: ## Times a decision, and the same one in Cedar (its first build takes minutes; no part of `make test`)
	cargo run --release --locked --quiet --manifest-path bench/Cargo.toml

PODS ?= 5000

.PHONY: scale
scale: ## Measures memory, calls, cost and locks with PODS=5000 simulated pods (root; half an hour)
	e2e/scale/run --pods $(PODS)

# ---- generated files ------------------------------------------------------------------------

.PHONY: generate
generate: ## Writes what is generated and committed: crds/, the chart's definitions, docs/reference
	cargo run --quiet --locked -p sentinel-api --bin crdgen crds
	charts/sync-crds
	SENTINEL_GENERATE=1 cargo test --quiet --locked -p sentinel-broker -p sentinel-operator -p sentinel-webhook -p sentinel-cli --lib the_reference

$(CARGO_DENY):
	@echo "building cargo-deny $(CARGO_DENY_VERSION) (about 4 min on 2 cores; kept in $(CACHE))"
	cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked --quiet --root $(CACHE)/cargo-deny-$(CARGO_DENY_VERSION)

.PHONY: measure
measure: ## Measures sizes, memory and latencies on the local cluster (root)
	e2e/cluster up
	eval "$$(e2e/cluster env)"; e2e/sentinel install; e2e/measure
