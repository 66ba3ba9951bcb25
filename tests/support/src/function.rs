//! The `receiver` binary as Lambda runs it: started with an environment of its own, and asked through a Runtime API.

use std::{collections::HashMap, path::Path, process::Stdio, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    files::project,
    s3::{BUCKET, S3, environment},
    server::Server,
};

/// The token of the sample events.
pub const TOKEN: &str = "local-development-token";
/// SHA-256 of [`TOKEN`].
pub const DIGEST: &str = "dev=ccee612f8893b4f3cb54856a9473e1a832fb452187aa6ed7caa6d68ce4a1ffc2";
/// How long a test waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// The answer to one event.
#[derive(Debug)]
pub struct Answer {
    pub status: u64,
    /// Header values by their names.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: String,
}

/// The output of a process.
#[derive(Debug)]
pub struct Written {
    /// Lines of standard output.
    pub stdout: Vec<String>,
    /// Standard error.
    pub stderr: String,
}

/// One invocation: its event, its deadline, and where the answer goes, with the path that it came on.
struct Invocation {
    event: String,
    time: Duration,
    answered: oneshot::Sender<(String, Value)>,
}

/// The Runtime API (AWS Lambda Developer Guide, "Lambda runtime API").
#[derive(Default)]
struct Runtime {
    next: Mutex<Option<mpsc::Receiver<Invocation>>>,
    polled: tokio::sync::Notify,
    waiting: Mutex<Option<oneshot::Sender<(String, Value)>>>,
}

impl Runtime {
    async fn answer(self: Arc<Self>, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        if path.ends_with("/invocation/next") {
            return self.next().await;
        }
        let body = to_bytes(request.into_body(), usize::MAX).await.expect("an answer that arrives whole");
        let waiting = self.waiting.lock().await.take().expect("an invocation that waits");
        _ = waiting.send((path, serde_json::from_slice(&body).expect("JSON")));
        Response::builder().status(202).body(Body::empty()).expect("a response")
    }

    /// Answers with the next event, once there is one.
    async fn next(&self) -> Response {
        self.polled.notify_one();
        let invocation = match self.next.lock().await.as_mut() {
            Some(next) => next.recv().await,
            None => None,
        };
        let Some(invocation) = invocation else { return std::future::pending().await };
        *self.waiting.lock().await = Some(invocation.answered);
        let deadline = (now() + invocation.time).as_millis().to_string();
        let response = Response::builder()
            .header("lambda-runtime-aws-request-id", "request-of-the-runtime")
            .header("lambda-runtime-deadline-ms", deadline)
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:receiver");
        response.body(Body::from(invocation.event)).expect("a response")
    }
}

#[expect(clippy::disallowed_methods, reason = "a Runtime API says when an invocation must end")]
fn now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock past 1970")
}

/// Reads the function's answer.
fn read(answer: &Value) -> Answer {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let headers = [&answer["headers"], &answer["multiValueHeaders"]].into_iter().filter_map(Value::as_object).flatten();
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), text(value.get(0).unwrap_or(value))));
    Answer { status: answer["statusCode"].as_u64().unwrap_or_default(), headers: headers.collect(), body: text(&answer["body"]) }
}

/// The process, with its Runtime API.
pub struct Function {
    child: Child,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
    events: mpsc::Sender<Invocation>,
    runtime: Arc<Runtime>,
    _api: Server,
}

/// The settings of a function that puts to an S3 server at this address.
pub fn settings(endpoint: &str) -> Vec<(&'static str, String)> {
    let lake = format!("s3://{BUCKET}/auth0");
    let own = [("LAKE_URL", lake.as_str()), ("TOKEN_DIGESTS", DIGEST), ("COMPRESSION", "none"), ("STACK_NAME", BUCKET)];
    own.into_iter().chain(environment(endpoint)).map(|(name, value)| (name, value.to_owned())).collect()
}

/// The command that starts the binary with these variables and no others.
pub fn command(receiver: &str, settings: &[(&str, String)]) -> Command {
    let mut command = Command::new(receiver);
    let folder = Path::new(receiver).parent().expect("a program in a folder");
    command.env_clear().envs(settings.iter().map(|(name, value)| (name, value))).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

impl Function {
    /// Starts the binary with these settings and the variables that Lambda sets.
    pub fn start(receiver: &str, settings: &[(&str, String)]) -> Self {
        let (events, next) = mpsc::channel(1);
        let runtime = Arc::new(Runtime { next: Mutex::new(Some(next)), ..Runtime::default() });
        let api = Arc::clone(&runtime);
        let api = Server::start(move |request| Arc::clone(&api).answer(request));
        let host = api.endpoint.trim_start_matches("http://").to_owned();
        let lambda = [
            ("AWS_LAMBDA_RUNTIME_API", host),
            ("AWS_LAMBDA_FUNCTION_NAME", "receiver".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ];
        let mut child = command(receiver, &[settings, &lambda].concat()).spawn().expect("the receiver starts");
        let stdout = collect(child.stdout.take().expect("a pipe"));
        let stderr = collect(child.stderr.take().expect("a pipe"));
        Self { child, stdout, stderr, events, runtime, _api: api }
    }

    /// Starts the binary with an S3 server behind it.
    pub fn over(receiver: &str, s3: &S3) -> Self {
        Self::start(receiver, &settings(&s3.server.endpoint))
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id().expect("a process that runs")
    }

    /// Waits until the function asks for its first event.
    pub async fn has_started(&self) {
        tokio::time::timeout(PATIENCE, self.runtime.polled.notified()).await.expect("the function asks for an event");
    }

    /// Sends one event with plenty of time.
    pub async fn invoke(&mut self, event: &Value) -> Answer {
        self.invoke_within(event, Duration::from_secs(30)).await
    }

    /// Sends one event that must be answered within this time.
    pub async fn invoke_within(&mut self, event: &Value, time: Duration) -> Answer {
        read(&self.ask(event, time).await.expect("an answer"))
    }

    /// Sends one event, of any kind; returns the answer, or none where the function fails.
    pub async fn ask(&mut self, event: &Value, time: Duration) -> Option<Value> {
        self.ask_text(&event.to_string(), time).await
    }

    /// The same with an event that need not be JSON.
    pub async fn ask_text(&mut self, event: &str, time: Duration) -> Option<Value> {
        let (answered, answer) = oneshot::channel();
        let sent = self.events.send(Invocation { event: event.to_owned(), time, answered }).await;
        assert!(sent.is_ok(), "a runtime that takes events");
        let answer = async { answer.await.expect("an answer") };
        let (path, answer) = tokio::select! {
            answer = tokio::time::timeout(PATIENCE, answer) => answer.expect("an answer in time"),
            status = self.child.wait() => panic!("the receiver ended: {status:?}"),
        };
        path.ends_with("/response").then_some(answer)
    }

    /// Kills the process, as Lambda does; gives its output.
    pub async fn end(mut self) -> Written {
        self.child.kill().await.expect("a process that can be ended");
        let (stdout, stderr) = (self.stdout.await.expect("text"), self.stderr.await.expect("text"));
        Written { stdout: stdout.lines().map(str::to_owned).collect(), stderr }
    }
}

fn collect(mut pipe: impl AsyncReadExt + Unpin + Send + 'static) -> JoinHandle<String> {
    tokio::spawn(async move {
        let mut text = String::new();
        pipe.read_to_string(&mut text).await.expect("text on a pipe");
        text
    })
}

/// Reads a sample event.
pub fn sample(name: &str) -> Value {
    let text = std::fs::read(project("events/function-url").join(name)).expect(name);
    serde_json::from_slice(&text).expect(name)
}

/// Makes an event of a body, as a Function URL sends it.
pub fn event(body: &str) -> Value {
    let mut event = sample("array.json");
    event["body"] = json!(body);
    event["headers"]["content-length"] = json!(body.len().to_string());
    event
}
