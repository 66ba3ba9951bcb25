//! What `make build` and `make deploy` build.

use crate::{OLD, desk::Desk};

#[test]
fn a_package_is_built_for_the_architecture_that_is_asked_for() {
    let desk = Desk::new();
    for (line, flag) in [("make build", "--arm64"), ("make build ARCH=x86_64", "--x86-64"), ("make build ARCH=arm64", "--arm64")] {
        let said = desk.types(line).done();
        let calls: Vec<String> = said.calls.iter().map(|call| call.join(" ")).collect();
        assert_eq!(calls, [format!("cargo lambda build --release --bin receiver --output-format zip {flag}")], "{line}");
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
