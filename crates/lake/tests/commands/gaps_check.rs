//! The scheduled check, run as Lambda runs it: a Runtime API, Secrets Manager, Auth0's Management API and the lake, all on loopback.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use support::{
    function::Function,
    management::{Api, CLIENT, Mishap},
    s3::{BUCKET, KEY, S3, SECRET},
    server::{Server, json_service, nobody},
};

use crate::{
    folder::Lake,
    logged::{Event, events, log, stream},
    receiver::RunningReceiver,
};

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:auth0-AbCdEf";
const PLENTY: Duration = Duration::from_secs(60);

/// The secret as it must be.
fn good() -> String {
    let application: serde_json::Map<String, Value> = CLIENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    Value::Object(application).to_string()
}

/// Secrets Manager with one secret; counts how often it was read.
fn secrets(output: Value) -> (Server, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&read);
    let server = json_service(move |operation, input| {
        assert_eq!((operation, &input["SecretId"]), ("secretsmanager.GetSecretValue", &json!(ARN)));
        count.fetch_add(1, Ordering::SeqCst);
        output.clone()
    });
    (server, read)
}

fn secret(text: &str) -> Server {
    secrets(json!({"ARN": ARN, "Name": "auth0", "SecretString": text})).0
}

/// The environment that the stack gives the function, with servers on loopback.
fn environment(lake: &str, tenant: &str, secrets: &Server) -> Vec<(&'static str, String)> {
    let own = [("LAKE_URL", lake), ("AUTH0_DOMAIN", tenant.trim_end_matches('/')), ("AUTH0_SECRET_ARN", ARN), ("SOURCE", "eu")];
    let aws = [
        ("STACK_NAME", "lake-dev"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.endpoint.as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ];
    own.into_iter().chain(aws).map(|(name, value)| (name, value.to_owned())).collect()
}

/// What some checks of one function did.
struct Checked {
    answers: Vec<Value>,
    /// Lines for people, but for those of progress.
    lines: Vec<Value>,
    progress: Vec<Value>,
    metrics: Vec<Value>,
}

/// Starts the function once, and it checks for each event, within that time.
fn check(environment: &[(&'static str, String)], events: &[(Value, Duration)]) -> Checked {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (answers, written) = runtime.block_on(async {
        let mut function = Function::start(env!("CARGO_BIN_EXE_gaps-check"), environment);
        let mut answers = Vec::new();
        for (event, time) in events {
            answers.push(function.ask(event, *time).await.expect("an answer"));
        }
        (answers, function.end().await)
    });
    let all = format!("{answers:?} {written:?}");
    assert!(!all.contains("hidden") && !all.contains(SECRET) && written.stderr.is_empty(), "{all}");
    let lines: Vec<Value> = written.stdout.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (metrics, lines): (Vec<Value>, Vec<Value>) = lines.into_iter().partition(|line| line["_aws"].is_object());
    let (lines, progress) = lines.into_iter().partition(|line| line["gaps.compared"].is_number());
    Checked { answers, lines, progress, metrics }
}

/// The event of a schedule, for the day of the events.
fn day() -> (Value, Duration) {
    (json!({"since": "2024-03-01", "until": "2024-03-01"}), PLENTY)
}

/// A lake that holds the events but some.
fn lake_without(missing: std::ops::Range<usize>, all: &[Event]) -> Lake {
    let lake = Lake::new();
    let arrived: Vec<&Event> = all.iter().enumerate().filter(|(i, _)| !missing.contains(i)).map(|(_, event)| event).collect();
    stream(&RunningReceiver::start(&lake.url(), &[]), &arrived);
    lake
}

#[test]
fn a_check_that_finds_nothing_missing_says_so_and_the_metrics_are_zero() {
    let all = events("2024-03-01T00:00:00Z", 6, 40);
    let (lake, api) = (lake_without(0..0, &all), Api::start(log(&all), &[]));
    let checked = check(&environment(&lake.url(), &api.url, &secret(&good())), &[day()]);
    assert_eq!(checked.answers, [json!({"compared": 240, "missing": 0, "failed": null})]);
    let [line] = &checked.lines[..] else { panic!("{:?}", checked.lines) };
    assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("nothing of Auth0's log is missing in the lake")));
    assert_eq!((&line["gaps.compared"], &line["gaps.missing"], &line["error.chain"]), (&json!(240), &json!(0), &Value::Null));
    assert!(line["gaps.report"].as_str().is_some_and(|report| report.starts_with("Comparing file://")), "{line}");
    let [metrics] = &checked.metrics[..] else { panic!("{:?}", checked.metrics) };
    assert_eq!((&metrics["MissingEvents"], &metrics["CheckFailures"], &metrics["PartialAnswers"]), (&json!(0), &json!(0), &json!(0)));
    let directive = &metrics["_aws"]["CloudWatchMetrics"][0];
    assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("Auth0LogLake"), &json!([["stack"], ["stack", "source"]])));
    assert_eq!((&metrics["stack"], &metrics["source"]), (&json!("lake-dev"), &json!("eu")));
    assert!(!checked.progress.is_empty() && checked.progress.iter().all(|line| line["level"] == "INFO"), "{:?}", checked.progress);
}

#[test]
fn what_a_bucket_lacks_is_counted_by_hour_and_type_and_nothing_is_written_to_it() {
    let s3 = S3::start();
    let (url, all) = (format!("s3://{BUCKET}/auth0"), events("2024-03-01T00:00:00Z", 3, 20));
    stream(&RunningReceiver::start(&url, &s3.environment()), &all[..30].iter().collect::<Vec<_>>());
    let (before, api, secrets) = (s3.objects(), Api::start(log(&all), &[Mishap::Limit(1)]), secret(&good()));
    let bucket = s3.environment().map(|(name, value)| (name, value.to_owned()));
    let without_a_source = environment(&url, &api.url, &secrets).into_iter().filter(|(name, _)| *name != "SOURCE");
    let checked = check(&without_a_source.chain(bucket).collect::<Vec<_>>(), &[day()]);
    assert_eq!(checked.answers, [json!({"compared": 60, "missing": 30, "failed": null})]);
    assert_eq!((&checked.lines[0]["level"], &checked.lines[0]["gaps.missing"]), (&json!("WARN"), &json!(30)));
    let report = checked.lines[0]["gaps.report"].as_str().expect("text");
    assert!(report.contains("2024-03-01 02:00") && report.contains("seacft"), "{report}");
    assert_eq!((&checked.metrics[0]["MissingEvents"], &checked.metrics[0]["CheckFailures"]), (&json!(30), &json!(0)));
    assert_eq!(checked.metrics[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["stack"]]));
    assert!(checked.progress.iter().any(|line| line["message"].as_str().is_some_and(|said| said.contains("answers 429"))));
    assert_eq!(s3.objects(), before);
}

#[test]
fn an_answer_that_is_partial_has_a_metric_of_its_own_and_the_check_fails() {
    let all = events("2024-03-01T00:00:00Z", 6, 40);
    let (lake, api) = (lake_without(0..0, &all), Api::start(log(&all), &[Mishap::UnknownIsEmpty]));
    let checked = check(&environment(&lake.url(), &api.url, &secret(&good())), &[day()]);
    let why = checked.answers[0]["failed"].as_str().expect("a reason");
    assert!(why.starts_with("what is missing cannot be said: Auth0 gave no record from 2024-03-01 00:00:00 UTC"), "{why}");
    assert_eq!((&checked.lines[0]["level"], &checked.lines[0]["error.chain"]), (&json!("ERROR"), &json!(why)));
    let metrics = &checked.metrics[0];
    assert_eq!((&metrics["PartialAnswers"], &metrics["CheckFailures"], &metrics["MissingEvents"]), (&json!(1), &json!(1), &Value::Null));
}

#[test]
fn a_check_that_cannot_be_made_is_a_failure_with_its_reason_and_no_count() {
    let all = events("2024-03-01T00:00:00Z", 1, 9);
    let (lake, api) = (lake_without(0..0, &all), Api::start(log(&all), &[]));
    let [login, scope] = [Mishap::Credentials, Mishap::Scope].map(|mishap| Api::start(log(&all), &[mishap]));
    let limit: Vec<Mishap> = (1..20).map(Mishap::Limit).collect();
    let (limit, nobody, url) = (Api::start(log(&all), &limit), nobody(), lake.url());
    let error = |kind: &str| secrets(json!({"__type": kind, "message": "made up"})).0;
    let short = Duration::from_secs(3);
    let cases: [(&str, &str, Server, Value, Duration, &str); 13] = [
        (&url, &api.url, error("ResourceNotFoundException"), day().0, PLENTY, "cannot be read: there is none of this name"),
        (&url, &api.url, error("AccessDeniedException"), day().0, PLENTY, "access is denied; it takes secretsmanager:GetSecretValue"),
        (&url, &api.url, error("DecryptionFailure"), day().0, PLENTY, "its KMS key cannot be used"),
        (&url, &api.url, secrets(json!({"SecretBinary": "aGlkZGVu"})).0, day().0, PLENTY, "it holds bytes, not text"),
        (&url, &api.url, secret("hidden"), day().0, PLENTY, "the secret must be JSON as {\"AUTH0_CLIENT_ID\""),
        (&url, &api.url, secret("{\"AUTH0_CLIENT_ID\": \"hidden\"}"), day().0, PLENTY, "it is something else"),
        (
            &url,
            &api.url,
            secret("{\"AUTH0_CLIENT_ID\": \"lake-check\", \"AUTH0_CLIENT_SECRET\": \"hidden-old\"}"),
            day().0,
            PLENTY,
            "are not those of an",
        ),
        (&url, &login.url, secret(&good()), day().0, PLENTY, "answers 401 to a request for a token"),
        (&url, &scope.url, secret(&good()), day().0, PLENTY, "the token lacks the scope read:logs"),
        (&url, &nobody, secret(&good()), day().0, PLENTY, "nothing listens on the port"),
        (&url, &limit.url, secret(&good()), day().0, short, "again in 1 s, but the time of this run is up before that"),
        ("file:///nowhere", &api.url, secret(&good()), day().0, PLENTY, "of file:///nowhere cannot be read: it is not there"),
        (&url, &api.url, secret(&good()), json!({"since": "soon"}), PLENTY, "since of the event: it must be a day"),
    ];
    for (lake, tenant, secrets, event, time, sentence) in cases {
        let checked = check(&environment(lake, tenant, &secrets), &[(event, time)]);
        let why = checked.answers[0]["failed"].as_str().expect("a reason");
        assert!(why.contains(sentence), "{sentence} in {why}");
        assert_eq!((&checked.lines[0]["level"], &checked.lines[0]["error.chain"]), (&json!("ERROR"), &json!(why)));
        assert_eq!((&checked.metrics[0]["CheckFailures"], &checked.metrics[0]["MissingEvents"]), (&json!(1), &Value::Null), "{sentence}");
        assert_eq!((checked.lines.len(), checked.metrics.len()), (1, 1));
    }
}

#[test]
fn a_check_whose_time_is_up_counts_what_it_found_fails_and_the_next_one_covers_it_with_the_secret_read_anew() {
    let all = events("2024-03-01T00:00:00Z", 5, 50);
    // Of the first page 20 are missing, of the second 30; it is limited until the first check is over.
    let (lake, api) = (lake_without(80..130, &all), Api::start(log(&all), &[2, 3, 4, 5, 6].map(Mishap::Limit)));
    let (secrets, read) = secrets(json!({"ARN": ARN, "SecretString": good()}));
    let (event, _) = day();
    let checked = check(&environment(&lake.url(), &api.url, &secrets), &[(event.clone(), Duration::from_secs(4)), (event, PLENTY)]);
    let [cut, whole] = &checked.answers[..] else { panic!("{:?}", checked.answers) };
    assert_eq!((&cut["compared"], &cut["missing"]), (&json!(100), &json!(20)));
    let why = cut["failed"].as_str().expect("a reason");
    assert!(why.starts_with("stopped before the end: ") && why.contains("the time of this run is up before that"), "{why}");
    assert!(why.contains(&format!("Give --from={} to", all[99].log_id)), "{why}");
    assert_eq!(whole, &json!({"compared": 250, "missing": 50, "failed": null}));
    let counts: Vec<_> = checked.metrics.iter().map(|line| (&line["MissingEvents"], &line["CheckFailures"])).collect();
    assert_eq!(counts, [(&json!(20), &json!(1)), (&json!(50), &json!(0))]);
    assert_eq!(read.load(Ordering::SeqCst), 2);
}

#[test]
fn a_setting_that_is_missing_or_wrong_stops_the_start_with_a_sentence() {
    let secrets = secret(&good());
    let url = Lake::new().url();
    for (name, value, sentence) in [
        ("AUTH0_DOMAIN", "", "AUTH0_DOMAIN must be set; got nothing"),
        ("AUTH0_DOMAIN", "http://acme.eu.auth0.com", "AUTH0_DOMAIN: it must be the tenant's domain, such as acme.eu.auth0.com"),
        ("AUTH0_SECRET_ARN", " ", "AUTH0_SECRET_ARN must be set"),
        ("LAKE_URL", "bucket", "LAKE_URL must be s3://bucket[/prefix] or file://dir"),
        ("SOURCE", "It's", "SOURCE: a source is 1 to 32 of a-z, 0-9 and \"-\""),
        ("STACK_NAME", "", "STACK_NAME must be set"),
    ] {
        let mut settings = environment(&url, "acme.eu.auth0.com", &secrets);
        settings.iter_mut().filter(|(known, _)| *known == name).for_each(|(_, given)| value.clone_into(given));
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gaps-check"));
        let ended = command.env_clear().envs(settings).output().expect("the function");
        let error: Value = serde_json::from_slice(&ended.stderr).expect("JSON");
        assert!(!ended.status.success() && error["message"].as_str().is_some_and(|said| said.starts_with(sentence)), "{sentence}: {error}");
    }
}
