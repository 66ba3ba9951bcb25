//! Commands that call other tools, and how.

use crate::desk::Desk;

/// What is typed, and the calls that it makes.
const CALLS: [(&str, &[&str]); 24] = [
    ("make test", &["cargo test --locked --workspace --features auth0-log-lake/local"]),
    (
        "make lint",
        &[
            "cargo deny --version",
            "cargo deny --locked --all-features check bans licenses sources",
            "cargo deny fetch db",
            "cargo deny --locked --all-features check advisories",
            "cargo fmt --all --check",
            "cargo clippy --locked --workspace --all-targets --all-features -- -D warnings",
            "cargo doc --locked --workspace --no-deps --features auth0-log-lake/local",
            "  RUSTDOCFLAGS=-D warnings",
        ],
    ),
    ("make stack", &["run "]),
    ("make test-analysis", &["run check"]),
    ("make golden", &["cargo test --locked --test integration golden", "  GOLDEN=rewrite"]),
    (
        "make bench",
        &[
            "cargo bench --locked --bench receiver",
            "cargo build --locked --release --bin receiver --example bare",
            "python3 benches/process.py",
            "python3 benches/strangers.py",
        ],
    ),
    ("make bench-modes", &["cargo bench --locked --features local --bench modes --"]),
    ("make bench-modes REQUESTS=500", &["cargo bench --locked --features local --bench modes -- 500"]),
    ("make load", &["cargo build --locked --release --features local --bin local", "python3 benches/load.py"]),
    (
        "make simulate",
        &[
            "cargo test --locked --release --test simulation -- --nocapture many_seeds",
            "  SEEDS=10000",
            "cargo test --locked --release -p lake --test paused -- --nocapture many_seeds",
            "  SEEDS=10000",
        ],
    ),
    (
        "make simulate SEEDS=7",
        &[
            "cargo test --locked --release --test simulation -- --nocapture many_seeds",
            "  SEEDS=7",
            "cargo test --locked --release -p lake --test paused -- --nocapture many_seeds",
            "  SEEDS=7",
        ],
    ),
    (
        "make fuzz FUZZ_SECONDS=60",
        &[
            "cargo +nightly fuzz run --sanitizer none body_to_outcome fuzz/corpus/body_to_outcome fuzz/seeds/body_to_outcome events -- \
             -dict=fuzz/json.dict -rss_limit_mb=512 -max_total_time=60",
            "cargo +nightly fuzz run --sanitizer none record_to_row fuzz/corpus/record_to_row fuzz/seeds/record_to_row -- \
             -dict=fuzz/json.dict -rss_limit_mb=512 -max_total_time=60",
        ],
    ),
    (
        "make deny",
        &[
            "cargo deny --version",
            "cargo deny --locked --all-features check bans licenses sources",
            "cargo deny fetch db",
            "cargo deny --locked --all-features check advisories",
        ],
    ),
    (
        "make deny ADVISORIES=required",
        &[
            "cargo deny --version",
            "cargo deny --locked --all-features check bans licenses sources",
            "cargo deny fetch db",
            "cargo deny --locked --all-features check advisories",
        ],
    ),
    (
        "make watch",
        &[
            "cargo lambda watch --invoke-address 127.0.0.1",
            "  LAKE_URL=file://DESK/lake",
            "  TOKEN_DIGESTS=local=ccee612f8893b4f3cb54856a9473e1a832fb452187aa6ed7caa6d68ce4a1ffc2",
        ],
    ),
    (
        "LAKE_URL=file://other TOKEN_DIGESTS=eu=0 make watch",
        &["cargo lambda watch --invoke-address 127.0.0.1", "  LAKE_URL=file://other", "  TOKEN_DIGESTS=eu=0"],
    ),
    ("make invoke", &["cargo lambda invoke receiver --invoke-address 127.0.0.1 --data-file events/function-url/array.json"]),
    (
        "make invoke EVENT=events/function-url/get.json",
        &["cargo lambda invoke receiver --invoke-address 127.0.0.1 --data-file events/function-url/get.json"],
    ),
    (
        "make invoke EVENT=events/queue/messages.json",
        &["cargo lambda invoke receiver --invoke-address 127.0.0.1 --data-file events/queue/messages.json"],
    ),
    ("make token SOURCE=acme", &["cargo lake token --source=acme"]),
    ("cargo lake query \"SELECT 1\"", &["cargo lake query SELECT 1", "run query SELECT 1"]),
    ("cargo lake detect --since 7d", &["cargo lake detect --since 7d", "run detect --since 7d"]),
    ("cargo lake report --since 2026-11-01", &["cargo lake report --since 2026-11-01", "run report --since 2026-11-01"]),
    ("cargo lake deploy --stack logs --dry-run", &["cargo lake deploy --stack logs --dry-run", "deploy "]),
];

#[test]
fn each_command_calls_its_tool_with_these_arguments() {
    for (typed, calls) in CALLS {
        let desk = Desk::new();
        let said = desk.types(typed);
        assert_eq!(said.code, 0, "{typed}: {said:?}");
        let here = desk.path("").display().to_string();
        let calls: Vec<String> = calls.iter().map(|call| call.replace("DESK/", &here)).collect();
        assert_eq!(desk.calls(), calls, "{typed}");
    }
}

#[test]
fn the_reference_page_and_the_help_come_from_the_program() {
    let desk = Desk::new();
    let said = desk.types("cargo lake man --markdown");
    assert!(said.code == 0 && said.has_line("## lake rejects close"), "{said:?}");
    for (typed, words) in [("lake completions bash", "replay"), ("lake gaps --help", "--domain"), ("lake erase --help", "--ids")] {
        let said = desk.types(typed);
        assert!(said.code == 0 && said.has(words), "{typed}: {said:?}");
    }
    let said = desk.types("lake gaps --domain acme.eu.auth0.com --lake lake --since 24h --metric auth0-log-lake");
    assert!(said.code == 2 && said.has("AUTH0_CLIENT_ID"), "{said:?}");
    let said = desk.types("lake merge --since 2026-02 --until 2026-01");
    assert!(said.code == 2 && said.has("--since must be before --until"), "{said:?}");
}

#[test]
fn make_check_is_the_lints_the_tests_and_the_stack_each_once() {
    let calls = |typed: &str| {
        let desk = Desk::new();
        assert_eq!(desk.types(typed).code, 0, "{typed}");
        desk.calls()
    };
    let all: Vec<String> = ["make lint", "make test", "make test-analysis", "make stack"].into_iter().flat_map(calls).collect();
    assert_eq!(calls("make check"), all);
    let mut twice = calls("make test check");
    twice.sort();
    let mut once = all;
    once.sort();
    assert_eq!(twice, once);
}

#[test]
fn a_tool_that_fails_fails_the_command() {
    for typed in [
        "make lint",
        "make test",
        "make golden",
        "make bench",
        "make bench-modes",
        "make load",
        "make simulate",
        "make fuzz",
        "make watch",
        "make invoke",
    ] {
        let desk = Desk::new();
        std::fs::remove_file(desk.path("bin/cargo")).expect("the fake");
        std::os::unix::fs::symlink("/bin/false", desk.path("bin/cargo")).expect("a link");
        assert_eq!(desk.types(typed).code, 2, "{typed}");
    }
}

#[test]
fn the_help_lists_every_command_with_what_it_does() {
    let desk = Desk::new();
    let makefile = std::fs::read_to_string(desk.path("Makefile")).expect("the Makefile");
    let phony = makefile.lines().find_map(|line| line.strip_prefix(".PHONY: ")).expect("the commands");
    let said = desk.types("make help");
    assert_eq!(desk.types("make").out, said.out);
    let mut listed: Vec<&str> = said.out.lines().filter_map(|line| line.strip_prefix("  make ")?.split_whitespace().next()).collect();
    let mut commands: Vec<&str> = phony.split_whitespace().collect();
    listed.sort();
    commands.sort();
    assert_eq!(listed, commands);
    assert!(said.out.lines().all(|line| line.split_whitespace().count() > 3), "{}", said.out);
}
