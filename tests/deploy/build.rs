//! What `make build` and `make deploy` build.

use crate::{DEV, OLD, desk::Desk};

const SECRET: &str = "GapsSecretArn=arn:aws:secretsmanager:eu-west-1:123456789012:secret:auth0-AbCdEf";

#[test]
fn a_package_is_built_for_the_architecture_that_is_asked_for() {
    let desk = Desk::new();
    for (line, flag) in [("make build", "--arm64"), ("make build ARCH=x86_64", "--x86-64"), ("make build ARCH=arm64", "--arm64")] {
        let said = desk.types(line).done();
        let calls: Vec<String> = said.calls.iter().map(|call| call.join(" ")).collect();
        assert_eq!(calls, [format!("cargo lambda build --locked --release --bin receiver --output-format zip {flag}")], "{line}");
    }
    let said = desk.types("make build ARCH=x86");
    assert!(
        !said.good && said.calls.is_empty() && said.error.contains("build needs ARCH=arm64 or ARCH=x86_64; got x86\n"),
        "{}",
        said.error
    );
}

#[test]
fn what_is_built_is_for_the_architecture_that_is_deployed() {
    let said = Desk::new().types(&format!(r#"make deploy TOKEN_DIGESTS={OLD} PARAMETERS="Architecture=x86_64""#)).done();
    assert!(said.call("cargo").expect("a build").contains(&"--x86-64".to_owned()) && said.sam_got(r#"Architecture="x86_64""#));
    // Also if it comes from an earlier deployment.
    let said = Desk::deployed(&[("TokenDigests", OLD), ("Architecture", "x86_64")], "").types("make deploy").done();
    assert!(said.call("cargo").expect("a build").contains(&"--x86-64".to_owned()) && said.sam_got(r#"Architecture="x86_64""#));
}

#[test]
fn the_check_is_built_only_where_it_is_on_and_sam_finds_a_package_either_way() {
    let desk = Desk::new();
    let said = desk.types(&format!("make deploy TOKEN_DIGESTS={OLD}")).done();
    let builds =
        |said: &crate::desk::Said| said.calls.iter().filter(|call| call[0] == "cargo").map(|call| call.join(" ")).collect::<Vec<_>>();
    assert_eq!(builds(&said).len(), 1);
    // The receiver, the writer, and the check with the package of the receiver.
    assert_eq!(desk.template().matches("CodeUri: receiver\n").count(), 3);
    let said = desk.types(&format!(r#"make deploy TOKEN_DIGESTS={OLD} PARAMETERS="GapsAuth0Domain=acme.eu.auth0.com {SECRET}""#)).done();
    let build =
        "cargo lambda build --locked --release -p lake --no-default-features --features check --bin gaps-check --arm64 --lambda-dir target/deploy";
    assert_eq!(builds(&said)[1..], [build]);
    let template = desk.template();
    assert_eq!((template.matches("CodeUri: receiver\n").count(), template.matches("CodeUri: gaps-check\n").count()), (2, 1));
    assert!(said.sam_got(r#"GapsAuth0Domain="acme.eu.auth0.com""#), "{:?}", said.calls);
}

#[test]
fn a_check_without_its_secret_or_with_a_source_that_is_none_is_refused_before_anything_is_built() {
    let domain = "GapsAuth0Domain=acme.eu.auth0.com";
    for (digests, parameters, words) in [
        (OLD.to_owned(), domain.to_owned(), "GapsAuth0Domain needs GapsSecretArn, the ARN of the secret"),
        (OLD.to_owned(), format!("{domain} {SECRET} GapsSource=other"), "GapsSource names other, which has no digest in TOKEN_DIGESTS"),
        (
            format!("{OLD},{DEV}"),
            format!("{domain} {SECRET}"),
            "needs GapsSource, the tenant's source, for there are several: acme, acme-dev",
        ),
        (OLD.to_owned(), "GapsAuth0Domain=https://acme.eu.auth0.com".to_owned(), "must be empty, or a domain such as acme.eu.auth0.com"),
        (OLD.to_owned(), format!("{domain} GapsSecretArn=auth0"), "must be empty or the ARN of a secret"),
    ] {
        Desk::new().types(&format!(r#"make deploy TOKEN_DIGESTS={digests} PARAMETERS="{parameters}""#)).refused(words);
    }
}

#[test]
fn weaknesses_that_cannot_be_looked_up_are_said_last_and_fail_where_they_must() {
    let desk = Desk::new();
    assert!(desk.types("make deny ADVISORIES=required").done().call("cargo deny --locked --all-features check advisories").is_some());
    desk.answer("cargo-deny-fetch.fails", "offline\n");
    let told = "not checked: known weaknesses, since the RustSec database of advisories cannot be reached";
    assert_eq!(desk.types("make deny").done().error.lines().last(), Some(told));
    for typed in ["make -s deny ADVISORIES=required", "ADVISORIES=required make -s deny"] {
        let said = desk.types(typed);
        assert!(!said.good && said.error.contains(told), "{typed}: {}", said.error);
    }
    assert!(desk.types("make deny ADVISORIES=1").error.contains("ADVISORIES must be required or empty; got 1\n"));
}
