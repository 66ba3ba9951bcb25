//! `make deploy`, `make digests`, `make build` and `make cost`, typed as the documents write them, with fakes of the tools.
//!
//! `tests/deploy/fake` stands for aws, sam, cargo and cargo-lambda, and writes down how it was called.

mod build;
mod cost;
mod desk;
mod documents;
mod values;

use std::fs;

use crate::desk::Desk;

const OLD: &str = "acme=0000000000000000000000000000000000000000000000000000000000000000";
const NEW: &str = "acme=1111111111111111111111111111111111111111111111111111111111111111";
const DEV: &str = "acme-dev=2222222222222222222222222222222222222222222222222222222222222222";
const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000";
const PUBLISHED: &str = "acme=ccee612f8893b4f3cb54856a9473e1a832fb452187aa6ed7caa6d68ce4a1ffc2";

#[test]
fn a_first_deployment_says_where_it_goes_then_builds_and_deploys() {
    let said = Desk::new().types(&format!("make deploy TOKEN_DIGESTS={OLD} ALARM_EMAIL=you@example.com")).done();
    for line in [
        "account 123456789012, as arn:aws:iam::123456789012:user/ann",
        "region eu-west-1",
        "stack auth0-log-lake, new",
        "source acme: 1 added",
        "AlarmEmail (empty) -> you@example.com",
    ] {
        assert!(said.out.lines().any(|said| said == line), "{line}\n{}", said.out);
    }
    let tools: Vec<String> = said.calls.iter().map(|call| call[..3].join(" ")).collect();
    let expected = [
        "aws sts get-caller-identity",
        "aws cloudformation describe-stacks",
        "aws lambda get-account-settings",
        "cargo lambda build",
        "sam deploy --template-file",
        "aws cloudformation describe-stacks",
    ];
    assert_eq!(tools, expected);
    assert_eq!(
        said.call("cargo").expect("a build").join(" "),
        "cargo lambda build --locked --release --bin receiver --arm64 --lambda-dir target/deploy"
    );
    let deploy = said.call("sam").expect("a deployment").join(" ");
    assert!(
        deploy.starts_with(
            "sam deploy --template-file target/deploy/template.yaml --stack-name auth0-log-lake --region eu-west-1 --resolve-s3 \
             --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --no-confirm-changeset --parameter-overrides "
        ),
        "{deploy}"
    );
    assert!(said.sam_got(&format!(r#"TokenDigests="{OLD}""#)) && said.sam_got(r#"AlarmEmail="you@example.com""#));
    assert!(said.sam_got(r#"Architecture="arm64""#) && said.sam_got(r#"SourceCidrs="""#) && !deploy.contains("--tags"));
}

#[test]
fn what_is_wrong_is_one_sentence_before_aws_is_asked() {
    for (line, words) in [
        ("make deploy TOKEN_DIGESTS=acme=12".to_owned(), "entry 1 is something else"),
        (format!("make deploy TOKEN_DIGESTS={OLD},my-token"), "entry 2 is something else"),
        (format!("make deploy TOKEN_DIGESTS={OLD},"), "entry 2 is something else"),
        (format!("make deploy TOKEN_DIGESTS=Acme{OLD}"), "TOKEN_DIGESTS must be source=<digest>"),
        (format!("make deploy TOKEN_DIGESTS={PUBLISHED}"), "published digest of local-development-token in entry 1"),
        (format!("make deploy TOKEN_DIGESTS={OLD},{}", PUBLISHED.to_uppercase().replace("ACME", "b")), "in entry 2"),
        (format!("make deploy TOKEN_DIGESTS={OLD},b{OLD}"), "one digest under two sources"),
        (format!("make deploy PARAMETERS=TokenDigests={PUBLISHED}"), "published digest"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=TokenDigests={NEW}"), "are the same; give one of them"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=Architectur=arm64"), "no parameter Architectur; is it Architecture?"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=Quux=1"), "no parameter Quux; template.yaml lists them"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=arm64"), "PARAMETERS must be name=value, separated by blanks; got 'arm64'"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=Architecture=arm"), "must be one of arm64, x86_64; got 'arm'"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=SilenceHours=25"), "a whole number from 2 to 24; got '25'"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=SilenceHours=2.5"), "a whole number from 2 to 24; got '2.5'"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=MemorySize=12"), "a whole number from 256 to 10240; got '12'"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=EventLagSeconds=5"), "a whole number of at least 60; got '5'"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=LogRetentionDays=2"), "LogRetentionDays must be one of 1, 3, 5,"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=LakePrefix=auth0"), "LakePrefix must be empty, or folders of"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=SourceCidrs=::ffff:192.0.2.0/120"), "SourceCidrs must be empty, or CIDRs"),
        (format!("make deploy TOKEN_DIGESTS={OLD} ALARM_EMAIL=me"), "AlarmEmail must be empty or an e-mail address; got 'me'"),
        (format!("make deploy TOKEN_DIGESTS={OLD} TAGS=team"), "TAGS must be name=value"),
        (format!(r#"make deploy TOKEN_DIGESTS={OLD} TAGS="team='a""#), "TAGS must be name=value"),
        (format!("make deploy TOKEN_DIGESTS={OLD} CONFIRM=yes"), "CONFIRM must be 0 or 1; got 'yes'"),
        (format!("make deploy TOKEN_DIGESTS={OLD} STACK=auth0_log_lake"), "STACK must be 1 to 128 of"),
    ] {
        let said = Desk::new().types(&line);
        said.refused(words);
        assert!(said.calls.is_empty(), "{line}: {:?}", said.calls);
        assert!(!said.error.contains("my-token"), "{}", said.error);
    }
}

#[test]
fn what_only_the_whole_shows_is_found_before_the_build() {
    let tenants = |count: usize| (0..count).map(|n| format!("tenant{n:02}={n:064x}")).collect::<Vec<_>>().join(",");
    for (line, words) in [
        ("make deploy".to_owned(), "got nothing. make token makes a token and its digest"),
        (
            format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS='ColdAfterDays=90 ExpireAfterDays=90'"),
            "must be more than ColdAfterDays, 90; got 90",
        ),
        (
            format!("make deploy TOKEN_DIGESTS={}", tenants(53)),
            "take 4155 bytes of the 4096 that Lambda allows; TOKEN_DIGESTS has 53 digests",
        ),
        // The queue's URL counts as well.
        (format!("make deploy TOKEN_DIGESTS={} PARAMETERS=BufferSeconds=60", tenants(51)), "take 4107 bytes of the 4096"),
        (
            format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS='KmsKeyArn={KEY} ServerSideEncryption=AES256'"),
            "KmsKeyArn and ServerSideEncryption exclude each other",
        ),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=DetectionsTopicKmsKeyArn={KEY}"), "needs DetectionsTopicArn, the topic"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=ExistingBucketOwner=123456789012"), "needs ExistingBucketName"),
        (format!("AWS_REGION=me-central-1 make deploy TOKEN_DIGESTS={OLD}"), "no Function URLs in me-central-1"),
        (format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS=SilenceSources=other"), "names other, which has no digest"),
        (format!("make deploy TOKEN_DIGESTS={OLD},ac-me={}", &NEW[5..]), "acme and ac-me differ by hyphens alone"),
    ] {
        Desk::new().types(&line).refused(words);
    }
    Desk::new().types(&format!("make deploy TOKEN_DIGESTS={OLD} PARAMETERS='ColdAfterDays=90 ExpireAfterDays=91'")).done();
    Desk::new().types(&format!("make deploy TOKEN_DIGESTS={}", tenants(52))).done();
    Desk::new().types(&format!("make deploy TOKEN_DIGESTS={} PARAMETERS=BufferSeconds=60", tenants(50))).done();
}

#[test]
fn a_missing_tool_region_or_credential_is_said_at_once() {
    let desk = Desk::new();
    let deploy = format!("make deploy TOKEN_DIGESTS={OLD}");
    desk.types(&format!("AWS_REGION= {deploy}")).refused("deploy needs a region");
    desk.answer("aws-configure-get", "eu-central-1\n");
    assert!(desk.types(&format!("AWS_REGION= {deploy}")).done().out.contains("region eu-central-1\n"));
    assert!(desk.types(&format!("AWS_REGION= AWS_DEFAULT_REGION=eu-north-1 {deploy}")).done().out.contains("region eu-north-1\n"));

    desk.answer("aws-sts-get-caller-identity.fails", "Unable to locate\ncredentials.\n");
    desk.types(&deploy).refused("aws sso login, or AWS_PROFILE=… (Unable to locate credentials.)");
    fs::remove_file(desk.path("bin/sam")).expect("the fake");
    desk.types(&format!("PATH=$PWD/bin:/usr/bin:/bin {deploy}")).refused("deploy needs sam; see Deploy it in README.md");
}

#[test]
fn what_is_not_given_stays_as_it_is_deployed() {
    let deployed = [("TokenDigests", OLD), ("SourceCidrs", "192.0.2.0/24"), ("SilenceHours", "12"), ("GoneParameter", "x")];
    let desk = Desk::deployed(&deployed, r#""Tags": [{"Key": "cost center", "Value": "4711 a"}], "#);
    let said = desk.types("make deploy").done();
    assert!(said.out.contains("stack auth0-log-lake, deployed, UPDATE_COMPLETE\nsource acme: 1 kept\n"), "{}", said.out);
    assert!(said.sam_got(&format!(r#"TokenDigests="{OLD}""#)) && said.sam_got(r#"SilenceHours="12""#));
    assert!(said.sam_got(r#"SourceCidrs="192.0.2.0/24""#) && said.sam_got(r#""cost center"="4711 a""#));
    assert!(!said.call("sam").expect("a deployment").join(" ").contains("GoneParameter"));
    assert!(said.out.ends_with("Payload URL of the Auth0 stream: https://abc.lambda-url.eu-west-1.on.aws/\n"), "{}", said.out);
    assert!(said.out.contains("\nNext: make tables, which makes the table events or adds columns that are new\n"), "{}", said.out);

    let said = desk.types(r#"make deploy STACK=lake-dev PARAMETERS="MergeCadence=daily""#).done();
    assert!(said.sam_got(r#"MergeCadence="daily""#), "{}", said.out);
    assert!(said.out.contains("\nNext: make tables STACK=lake-dev DATABASE=lake_dev, which makes"), "{}", said.out);
    let said = desk.types(r#"make deploy PARAMETERS="MergeCadence=none""#).done();
    assert!(said.sam_got(r#"MergeCadence="none""#) && !said.out.contains("make tables"), "{}", said.out);
    desk.types(r#"make deploy PARAMETERS="MergeCadence=off""#).refused("MergeCadence must be one of hourly, daily, none; got 'off'");

    let said = desk.types(r#"make deploy PARAMETERS="SourceCidrs=" TAGS="team=security cost-center='47 11'""#).done();
    assert!(said.out.contains("SourceCidrs 192.0.2.0/24 -> (empty)\n"), "{}", said.out);
    assert!(said.sam_got(r#"SourceCidrs="""#) && said.sam_got(r#""team"="security""#) && said.sam_got(r#""cost-center"="47 11""#));
    assert!(!said.sam_got(r#""cost center"="4711 a""#));
}

#[test]
fn a_source_is_cut_off_only_when_that_is_confirmed() {
    let desk = Desk::deployed(&[("TokenDigests", &format!("{OLD},{DEV}"))], "");
    for digests in [OLD.to_owned(), format!("{NEW},{DEV}")] {
        let line = format!("make deploy TOKEN_DIGESTS={digests}");
        let cut_off = if digests == OLD { "acme-dev" } else { "acme" };
        desk.types(&line).refused(&format!("every token that {cut_off} can send with now would be refused"));
        let said = desk.types(&format!("{line} DRY_RUN=1")).done();
        assert!(said.out.contains(&format!("every token that {cut_off} can")) && said.call("cargo").is_none(), "{}", said.out);
        assert!(desk.types(&format!("{line} CONFIRM=1")).done().sam_got(&format!(r#"TokenDigests="{digests}""#)));
    }
    // A rotation, as docs/AUTH0.md has it: both digests, then the new one alone.
    let said = desk.types(&format!(r#"make deploy TOKEN_DIGESTS="$(make -s digests),{NEW}""#)).done();
    assert!(said.out.contains("source acme: 1 kept, 1 added\nsource acme-dev: 1 kept\n"), "{}", said.out);
    assert!(said.sam_got(&format!(r#"TokenDigests="{OLD},{DEV},{NEW}""#)));
    let desk = Desk::deployed(&[("TokenDigests", &format!("{OLD},{DEV},{NEW}"))], "");
    let said = desk.types(&format!("make deploy TOKEN_DIGESTS={NEW},{DEV}")).done();
    assert!(said.out.contains("source acme: 1 kept, 1 removed\nsource acme-dev: 1 kept\n"), "{}", said.out);
}

#[test]
fn a_dry_run_shows_all_and_changes_nothing() {
    let desk = Desk::new();
    let said = desk.types(&format!("make deploy TOKEN_DIGESTS={OLD} STACK=lake-dev DRY_RUN=1")).done();
    assert!(said.out.contains("stack lake-dev, new\n") && said.out.ends_with("Nothing was built or deployed: DRY_RUN=1\n"), "{}", said.out);
    assert!(said.call("cargo").is_none() && said.call("sam").is_none() && !desk.path("target/deploy").exists());
    assert!(desk.types(&format!("make deploy TOKEN_DIGESTS={OLD} DRY_RUN=0")).done().call("sam").is_some());
}

#[test]
fn each_of_several_sources_has_a_silence_alarm_of_its_own() {
    let desk = Desk::new();
    let alarms = |desk: &Desk| desk.template().lines().filter(|line| line.starts_with("  Silence")).map(str::to_owned).collect::<Vec<_>>();
    let parameters = ["  SilenceHours:", "  SilenceSources:", "  SilenceAlarm:"].map(str::to_owned);
    let output = ["  SilenceSources:".to_owned()];
    let expected =
        |of: &[&str]| [&parameters[..], &of.iter().map(|id| format!("  SilenceOf{id}:")).collect::<Vec<_>>()[..], &output[..]].concat();

    desk.types(&format!("make deploy TOKEN_DIGESTS={OLD}")).done();
    assert_eq!(alarms(&desk), expected(&[]));
    let several = format!("make deploy TOKEN_DIGESTS={OLD},{DEV},{NEW}");
    let said = desk.types(&several).done();
    assert!(said.out.contains("a Silence alarm of acme\na Silence alarm of acme-dev\n"), "{}", said.out);
    assert_eq!(alarms(&desk), expected(&["acme", "acmedev"]));
    desk.types(&format!("{several} PARAMETERS=SilenceSources=acme-dev,acme-dev")).done();
    assert_eq!(alarms(&desk), expected(&["acmedev"]));
    desk.types(&format!("{several} PARAMETERS=SilenceSources=NONE")).done();
    assert_eq!(alarms(&desk), expected(&[]));
}

#[test]
fn a_stack_that_cannot_be_updated_now_says_what_to_do() {
    for (status, words) in [
        ("ROLLBACK_COMPLETE", "sam delete --stack-name auth0-log-lake --region eu-west-1, then deploy again"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name auth0-log-lake --region eu-west-1"),
        ("UPDATE_IN_PROGRESS", "it is being changed; try again when that has ended"),
    ] {
        let desk = Desk::new();
        desk.status(status, "");
        desk.types(&format!("make deploy TOKEN_DIGESTS={OLD}")).refused(words);
    }
    let desk = Desk::new();
    desk.status("REVIEW_IN_PROGRESS", "");
    assert!(desk.types(&format!("make deploy TOKEN_DIGESTS={OLD}")).done().out.contains("stack auth0-log-lake, new\n"));
    desk.answer("aws-cloudformation-describe-stacks.fails", "AccessDenied: not authorized\n");
    desk.types(&format!("make deploy TOKEN_DIGESTS={OLD}")).refused("could not be read: AccessDenied: not authorized");
}

#[test]
fn a_failed_build_deploys_nothing_and_a_failed_deployment_is_a_failure() {
    let desk = Desk::new();
    desk.answer("sam-deploy---template-file.fails", "ROLLBACK\n");
    let said = desk.types(&format!("make deploy TOKEN_DIGESTS={OLD}"));
    assert!(!said.good && said.error.contains("deploy: the stack was not deployed; the events above say why"), "{}", said.error);
    desk.answer("cargo-lambda-build.fails", "error: could not compile\n");
    let said = desk.types(&format!("make deploy TOKEN_DIGESTS={OLD}"));
    assert!(!said.good && said.error.contains("deploy: the receiver could not be built; nothing was deployed"), "{}", said.error);
    assert!(said.call("sam").is_none());
}

#[test]
fn the_deployed_digests_are_printed_alone() {
    let both = format!("{OLD},{DEV}");
    let said = Desk::deployed(&[("SilenceHours", "6"), ("TokenDigests", &both)], "").types("make -s digests STACK=lake-dev").done();
    assert_eq!((said.out, said.error), (format!("{both}\n"), String::new()));
    assert!(said.calls[0].join(" ").starts_with("aws cloudformation describe-stacks --stack-name lake-dev --region eu-west-1"));
    Desk::new().types("make -s digests").refused("there is no stack auth0-log-lake in eu-west-1");
}

#[test]
fn a_deployment_without_a_cap_on_what_runs_at_once_proposes_one() {
    let deploy = format!("make deploy TOKEN_DIGESTS={OLD} DRY_RUN=1");
    for (limit, unreserved, words) in [
        (
            1000,
            900,
            "can take all 1000 concurrent executions of this account, and starve its other functions. PARAMETERS=\"ReservedConcurrency=50\" caps it",
        ),
        (200, 130, "PARAMETERS=\"ReservedConcurrency=30\" caps it"),
        (10, 10, "can take all 10 concurrent executions of this account, and none can be reserved: Lambda keeps 100 for others"),
    ] {
        let desk = Desk::new();
        desk.account(limit, unreserved);
        let said = desk.types(&deploy).done();
        assert!(said.out.contains(words), "{words}\n{}", said.out);
    }
    let desk = Desk::new();
    desk.answer("aws-lambda-get-account-settings.fails", "AccessDenied\n");
    assert!(desk.types(&deploy).done().out.contains("nothing is proposed for ReservedConcurrency (AccessDenied)"));
}

#[test]
fn a_cap_that_the_account_has_is_taken_and_one_that_it_lacks_is_refused() {
    let desk = Desk::deployed(&[("TokenDigests", OLD), ("ReservedConcurrency", "50")], "");
    desk.account(200, 150);
    assert!(!desk.types("make deploy").done().out.contains("concurren"));
    desk.types(r#"make deploy PARAMETERS="ReservedConcurrency=100""#).done();
    desk.types(r#"make deploy PARAMETERS="ReservedConcurrency=101""#).refused("this account can reserve at most 100");
}

#[test]
fn the_addresses_that_auth0_publishes_are_compared_with_those_that_are_deployed() {
    const RANGES: &str = r#"{"last_updated_at": "2026-10-01T00:00:00Z", "changelog": [],
        "regions": {"EU": {"ipv4_cidrs": ["203.0.113.7/32", "192.0.2.1/32"]}, "US": {"ipv4_cidrs": ["198.51.100.0/24"]}}}"#;
    let desk = Desk::deployed(&[("TokenDigests", OLD), ("SourceCidrs", "192.0.2.1/32, 198.51.100.9/32")], "");
    desk.answer("ip-ranges.json", RANGES);
    let said = desk.types("make -s source-cidrs RANGES=ip-ranges.json REGION=eu");
    let expected = "2 ranges of EU, updated 2026-10-01T00:00:00Z\nstack auth0-log-lake, 2 ranges deployed\n+ 203.0.113.7/32\n\
        - 198.51.100.9/32\nTo set them: make deploy PARAMETERS=\"SourceCidrs=192.0.2.1/32,203.0.113.7/32\"\n";
    assert_eq!((said.out.as_str(), said.good), (expected, false), "{}", said.error);
    assert!(said.call("sam").is_none() && said.call("cargo").is_none());
    // What it says to type does that, and then nothing would change.
    let typed = expected.lines().last().expect("a line").trim_start_matches("To set them: ");
    assert!(desk.types(typed).done().sam_got(r#"SourceCidrs="192.0.2.1/32,203.0.113.7/32""#));
    let desk = Desk::deployed(&[("TokenDigests", OLD), ("SourceCidrs", "203.0.113.7/32,192.0.2.1/32")], "");
    desk.answer("ip-ranges.json", RANGES);
    assert!(desk.types("make -s source-cidrs RANGES=ip-ranges.json REGION=EU").done().out.ends_with("\nnothing would change\n"));
    let said = desk.types("make -s source-cidrs RANGES=ip-ranges.json REGION=US STACK=lake-dev");
    assert!(said.out.contains("stack lake-dev, 2 ranges deployed\n+ 198.51.100.0/24\n"), "{}", said.out);

    for (file, line, words) in [
        (RANGES, "RANGES=ip-ranges.json REGION=XX", "REGION must be one of EU, US; got 'XX'"),
        (RANGES, "RANGES=ip-ranges.json", "source-cidrs needs RANGES="),
        (RANGES, "RANGES=absent.json REGION=EU", "absent.json: [Errno 2]"),
        ("<html>", "RANGES=ip-ranges.json REGION=EU", "this is not Auth0's ip-ranges.json"),
        (r#"{"regions": {"EU": ["192.0.2.1/32"]}}"#, "RANGES=ip-ranges.json REGION=EU", "this is not Auth0's ip-ranges.json"),
        (r#"{"regions": {"EU": {"ipv4_cidrs": []}}}"#, "RANGES=ip-ranges.json REGION=EU", "the file has no address of EU"),
        (r#"{"regions": {"EU": {"ipv4_cidrs": ["$(touch hit)"]}}}"#, "RANGES=ip-ranges.json REGION=EU", "does not appear to be an IPv4"),
    ] {
        desk.answer("ip-ranges.json", file);
        desk.types(&format!("make source-cidrs {line}")).refused(words);
    }
}
