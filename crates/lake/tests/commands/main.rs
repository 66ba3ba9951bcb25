//! The commands of an operator, run as programs against a running receiver.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};

use auth0_log_lake::{
    auth::TokenDigest,
    config::{Config, LakeUrl},
    object::Compression,
    serve::local,
    store::{FileStore, S3Store},
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Method, StatusCode, header::IF_NONE_MATCH},
    response::{IntoResponse, Response},
};
use flate2::read::MultiGzDecoder;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};

mod credentials;
mod erase;

const TOKEN: &str = "local-development-token";
const GOOD: &str = r#"{"log_id":"90020260701123456789000000000000000001","data":{"date":"2026-07-01T12:34:56.789Z","type":"s"}}"#;

/// A receiver of this process.
struct RunningReceiver {
    url: String,
}

impl RunningReceiver {
    fn start(lake: &str, more: &[(&str, &str)]) -> Self {
        let digests = format!("eu={}", TokenDigest::of(TOKEN.as_bytes()));
        let settings = [("LAKE_URL", lake), ("TOKEN_DIGESTS", &digests)];
        let find = |name: &str| more.iter().chain(&settings).find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let config = Config::from_lookup(find).expect("settings");
        let store = match (find("AWS_ENDPOINT_URL_S3"), config.lake.clone()) {
            (Some(endpoint), LakeUrl::S3 { bucket, prefix }) => {
                auth0_log_lake::store::Lake::S3(S3Store::on_server(bucket, prefix, &endpoint, "key", "secret"))
            }
            (_, LakeUrl::File(folder)) => auth0_log_lake::store::Lake::File(FileStore::new(folder)),
            (None, LakeUrl::S3 { .. }) => panic!("a test without an S3 server"),
        };
        let receiver = auth0_log_lake::receive::Receiver::with_store(store, config.sources, config.addresses, config.compression);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                // What it logs is of no interest here.
                local::run(listener, receiver, |_| (), std::future::pending()).await
            })
        });
        Self { url }
    }
}

/// A URL at which nothing can ever listen: port 1 is not one that the system gives.
fn nobody() -> String {
    "http://127.0.0.1:1/".to_owned()
}

/// A lake in a folder of its own.
struct Lake(tempfile::TempDir);

impl Lake {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("lake")
    }

    fn url(&self) -> String {
        format!("file://{}", self.path().display())
    }

    /// Writes reject rows as one object of the day.
    fn reject(&self, day: &str, rows: &str) -> PathBuf {
        let path = self.path().join(reject_key(day));
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, gzip(rows)).expect("an object");
        path
    }

    fn rows(&self, table: &str) -> Vec<String> {
        let mut rows = Vec::new();
        for path in files(&self.path().join(table)) {
            let mut text = String::new();
            MultiGzDecoder::new(fs::File::open(path).expect("an object")).read_to_string(&mut text).expect("rows");
            rows.extend(text.lines().map(str::to_owned));
        }
        rows
    }
}

fn reject_key(day: &str) -> String {
    format!("rejects/dt={day}/hour=03/{}T031207412Z-0123456789abcdef0123456789abcdef.ndjson.gz", day.replace('-', ""))
}

fn gzip(rows: &str) -> Vec<u8> {
    Compression::Gzip.compress(std::iter::once(rows.as_bytes())).expect("memory")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn row(reason: &str, source: &str, raw: &str) -> String {
    format!("{}\n", serde_json::json!({"reason": reason, "detail": "it was so", "source": source, "raw": raw}))
}

/// What a command said, and how it ended.
struct Said {
    out: String,
    error: String,
    good: bool,
    code: i32,
}

fn lake(arguments: &[&str], token: Option<&str>) -> Said {
    said(command(arguments, token).output().expect("the command"))
}

fn command(arguments: &[&str], token: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lake"));
    command.args(arguments).env_remove("TOKEN").env_remove("LAKE_URL").env_remove("PERSON").envs(token.map(|token| ("TOKEN", token)));
    command
}

fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { out: text(output.stdout), error: text(output.stderr), good: output.status.success(), code: output.status.code().unwrap_or(-1) }
}

impl Said {
    /// Says whether one line is these words.
    fn has_line(&self, words: &str) -> bool {
        self.out.lines().any(|line| line.split_whitespace().eq(words.split_whitespace()))
    }

    /// Says whether these words stand one after another, over line ends too.
    fn has(&self, words: &str) -> bool {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        squeezed(&self.out).contains(&squeezed(words))
    }
}

/// A server that gives these answers, one a request, and then the last one again.
fn told(answers: &'static [&'static str]) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for (i, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let (mut line, mut length) = (String::new(), 0);
            while stream.read_line(&mut line).is_ok_and(|_| line.trim() != "") {
                let header = line.to_ascii_lowercase();
                length = header.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().expect("a length"));
                line.clear();
            }
            stream.read_exact(&mut vec![0; length]).expect("a body");
            let (head, body) = answers[i.min(answers.len() - 1)].split_once('|').expect("head and body");
            let answer = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.get_mut().write_all(answer.as_bytes()).expect("an answer");
        }
    });
    url
}

#[test]
fn a_new_token_and_its_digest_fit_a_receiver() {
    let said = lake(&["token", "--source", "acme"], None);
    let after = |mark: &str| said.out.lines().find_map(|line| line.trim().strip_prefix(mark)).expect(mark).to_owned();
    let (token, digest) = (after("Bearer "), after("acme="));
    assert_eq!((token.len(), TokenDigest::of(token.as_bytes()).to_string()), (43, digest.clone()));

    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[("TOKEN_DIGESTS", &format!("acme={digest}"))]);
    assert!(lake(&["doctor", "--url", &receiver.url], Some(&token)).good);
    assert!(!lake(&["doctor", "--url", &receiver.url], Some(TOKEN)).good);
}

#[test]
fn every_sample_is_tried_and_what_landed_is_shown() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");
    let said = lake(&["try", "--url", &receiver.url, "--samples", samples, "--lake", &folder.url()], None);
    assert!(said.good, "{}{}", said.out, said.error);
    let bodies = files(Path::new(samples)).into_iter().filter(|path| path.parent().is_some_and(|parent| parent.ends_with("events")));
    for body in bodies {
        let name = body.file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(said.out.contains(&format!("  {name} ")), name != "README.md", "{name}");
    }
    for table in ["events", "rejects"] {
        let objects = files(&folder.path().join(table));
        let bytes: u64 = objects.iter().map(|object| fs::metadata(object).expect("an object").len()).sum();
        let bytes = format!("{},{:03}", bytes / 1_000, bytes % 1_000);
        let row = format!("{table} {} {} {} {bytes}", objects.len(), objects.len(), folder.rows(table).len());
        assert!(said.has_line(&row), "{row} in {}", said.out);
    }
    for line in ["\"p_log_type\": \"Auth0.Events\",", "\"reason\": \"malformed_json\","] {
        assert!(said.has_line(line), "{line} in {}", said.out);
    }
    assert!(
        said.out.is_ascii() && said.out.lines().all(|line| line.len() <= 100 || line.contains("/tmp") || line.contains(samples)),
        "{}",
        said.out
    );

    let before = files(&folder.path().join("events")).len();
    let again = lake(&["try", "--url", &receiver.url, "--samples", samples, "--lake", &folder.url()], None);
    let after = files(&folder.path().join("events")).len();
    let row = format!("events {after} {} {} ", after - before, folder.rows("events").len());
    assert!(again.good && again.has(&row), "{row} in {}", again.out);
}

#[test]
fn a_sample_that_is_not_stored_is_named_and_ends_the_command_badly() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    fs::create_dir_all(folder.path()).expect("a lake");
    let samples = tempfile::tempdir().expect("a folder");
    fs::write(samples.path().join("one.json"), GOOD).expect("a sample");
    let tried = ["try", "--url", &receiver.url, "--samples", &samples.path().display().to_string(), "--lake", &folder.url()];
    let said = lake(&tried, Some("a-wrong-token"));
    assert!(!said.good && !said.out.contains("a-wrong-token"), "{}", said.out);
    assert!(
        said.has_line("one.json 105 401 - - -") && said.has("Problem: one.json got 401 invalid_token. The token in TOKEN"),
        "{}",
        said.out
    );
    let none = lake(&["try", "--samples", "/nowhere"], None);
    assert!(!none.good && none.error.starts_with("lake: the samples cannot be read from /nowhere"), "{}", none.error);
}

#[test]
fn rejects_whose_record_is_good_become_events_and_the_others_are_rejected_again() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let rest = format!("{},{}]", GOOD.replace("0001\"", "0002\""), GOOD.replace("0001\"", "0003\""));
    folder.reject(
        "2026-07-01",
        &(row("missing_data", "eu", GOOD) + &row("malformed_json", "eu", "{\"a\":\nNaN}") + &row("batch_limit", "eu", &rest)),
    );
    let replay = ["replay", "--from", &folder.url(), "--to", &receiver.url];
    let said = lake(&replay, Some(TOKEN));
    assert!(said.good, "{}{}", said.out, said.error);
    for line in ["missing_data 1 1 0", "malformed_json 1 0 1", "batch_limit 2 2 0", "all 4 3 1", "malformed_json: it was so"] {
        assert!(said.has_line(line), "{line} in {}", said.out);
    }
    assert_eq!(folder.rows("events").len(), 3);
    assert!(folder.rows("rejects").iter().any(|row| row.contains("request_id") && row.contains(r#"{\"a\":\nNaN}"#)));

    let objects = files(&folder.path().join("events")).len();
    let again = lake(&replay, Some(TOKEN));
    assert!(again.good && again.has_line("Found 4 rejects, 1 of them the same again") && again.has_line("all 4 3 1"), "{}", again.out);
    assert_eq!(files(&folder.path().join("events")).len(), objects);
}

#[test]
fn a_replay_is_narrowed_by_day_reason_and_source_and_a_dry_run_posts_nothing() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    folder.reject("2026-07-01", &row("missing_data", "eu", "1"));
    folder.reject("2026-07-02", &(row("missing_data", "eu", "2") + &row("missing_log_id", "eu", "3") + &row("missing_data", "us", "4")));
    folder.reject("2026-07-03", &row("missing_data", "eu", "5"));
    let (from, url) = (folder.url(), &receiver.url);
    let all = lake(&["replay", "--from", &from, "--to", url], Some(TOKEN));
    assert!(
        !all.good && all.has_line("They are of several sources: eu, us. Choose with SOURCE= (--source), and use its token."),
        "{}",
        all.out
    );
    let dry = lake(&["replay", "--from", &from, "--dry-run", "--source", "eu"], None);
    assert!(dry.good && dry.has_line("Found 4 rejects"), "{}{}", dry.out, dry.error);
    assert_eq!(folder.rows("rejects").len(), 5);
    let narrow = ["--since", "2026-07-02", "--until", "2026-07-02", "--reason", "missing_data", "--source", "eu"];
    let one = lake(&[&["replay", "--from", &from, "--to", url], narrow.as_slice()].concat(), Some(TOKEN));
    assert!(one.good && one.has_line("all 1 0 1"), "{}", one.out);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_posted() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let cut = folder.reject("2026-07-01", &row("missing_data", "eu", &"x".repeat(999)));
    fs::write(&cut, &fs::read(&cut).expect("an object")[..30]).expect("half an object");
    folder.reject("2026-07-02", &("no row\n".to_owned() + &row("unsupported_encoding", "eu", "brotli") + &row("missing_data", "eu", GOOD)));
    fs::write(folder.path().join("rejects/notes.txt"), "").expect("a stranger");
    let said = lake(&["replay", "--from", &folder.url(), "--to", &receiver.url], Some(TOKEN));
    assert!(!said.good, "{}", said.out);
    for line in [
        "rejects/notes.txt".to_owned(),
        format!("{} is damaged", reject_key("2026-07-01")),
        format!("{}, row 1: it is no reject row", reject_key("2026-07-02")),
        "cannot be decoded here".to_owned(),
        "all 1 1 0".to_owned(),
    ] {
        assert!(said.has(&line), "{line} in {}", said.out);
    }
    assert_eq!(folder.rows("events").len(), 1);
}

#[test]
fn a_receiver_that_asks_for_later_is_asked_again_and_one_that_refuses_is_not() {
    let folder = Lake::new();
    folder.reject("2026-07-01", &row("missing_data", "eu", GOOD));
    let replay = |url: &str| lake(&["replay", "--from", &folder.url(), "--to", url], Some(TOKEN));
    const LATER: &str = "503 Service Unavailable\r\nRetry-After: 0|{\"error\":\"store_unavailable\"}";
    const NONE: &str = "200 OK|{\"received\":0,\"accepted\":0,\"rejected\":0}";
    let said = replay(&told(&[NONE, LATER, LATER, "200 OK|{\"received\":1,\"accepted\":1,\"rejected\":0}"]));
    assert!(said.good && said.has_line("all 1 1 0"), "{}", said.out);
    let said = replay(&told(&[NONE, LATER]));
    assert!(!said.good && said.has("Stopped before the end: after 5 times, the answer is 503 store_unavailable"), "{}", said.out);
    let said = replay(&told(&["401 Unauthorized|{\"error\":\"invalid_token\"}"]));
    assert!(!said.good && said.has("Nothing was posted") && said.has("TOKEN_DIGESTS"), "{}", said.out);
    let said = replay(&told(&[NONE, LATER]));
    let later = "  not stored: the answer is 503 store_unavailable. The receiver cannot write to its lake.";
    assert!(said.out.lines().any(|line| line.starts_with(later) && line.ends_with(" Again in 0 s")), "{}", said.out);
    let said = replay(&nobody());
    assert!(!said.good && said.error.contains("refuses the connection"), "{}", said.error);
}

#[test]
fn the_doctor_follows_its_event_to_the_lake() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let said = lake(&["doctor", "--url", &receiver.url, "--lake", &folder.url()], Some(TOKEN));
    assert!(said.good, "{}", said.out);
    for line in ["reachable ok", "authenticated ok", "stored ok", "found in the lake ok Its row is in events/dt=", "found in the table -"] {
        assert!(said.has(line), "{line} in {}", said.out);
    }
    assert!(folder.rows("events")[0].contains("\"log_id\":\"lake-doctor-"));
    assert!(said.out.is_ascii() && said.out.lines().all(|line| line.len() <= 100), "{}", said.out);
}

#[test]
fn the_doctor_says_at_which_step_it_ended_and_why() {
    let (folder, other) = (Lake::new(), Lake::new());
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let doctor = |url: &str, lake_url: &str, token: &str| lake(&["doctor", "--url", url, "--lake", lake_url], Some(token));
    let dead = nobody();
    for (said, lines) in [
        (doctor(&receiver.url, &folder.url(), "a-wrong-token"), ["authenticated FAILED It answers 401 invalid_token", "TOKEN_DIGESTS"]),
        (doctor(&dead, &folder.url(), TOKEN), ["reachable FAILED No answer", "nothing listens on the port"]),
        (doctor(&receiver.url, &other.url(), TOKEN), ["found in the lake FAILED", "it is not there"]),
        (
            doctor(&told(&["403 Forbidden|{\"Message\":\"Forbidden\"}"]), &folder.url(), TOKEN),
            ["stored FAILED It answers 403", "two permissions"],
        ),
        (doctor(&told(&["200 OK|<html>"]), &folder.url(), TOKEN), ["stored FAILED It answers 200", "not as a receiver does"]),
        (
            doctor(&told(&["503 Service Unavailable|{\"error\":\"store_unavailable\"}"]), &folder.url(), TOKEN),
            ["authenticated ok", "cannot write to its lake"],
        ),
    ] {
        assert!(!said.good);
        for line in lines {
            assert!(said.has(line), "{line} in {}", said.out);
        }
        assert!(!said.out.contains("a-wrong-token") && !said.out.contains(TOKEN), "{}", said.out);
    }
    let said = lake(&["doctor", "--url", &receiver.url], Some("Bearer abc"));
    assert!(!said.good && said.error.contains("begins with \"Bearer \"") && !said.error.contains("abc"), "{}", said.error);
    let said = lake(&["doctor", "--url", &receiver.url], None);
    assert!(!said.good && said.error.contains("it is not set"), "{}", said.error);
}

#[test]
fn a_switch_or_a_reason_that_is_none_is_an_error_and_no_is_no() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    folder.reject("2026-07-01", &row("missing_data", "eu", GOOD));
    let replay = |more: &[&str]| lake(&[&["replay", "--from", &folder.url(), "--to", &receiver.url], more].concat(), Some(TOKEN));
    let said = replay(&["--dry-run=2"]);
    assert!(said.code == 2 && said.error.contains("it must be 1, true or yes, or 0, false, no or empty"), "{}", said.error);
    let said = replay(&["--reason", "nonsense"]);
    assert!(said.code == 2 && said.error.contains("the reasons are invalid_utf8, malformed_json, not_an_object"), "{}", said.error);
    for yes in ["--dry-run", "--dry-run=1", "--dry-run=yes", "--dry-run=true"] {
        assert!(replay(&[yes]).good && folder.rows("events").is_empty(), "{yes}");
    }
    for (i, no) in ["--dry-run=0", "--dry-run=no", "--dry-run=false", "--dry-run="].into_iter().enumerate() {
        let objects = if i == 0 { 0 } else { 1 };
        assert_eq!(folder.rows("events").len(), objects, "before {no}");
        assert!(replay(&[no]).good && folder.rows("events").len() == 1, "{no}");
    }
    let said = lake(&["replay", "--from", &folder.url()], Some(TOKEN));
    assert!(
        !said.good && said.error == "lake: where to post is not said; give the receiver's URL (--to), or --dry-run to post nothing.\n",
        "{}",
        said.error
    );
}

#[test]
fn a_lake_that_cannot_be_written_is_told_once_with_the_log_and_the_receivers_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, log) = (folder.path().join("file"), folder.path().join("receiver.log"));
    fs::write(&file, "").expect("a file");
    let lines = [
        r#"{"level":"ERROR","message":"the lake may not be written to","error.chain":"no folder (os error 20)"}"#,
        r#"{"_aws":{}}"#,
        "noise",
    ];
    fs::write(&log, lines.join("\n")).expect("a log");
    let receiver = RunningReceiver::start(&format!("file://{}/lake", file.display()), &[]);
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");
    let log = log.display().to_string();
    let said = lake(
        &["try", "--url", &receiver.url, "--samples", samples, "--lake", &format!("file://{}", folder.path().display()), "--log", &log],
        None,
    );
    assert!(!said.good && said.out.matches("Problem:").count() == 1, "{}", said.out);
    assert!(said.has("Problem: 15 of the samples got 503 store_unavailable. The receiver cannot write to its lake."), "{}", said.out);
    let reason = format!("The receiver's log, {log}, says: the lake may not be written to (no folder (os error 20)).");
    assert!(said.has_line(&reason), "{}", said.out);
}

/// An S3 server over a folder with one bucket, whose policy lets objects be created and never overwritten.
async fn s3(root: &Path) -> String {
    fs::create_dir(root.join("bucket")).expect("a bucket");
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).expect("a server over a folder"));
    service.set_auth(SimpleAuth::from_single("key", "secret"));
    let service = service.build();
    let answer = move |request: Request| {
        let service = service.clone();
        async move {
            if request.method() == Method::PUT && request.headers().get(IF_NONE_MATCH).is_none() {
                return StatusCode::FORBIDDEN.into_response();
            }
            // The server over a folder keeps no versions, and does not know the call.
            if request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "versions" || part == "versions=")) {
                return Response::new(Body::from("<ListVersionsResult></ListVersionsResult>"));
            }
            service.call(request.map(s3s::Body::http_body_unsync)).await.expect("an answer").map(Body::new)
        }
    };
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_replayed_and_looked_into() {
    let root = tempfile::tempdir().expect("a folder");
    let endpoint = s3(root.path()).await;
    let aws = [
        ("AWS_ENDPOINT_URL_S3", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "eu-central-1"),
    ];
    let run =
        |arguments: &[&str]| tokio::task::block_in_place(|| said(command(arguments, Some(TOKEN)).envs(aws).output().expect("the command")));
    let (lake_url, receiver) = ("s3://bucket/auth0/", RunningReceiver::start("s3://bucket/auth0", &aws));
    for (day, raw) in [("2026-07-01", GOOD), ("2026-07-02", "words"), ("2026-07-03", "more words")] {
        let path = root.path().join("bucket/auth0").join(reject_key(day));
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, gzip(&row("missing_data", "eu", raw))).expect("an object");
    }
    let replayed = run(&["replay", "--from", lake_url, "--to", &receiver.url, "--until", "2026-07-02"]);
    assert!(
        replayed.good && replayed.has_line("Reading 2 objects below s3://bucket/auth0/rejects/") && replayed.has_line("all 2 1 1"),
        "{}{}",
        replayed.out,
        replayed.error
    );

    let looked = run(&["doctor", "--url", &receiver.url, "--lake", lake_url]);
    assert!(looked.good && looked.has("found in the lake ok Its row is in events/dt="), "{}", looked.out);
    let elsewhere = run(&["doctor", "--url", &receiver.url, "--lake", "s3://other-bucket"]);
    assert!(!elsewhere.good && elsewhere.has("found in the lake FAILED"), "{}", elsewhere.out);
}

/// An Athena whose query runs for a while and then finds these rows.
#[cfg(feature = "aws")]
async fn athena(state: &'static str, rows: usize) -> String {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    let asked = Arc::new(AtomicUsize::new(0));
    let answer = move |request: Request| {
        let asked = Arc::clone(&asked);
        async move {
            let target = request.headers()["x-amz-target"].to_str().expect("text").to_owned();
            let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.expect("a body");
            let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            let row = serde_json::json!({"Data": [{"VarCharValue": "x"}]});
            let answer = match target.as_str() {
                "AmazonAthena.StartQueryExecution" => {
                    assert_eq!(
                        (body["WorkGroup"].as_str(), body["QueryExecutionContext"]["Database"].as_str()),
                        (Some("group"), Some("auth0_log_lake"))
                    );
                    assert!(body["QueryString"].as_str().is_some_and(|query| query.contains("log_id = 'lake-doctor-")));
                    serde_json::json!({"QueryExecutionId": "id"})
                }
                "AmazonAthena.GetQueryExecution" => {
                    let state = if asked.fetch_add(1, Ordering::Relaxed) == 0 { "RUNNING" } else { state };
                    serde_json::json!({"QueryExecution": {"Status": {"State": state, "StateChangeReason": "no such table"}}})
                }
                _ => serde_json::json!({"ResultSet": {"Rows": vec![row; rows + 1]}}),
            };
            Body::from(answer.to_string())
        }
    };
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    url
}

#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_landing_table_is_queried_where_a_workgroup_is_given() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    for (state, rows, good, line) in [
        ("SUCCEEDED", 1, true, "found in the table ok A query of events_landing finds its row."),
        ("SUCCEEDED", 0, false, "found in the table FAILED The query ran, but found no row."),
        ("FAILED", 0, false, "found in the table FAILED the query ended as FAILED: no such table."),
    ] {
        let endpoint = athena(state, rows).await;
        let aws = [
            ("AWS_ENDPOINT_URL_ATHENA", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "eu-central-1"),
        ];
        let mut command = command(&["doctor", "--url", &receiver.url, "--workgroup", "group"], Some(TOKEN));
        let said = tokio::task::block_in_place(|| said(command.envs(aws).output().expect("the command")));
        assert!(said.good == good && said.has(line), "{line} in {}{}", said.out, said.error);
    }
}
