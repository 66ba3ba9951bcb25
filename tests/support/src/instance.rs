//! A Runtime API of an instance that has several requests at once (Lambda Managed Instances).

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{function::command, server::Server};

/// Hands out events to all who ask, and collects the answers.
struct Runtime {
    events: Vec<Value>,
    next: AtomicUsize,
    /// By the ids of the requests.
    answers: Mutex<BTreeMap<String, Value>>,
    done: Notify,
}

impl Runtime {
    async fn answer(self: Arc<Self>, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        if path.ends_with("/invocation/next") {
            return self.next().await;
        }
        let body = to_bytes(request.into_body(), usize::MAX).await.expect("an answer that arrives whole");
        let id = path.split('/').nth_back(1).expect("an id").to_owned();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(id, serde_json::from_slice(&body).expect("JSON"));
        if answers.len() == self.events.len() {
            self.done.notify_one();
        }
        Response::builder().status(202).body(Body::empty()).expect("a response")
    }

    async fn next(&self) -> Response {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let Some(event) = self.events.get(number) else { return std::future::pending().await };
        let response = Response::builder()
            .header("lambda-runtime-aws-request-id", format!("request-{number}"))
            .header("lambda-runtime-deadline-ms", "4102444800000")
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:receiver");
        response.body(Body::from(event.to_string())).expect("a response")
    }
}

/// Gives one instance of the binary these events, up to `at_once` of them at a time; gives the answers to `request-0` and so on.
pub async fn answers(receiver: &str, settings: &[(&str, String)], events: Vec<Value>, at_once: usize) -> BTreeMap<String, Value> {
    let runtime = Arc::new(Runtime { events, next: AtomicUsize::new(0), answers: Mutex::default(), done: Notify::new() });
    let served = Arc::clone(&runtime);
    let api = Server::start(move |request| Arc::clone(&served).answer(request));
    let lambda = [
        ("AWS_LAMBDA_RUNTIME_API", api.endpoint.trim_start_matches("http://").to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", "receiver".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "2048".to_owned()),
        ("AWS_LAMBDA_MAX_CONCURRENCY", at_once.to_string()),
    ];
    // Nobody reads the pipes, which would be full at some line.
    let mut command = command(receiver, &[settings, &lambda].concat());
    let _child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the receiver starts");
    tokio::time::timeout(Duration::from_secs(60), runtime.done.notified()).await.expect("every answer");
    std::mem::take(&mut *runtime.answers.lock().unwrap_or_else(PoisonError::into_inner))
}
