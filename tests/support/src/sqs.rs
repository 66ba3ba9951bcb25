//! A queue of the SQS protocol in memory, and the event source mapping that Lambda puts before a function.
//!
//! Like SQS it delivers at least once and in no order, and hides what it delivered until its time is over. Shapes: Amazon SQS
//! API Reference, AWS JSON protocol.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    function::Function,
    s3::{KEY, SECRET},
    server::Server,
};

/// Most characters of a message, in bytes.
const LARGEST: usize = 1 << 20;
/// Most bytes of the messages of one invocation: 6 MB, with what stands around them.
const PAYLOAD: usize = 5_500_000;

/// One message.
#[derive(Clone, Debug)]
struct Held {
    id: u64,
    text: String,
    hidden_until: Option<Instant>,
    deliveries: u32,
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    messages: Vec<Held>,
    dead: Vec<String>,
    sent: usize,
    fails: bool,
}

/// A running queue; it ends, and its messages with it, when this is dropped.
#[derive(Debug)]
pub struct Sqs {
    /// The server.
    pub server: Server,
    state: Arc<Mutex<State>>,
}

impl Sqs {
    /// Starts a server with one empty queue.
    pub fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let served = Arc::clone(&state);
        let server = Server::start(move |request| answer(Arc::clone(&served), request));
        Self { server, state }
    }

    /// The settings of a function or a receiver that sends to the queue.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let endpoint = self.server.endpoint.clone();
        vec![
            ("QUEUE_URL", format!("{endpoint}/123456789012/batches")),
            ("AWS_ENDPOINT_URL_SQS", endpoint),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// The texts that wait, the hidden ones too.
    pub fn waiting(&self) -> Vec<String> {
        self.locked().messages.iter().map(|message| message.text.clone()).collect()
    }

    /// The texts that were delivered too often.
    pub fn dead(&self) -> Vec<String> {
        self.locked().dead.clone()
    }

    /// How many messages were ever sent.
    pub fn sent(&self) -> usize {
        self.locked().sent
    }

    /// Takes the texts that wait out of the queue, as a writer that has stored them does.
    pub fn take_all(&self) -> Vec<String> {
        self.locked().messages.drain(..).map(|message| message.text).collect()
    }

    /// Puts a text into the queue that no receiver sent.
    pub fn slip_in(&self, text: &str) {
        self.locked().add(text.to_owned());
    }

    /// Whether every call is answered 500 from now on.
    pub fn fail(&self, fails: bool) {
        self.locked().fails = fails;
    }

    /// Delivers up to this many messages to a function, deletes what it stored, and gives how many were delivered.
    ///
    /// What it names as failed, or all where it ends without an answer, is there to be delivered again at once. After three
    /// deliveries a message is dead.
    pub async fn deliver(&self, function: &mut Function, most: usize) -> usize {
        let batch = self.take(most, Duration::from_secs(180));
        if batch.is_empty() {
            return 0;
        }
        let answer = function.ask(&event(&batch), Duration::from_secs(30)).await;
        let failed: Vec<u64> = match &answer {
            Some(answer) => failures(answer),
            None => batch.iter().map(|held| held.id).collect(),
        };
        self.settle(&batch, &failed);
        batch.len()
    }

    /// The same until `end`, when the function is cut off and nothing is deleted; says whether it answered before.
    pub async fn deliver_until(&self, function: &mut Function, most: usize, end: impl Future<Output = ()>) -> bool {
        let batch = self.take(most, Duration::from_secs(180));
        let event = event(&batch);
        let failed = tokio::select! {
            answer = function.ask(&event, Duration::from_secs(30)), if !batch.is_empty() => answer.as_ref().map(failures),
            () = end => None,
        };
        let all = || batch.iter().map(|held| held.id).collect();
        let answered = failed.is_some();
        self.release(&batch, &failed.unwrap_or_else(all));
        answered
    }

    /// Deletes what is not named as failed; the rest is there again.
    fn release(&self, batch: &[Held], failed: &[u64]) {
        let mut state = self.locked();
        let is_stored = |id: u64| batch.iter().any(|held| held.id == id) && !failed.contains(&id);
        state.messages.retain(|message| !is_stored(message.id));
        state.messages.iter_mut().filter(|message| failed.contains(&message.id)).for_each(|message| message.hidden_until = None);
    }

    /// Takes messages that are not hidden, and hides them.
    fn take(&self, most: usize, hidden: Duration) -> Vec<Held> {
        let mut state = self.locked();
        let (now, mut bytes, mut taken) = (now(), 0, Vec::new());
        for message in state.messages.iter_mut().filter(|message| message.hidden_until.is_none_or(|until| until <= now)) {
            bytes += event(std::slice::from_ref(message)).to_string().len();
            if taken.len() == most || bytes > PAYLOAD {
                break;
            }
            message.hidden_until = Some(now + hidden);
            message.deliveries += 1;
            taken.push(message.clone());
        }
        taken
    }

    fn settle(&self, batch: &[Held], failed: &[u64]) {
        self.release(batch, failed);
        let mut state = self.locked();
        let (dead, alive) = state.messages.drain(..).partition(|message| message.hidden_until.is_none() && message.deliveries >= 3);
        state.messages = alive;
        state.dead.extend(Vec::into_iter(dead).map(|message| message.text));
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, text: String) -> u64 {
        self.next_id += 1;
        self.messages.push(Held { id: self.next_id, text, hidden_until: None, deliveries: 0 });
        self.next_id
    }
}

/// The event of an event source mapping (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS").
fn event(messages: &[Held]) -> Value {
    let record = |message: &Held| {
        json!({
            "messageId": message.id.to_string(),
            "receiptHandle": format!("handle-of-{}", message.id),
            "body": message.text,
            "attributes": {
                "ApproximateReceiveCount": message.deliveries.to_string(),
                "SentTimestamp": "1795403527123",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1795403527133",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:batches",
            "awsRegion": "eu-central-1",
        })
    };
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

/// The ids that an answer names.
fn failures(answer: &Value) -> Vec<u64> {
    let failures = answer["batchItemFailures"].as_array().unwrap_or_else(|| panic!("no answer of a batch: {answer}"));
    let id = |failure: &Value| failure["itemIdentifier"].as_str().and_then(|id| id.parse().ok());
    failures.iter().map(|failure| id(failure).unwrap_or_else(|| panic!("no id: {failure}"))).collect()
}

async fn answer(state: Arc<Mutex<State>>, request: Request) -> Response {
    let operation = request.headers().get("x-amz-target").and_then(|name| name.to_str().ok()).unwrap_or_default().to_owned();
    let is_signed = request.headers().contains_key("authorization");
    let input = to_bytes(request.into_body(), usize::MAX).await.expect("an input that arrives whole");
    let input: Value = serde_json::from_slice(&input).expect("JSON");
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if state.fails {
        return error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
    }
    if !is_signed {
        return error(StatusCode::FORBIDDEN, "AccessDenied");
    }
    if !input["QueueUrl"].as_str().is_some_and(|url| url.ends_with("/123456789012/batches")) {
        return error(StatusCode::BAD_REQUEST, "AWS.SimpleQueueService.NonExistentQueue");
    }
    match (operation.as_str(), input["MessageBody"].as_str()) {
        ("AmazonSQS.SendMessage", Some(text)) if text.len() <= LARGEST => {
            state.sent += 1;
            let id = state.add(text.to_owned());
            Response::new(Body::from(json!({ "MessageId": id.to_string() }).to_string()))
        }
        _ => error(StatusCode::BAD_REQUEST, "InvalidParameterValue"),
    }
}

fn error(status: StatusCode, code: &str) -> Response {
    let body = json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": "made up" });
    let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    response.body(Body::from(body.to_string())).expect("a response")
}

#[expect(clippy::disallowed_methods, reason = "a queue hides a message for a time")]
fn now() -> Instant {
    Instant::now()
}
