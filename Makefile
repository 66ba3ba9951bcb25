# `make help` lists what there is. `run`, `test` and `token` need nothing but Rust.

PORT ?= 9000
EVENT ?= events/function-url/array.json
SEEDS ?= 10000
FUZZ_SECONDS ?= 1800
FUZZ = -dict=fuzz/json.dict -rss_limit_mb=512 -max_total_time=$(FUZZ_SECONDS)
STACK ?= auth0-log-lake
CARGO_DENY_VERSION = 0.20.2
# cargo-lambda and SAM as `make stack` installs them, where no others are.
export PATH := $(PATH):$(CURDIR)/target/stack-venv/core/bin
LAKE_COMMAND = cargo run --quiet --profile laptop -p lake --

.DEFAULT_GOAL := help
.PHONY: help run token test check lint golden bench load fuzz simulate stack deny build watch invoke deploy doctor replay cost

# What a laptop has where nothing else is said: a lake in ./lake, and the digest of local-development-token.
run watch: export LAKE_URL ?= file://$(CURDIR)/lake
run watch: export TOKEN_DIGESTS ?= local=ccee612f8893b4f3cb54856a9473e1a832fb452187aa6ed7caa6d68ce4a1ffc2
run: export TOKEN ?= local-development-token
run: export PORT := $(PORT)

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: ## Start the receiver on a laptop, post every sample, show what landed (ONESHOT=1 ends then)
	@echo "Building the receiver; the first time takes a few minutes."
	@cargo build --quiet --profile laptop -p auth0-log-lake -p lake --no-default-features --features auth0-log-lake/local --bin local --bin lake
	@mkdir -p target/run; log=target/run/receiver.log; : > "$$log"; built="$${CARGO_TARGET_DIR:-target}/laptop"; \
	"$$built/local" > "$$log" 2>&1 & receiver=$$!; tail=; \
	trap 'kill $$receiver $$tail 2>/dev/null; wait $$receiver 2>/dev/null' EXIT; trap 'echo; exit 0' INT; trap 'exit 143' HUP TERM; \
	sleep 1; \
	if ! kill -0 $$receiver 2>/dev/null; then cat "$$log"; exit 1; fi; \
	"$$built/lake" try --url "http://127.0.0.1:$(PORT)/" --samples events || exit 1; \
	if [ -n "$(ONESHOT)" ]; then exit 0; fi; \
	echo "The receiver is up at http://127.0.0.1:$(PORT)/ and logs to $$log; Ctrl-C ends it. Its new log lines:"; echo; \
	tail -f -n0 "$$log" & tail=$$!; \
	wait $$receiver; code=$$?; echo "The receiver ended with code $$code."; exit $$code

token: ## Make a random token and its digest, and say where each goes (SOURCE=name)
	@$(LAKE_COMMAND) token $(if $(SOURCE),--source '$(SOURCE)')

test: ## Run every test
	cargo test --workspace --features auth0-log-lake/local

check: lint test stack ## Check all that CI checks: format, lints, documentation, licences, tests, the stack

lint: deny
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --features auth0-log-lake/local

golden: ## Rewrite what the samples must become; review the difference
	GOLDEN=rewrite cargo test --test integration golden

bench: ## Measure speed beside a plain parse of the same bytes; size, start and memory (Python 3)
	cargo bench --bench receiver
	cargo build --release --bin receiver --example bare
	python3 benches/process.py

stack: ## Check template.yaml, what it becomes, and the receiver inside it (Python 3.11)
	tests/stack/run

deny: ## Check the licences, origins and known weaknesses of the dependencies
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked --quiet cargo-deny@$(CARGO_DENY_VERSION)
	cargo deny --all-features check bans licenses sources
	@if cargo deny fetch db >/dev/null 2>&1; then cargo deny --all-features check advisories; \
	else echo "skipped: the RustSec database of advisories cannot be reached"; fi

build: ## Make the Lambda package, target/lambda/receiver/bootstrap.zip (needs cargo-lambda)
	cargo lambda build --release --bin receiver --output-format zip $(if $(ARCH),--$(ARCH),--arm64)

watch: ## Run the Lambda under its emulator, with the lake of `make run` (needs cargo-lambda)
	cargo lambda watch --invoke-address 127.0.0.1

invoke: ## Send one sample to the emulator: make invoke EVENT=events/function-url/array.json
	cargo lambda invoke receiver --invoke-address 127.0.0.1 --data-file $(EVENT)

deploy: ## Deploy the stack: make deploy TOKEN_DIGESTS=acme=<digest> [STACK=…] [ALARM_EMAIL=…] [PARAMETERS="Name=value …"]
	@[ -n "$(TOKEN_DIGESTS)" ] || { echo "deploy needs TOKEN_DIGESTS=source=<digest>; make token makes a token and its digest"; exit 1; }
	@for tool in sam cargo-lambda aws; do command -v $$tool >/dev/null || { echo "deploy needs $$tool; see Deploy it in README.md"; exit 1; }; done
	@aws sts get-caller-identity >/dev/null || { echo "deploy needs AWS credentials: aws configure, or AWS_PROFILE=…"; exit 1; }
	SAM_CLI_TELEMETRY=0 sam build --beta-features
	SAM_CLI_TELEMETRY=0 sam deploy --stack-name $(STACK) --resolve-s3 --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
	  --parameter-overrides TokenDigests='$(TOKEN_DIGESTS)' $(if $(ALARM_EMAIL),AlarmEmail='$(ALARM_EMAIL)') $(PARAMETERS)

doctor: ## Post one marked event and say how far it came: TOKEN=… make doctor URL=… [LAKE=s3://… WORKGROUP=… DATABASE=…]
	@[ -n "$(URL)" ] || { echo "doctor needs URL=<the receiver's URL>, and the token in the variable TOKEN"; exit 1; }
	@$(LAKE_COMMAND) doctor --url '$(URL)' $(if $(LAKE),--lake '$(LAKE)') \
	  $(if $(WORKGROUP),--workgroup '$(WORKGROUP)') $(if $(DATABASE),--database '$(DATABASE)')

replay: ## Post rejected records again: TOKEN=… make replay FROM=s3://bucket URL=… [SOURCE= SINCE= UNTIL= REASON= DRY_RUN=1]
	@[ -n "$(FROM)" ] || { echo "replay needs FROM=<lake>, URL=<the receiver's URL>, and the token in the variable TOKEN"; exit 1; }
	@$(LAKE_COMMAND) replay --from '$(FROM)' $(if $(URL),--to '$(URL)') $(if $(SOURCE),--source '$(SOURCE)') \
	  $(if $(SINCE),--since '$(SINCE)') $(if $(UNTIL),--until '$(UNTIL)') $(if $(REASON),--reason '$(REASON)') $(if $(DRY_RUN),--dry-run)

simulate: ## Run the simulated world for SEEDS seeds
	SEEDS=$(SEEDS) cargo test --release --test simulation -- --nocapture many_seeds

load: ## Load the local receiver: throughput, latency, memory, unauthenticated floods (needs hey)
	cargo build --release --features local --bin local
	python3 benches/load.py

fuzz: ## Fuzz each target for FUZZ_SECONDS (needs a nightly compiler and cargo-fuzz)
	mkdir -p fuzz/corpus/body_to_outcome fuzz/corpus/record_to_row
	cargo +nightly fuzz run --sanitizer none body_to_outcome fuzz/corpus/body_to_outcome fuzz/seeds/body_to_outcome events -- $(FUZZ)
	cargo +nightly fuzz run --sanitizer none record_to_row fuzz/corpus/record_to_row fuzz/seeds/record_to_row -- $(FUZZ)

cost: ## Print what a million events cost
	python3 tests/stack/cost.py
