# `make help` lists what there is. `run`, `test` and `token` need nothing but Rust.

# What a user sets is a value: neither make nor a shell runs any part of it. Make would expand `$(shell …)` in a variable that
# it references or exports, so each value with a dollar sign becomes literal here, before any line references it. Recipes
# read values from the environment, as "$$NAME"; $(NAME) stands in conditions only. tests/deploy/values.rs checks both.
MAKEOVERRIDES :=
override LITERAL = $(eval override $1 := $$(value $1))$(eval export $1)
override SET = $(if $(filter command environment,$(origin $1)),$(findstring $$,$(value $1)))
unexport LITERAL SET
$(foreach a-name,$(.VARIABLES),$(if $(call SET,$(a-name)),$(call LITERAL,$(a-name))))

EVENT ?= events/function-url/array.json
SEEDS ?= 10000
FUZZ_SECONDS ?= 1800
STACK ?= auth0-log-lake
# What a command line cannot set stands in recipes.
override FUZZ = -dict=fuzz/json.dict -rss_limit_mb=512 -max_total_time="$$FUZZ_SECONDS"
override CARGO_DENY_VERSION = 0.20.2
# cargo-lambda and SAM as `make stack` installs them, where no others are.
override PATH := $(PATH):$(CURDIR)/target/stack-venv/core/bin
export PATH
# The operator's commands, as `cargo lake …` starts them.
override LAKE_COMMAND = cargo lake

.DEFAULT_GOAL := help
.PHONY: help run token test check lint golden bench bench-modes load fuzz simulate stack deny build watch invoke deploy digests source-cidrs doctor replay gaps erase cost tables merge query detect report test-analysis test-report test-engines bench-queries

# What a laptop has where nothing else is said: a lake in ./lake, and the digest of local-development-token.
override LOCAL_DIGEST = local=ccee612f8893b4f3cb54856a9473e1a832fb452187aa6ed7caa6d68ce4a1ffc2
watch: export LAKE_URL ?= file://$(CURDIR)/lake
watch: export TOKEN_DIGESTS ?= $(LOCAL_DIGEST)
invoke: export EVENT := $(EVENT)
fuzz: export FUZZ_SECONDS := $(FUZZ_SECONDS)
simulate: export SEEDS := $(SEEDS)
deploy digests source-cidrs tables merge: export STACK := $(STACK)

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: ## Start the receiver on a laptop, post every sample, show what landed (ONESHOT=1 ends then; a lake in s3:// needs CONFIRM=1; PORT=9001)
	@cargo run --locked --profile laptop -p lake --no-default-features --features run --bin lake -- run

token: ## Make a random token and its digest, and say where each goes (SOURCE=name)
	@$(LAKE_COMMAND) token $(if $(SOURCE),--source="$$SOURCE")

test: ## Run every test
	cargo test --locked --workspace --features auth0-log-lake/local

check: lint test test-analysis stack ## Check all that CI checks: format, lints, documentation, licences, tests, the stack

lint: deny ## Check format, lints, documentation and licences
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --features auth0-log-lake/local

golden: ## Rewrite what the samples must become; review the difference
	GOLDEN=rewrite cargo test --locked --test integration golden

bench: ## Measure speed beside a plain parse of the same bytes; size, start, memory, refusals, hostile messages (Python 3)
	cargo bench --locked --bench receiver
	cargo build --locked --release --bin receiver --example bare
	python3 benches/process.py
	python3 benches/strangers.py

bench-modes: ## Measure one-record requests alone, with shared objects and through the queue [REQUESTS=20000]
	cargo bench --locked --features local --bench modes -- $(if $(REQUESTS),"$$REQUESTS")

stack: ## Check template.yaml, what it becomes, and the receiver inside it (Python 3.11)
	tests/stack/run

deny: ## Check the licences, origins and known weaknesses of the dependencies (ADVISORIES=required fails where none can be read)
	@case "$$ADVISORIES" in ""|required) ;; *) echo "ADVISORIES must be required or empty; got $$ADVISORIES" >&2; exit 2;; esac
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked --quiet cargo-deny@$(CARGO_DENY_VERSION)
	cargo deny --locked --all-features check bans licenses sources
	@if cargo deny fetch db >/dev/null 2>&1; then cargo deny --locked --all-features check advisories; \
	else echo "not checked: known weaknesses, since the RustSec database of advisories cannot be reached" >&2; [ "$$ADVISORIES" != required ]; fi

build: ## Make the Lambda package, target/lambda/receiver/bootstrap.zip (ARCH=x86_64 for that; needs cargo-lambda)
	@case "$${ARCH:-arm64}" in arm64|x86_64) ;; *) echo "build needs ARCH=arm64 or ARCH=x86_64; got $$ARCH" >&2; exit 1;; esac
	cargo lambda build --locked --release --bin receiver --output-format zip $(if $(filter x86_64,$(ARCH)),--x86-64,--arm64)

watch: ## Run the Lambda under its emulator, with the lake of `make run` (needs cargo-lambda)
	cargo lambda watch --invoke-address 127.0.0.1

invoke: ## Send one sample to the emulator: make invoke EVENT=events/function-url/array.json
	cargo lambda invoke receiver --invoke-address 127.0.0.1 --data-file "$$EVENT"

deploy: ## Deploy: make deploy TOKEN_DIGESTS=acme=<digest> [STACK=… ALARM_EMAIL=… PARAMETERS="Name=value …" TAGS="key=value …" DRY_RUN=1 CONFIRM=1]
	@scripts/deploy

digests: ## Print the digests that are deployed, for the next TOKEN_DIGESTS (STACK=…)
	@scripts/deploy digests

source-cidrs: ## Compare Auth0's published addresses with the stack's: make source-cidrs RANGES=ip-ranges.json REGION=EU [STACK=…]
	@scripts/deploy source-cidrs

doctor: ## Post one marked event and say how far it came: TOKEN=… make doctor URL=… [LAKE=s3://… WORKGROUP=… DATABASE=… WAIT=seconds]
	@$(LAKE_COMMAND) doctor $(if $(URL),--url="$$URL") $(if $(LAKE),--lake="$$LAKE") \
	  $(if $(WORKGROUP),--workgroup="$$WORKGROUP") $(if $(DATABASE),--database="$$DATABASE") $(if $(WAIT),--wait="$$WAIT")

replay: ## Post rejected records again: TOKEN=… make replay LAKE=s3://bucket URL=… [SOURCE= SINCE= UNTIL= REASON= DRY_RUN=1]
	@$(LAKE_COMMAND) replay $(if $(LAKE),--lake="$$LAKE") $(if $(URL),--url="$$URL") $(if $(SOURCE),--source="$$SOURCE") \
	  $(if $(SINCE),--since="$$SINCE") $(if $(UNTIL),--until="$$UNTIL") $(if $(REASON),--reason="$$REASON") $(if $(DRY_RUN),--dry-run)

gaps: ## Say what a lake lacks of Auth0's log: make gaps AUTH0_DOMAIN=acme.eu.auth0.com SINCE=24h [LAKE=s3://bucket UNTIL= SOURCE= FROM= FILL=1 URL=… METRIC=stack]
	@[ -n "$$AUTH0_DOMAIN" ] || { \
	echo "gaps needs AUTH0_DOMAIN=<the tenant's domain>, and AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET in the environment"; exit 1; }
	@$(LAKE_COMMAND) gaps --domain="$$AUTH0_DOMAIN" $(if $(LAKE),--lake="$$LAKE") $(if $(SOURCE),--source="$$SOURCE") \
	  $(if $(SINCE),--since="$$SINCE") $(if $(UNTIL),--until="$$UNTIL") $(if $(FROM),--from="$$FROM") \
	  --fill="$$FILL" $(if $(URL),--url="$$URL") $(if $(METRIC),--metric="$$METRIC")

erase: ## Erase one person from a lake: make erase FROM=s3://bucket IDS=file [SQL=file CONFIRM=1], or PERSON=<one id> for IDS
	@[ -n "$$FROM" ] || { echo "erase needs FROM=<lake>, and IDS=<a file of identifiers> or PERSON=<one of them>"; exit 2; }
	@case "$$CONFIRM" in 1|true|yes) yes=--yes;; ""|0|false|no) yes=;; *) \
	echo "CONFIRM must be 1, true or yes, or 0, false, no or empty; got $$CONFIRM" >&2; exit 2;; esac; \
	$(LAKE_COMMAND) erase --lake="$$FROM" $${IDS:+--ids="$$IDS"} $${SQL:+--sql="$$SQL"} $$yes

simulate: ## Run the simulated worlds for SEEDS seeds: faults and retries, and a stream that was paused and is filled
	cargo test --locked --release --test simulation -- --nocapture many_seeds
	cargo test --locked --release -p lake --test paused -- --nocapture many_seeds

load: ## Load the local receiver: throughput, latency, memory, unauthenticated floods (needs hey)
	cargo build --locked --release --features local --bin local
	python3 benches/load.py

fuzz: ## Fuzz each target for FUZZ_SECONDS (needs a nightly compiler and cargo-fuzz)
	mkdir -p fuzz/corpus/body_to_outcome fuzz/corpus/record_to_row
	cargo +nightly fuzz run --sanitizer none body_to_outcome fuzz/corpus/body_to_outcome fuzz/seeds/body_to_outcome events -- $(FUZZ)
	cargo +nightly fuzz run --sanitizer none record_to_row fuzz/corpus/record_to_row fuzz/seeds/record_to_row -- $(FUZZ)

cost: ## Print what events cost: make cost [EVENTS=30000000 PER_REQUEST="10 50" SOURCES=3 MILLISECONDS=80 MEMORY=512 BUFFER_SECONDS=60 …]
	@set -f; python3 tests/stack/cost.py $(if $(EVENTS),--events "$$EVENTS") $(if $(PER_REQUEST),--per-request $$PER_REQUEST) \
	  $(if $(SOURCES),--sources "$$SOURCES") $(if $(MILLISECONDS),--milliseconds "$$MILLISECONDS") $(if $(MEMORY),--memory "$$MEMORY") \
	  $(if $(ARCH),--arch "$$ARCH") $(if $(OBJECTS),--objects "$$OBJECTS") $(if $(STORED),--stored "$$STORED") \
	  $(if $(LOGGED),--logged "$$LOGGED") $(if $(BUFFER_SECONDS),--buffer-seconds "$$BUFFER_SECONDS") \
  $(if $(RECEIVED),--received "$$RECEIVED") $(if $(LOGGED_QUEUED),--logged-queued "$$LOGGED_QUEUED")

tables: ## Make the table events and its views in Athena, or add what a newer version has: make tables [STACK=… DATABASE=…]
	@$(LAKE_COMMAND) tables --workgroup "$$STACK" $(if $(DATABASE),--database "$$DATABASE")

merge: ## Bring what has landed into events now: make merge [SINCE=2026-01 UNTIL=2026-06 STACK=… DATABASE=…]
	@$(LAKE_COMMAND) merge --workgroup "$$STACK" $(if $(DATABASE),--database "$$DATABASE") \
	  $(if $(SINCE),--since "$$SINCE") $(if $(UNTIL),--until "$$UNTIL")

query: ## Ask a lake with DuckDB: make query SQL="SELECT …" [LAKE=folder or s3://bucket/prefix] (Python 3.11)
	@analysis/run query $(if $(LAKE),--lake="$$LAKE") $(if $(SQL),-- "$$SQL")

detect: ## Run the detections over a lake: make detect [LAKE=folder or s3://bucket/prefix ID=… SINCE=… UNTIL=… SET=…] (Python 3.11)
	@analysis/run detect $(if $(LAKE),--lake="$$LAKE") $(if $(SINCE),--since="$$SINCE") $(if $(UNTIL),--until="$$UNTIL") \
	  $(if $(ID),--id="$$ID") $(if $(SET),--set="$$SET")

report: ## Write a page to look at: make report [LAKE=folder or s3://bucket/prefix SINCE=2026-11-01 UNTIL=2026-11-07 OUT=report.html]
	@analysis/run report $(if $(LAKE),--lake="$$LAKE") $(if $(SINCE),--since="$$SINCE") $(if $(UNTIL),--until="$$UNTIL") \
	  $(if $(TABLE),--table="$$TABLE") $(if $(HISTORY),--history="$$HISTORY") $(if $(OUT),--out="$$OUT")

test-analysis: ## Check the Python package of query, detect and report: ruff, mypy, tests (Python 3.11)
	analysis/run check

test-report: ## Open the page of hostile events in a headless Chromium (Rust, Python 3.11, Debian's chromium)
	tests/report/run

test-engines: ## Read and merge what the receiver wrote on Trino, DuckDB, Spark and ClickHouse (Java 24, Maven, Python 3.11)
	tests/engines/run

bench-queries: ## Measure a day of 20,000 one-event objects against the same day merged, on Trino [EVENTS=20000]
	tests/engines/run bench $(if $(EVENTS),--events "$$EVENTS")

