//! The Lambda behind a Function URL, and behind the queue of the buffered mode.

use std::{
    mem,
    process::ExitCode,
    sync::Arc,
    task::{Context as TaskContext, Poll},
    time::{Duration, SystemTime},
};

use auth0_log_lake::{
    config::Function,
    drain::Delivery,
    receive::Receiver,
    serve::{BatchResponse, FunctionUrlRequest, QueuedMessage, read_messages, refuse, serve, serve_messages, settings, to_stdout},
};
use bytes::Bytes;
use lambda_http::{Body, aws_lambda_events::apigw::ApiGatewayV2httpResponse};
use lambda_runtime::{Context, Error, LambdaEvent, LambdaInvocation, Runtime, Service, service_fn, tower::layer::layer_fn};
use serde::Serialize;
use tokio::task::futures::TaskLocalFuture;

/// Time for a request whose deadline has passed before it came, as emulators of Lambda have it.
const NO_DEADLINE: Duration = Duration::from_secs(26);
/// Time kept for the answer itself before the function's own end.
const MARGIN: Duration = Duration::from_secs(1);
/// The same where messages are stored: the objects of a last slice may still be made then.
const MARGIN_OF_MESSAGES: Duration = Duration::from_secs(3);

tokio::task_local! {
    /// The event of an invocation, byte for byte.
    static EVENT: Bytes;
}

/// Keeps the runtime from parsing an event: it does so before anybody is asked for a token. The handler takes it from [`EVENT`].
#[derive(Clone)]
struct Unparsed<S>(S);

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for Unparsed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = TaskLocalFuture<Bytes, S::Future>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> Self::Future {
        let event = mem::replace(&mut invocation.body, Bytes::from_static(b"null"));
        EVENT.scope(event, self.0.call(invocation))
    }
}

/// What the function answers, by the event.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Response(Box<ApiGatewayV2httpResponse>),
    Messages(BatchResponse),
}

#[tokio::main]
async fn main() -> ExitCode {
    let config = match settings() {
        Ok(config) => config,
        Err(error) => return fail(&error.to_string()),
    };
    let function = config.function;
    let receiver = Arc::new(Receiver::open(config).await);
    let handler = service_fn(move |event: LambdaEvent<()>| {
        let receiver = Arc::clone(&receiver);
        // In a box, since its type is as deep as all that it awaits.
        async move { Box::pin(answer(&receiver, function, &EVENT.get(), &event.context)).await }
    });
    // Where Lambda gives an instance one request at a time, this is the same as `run`.
    match Runtime::new(handler).layer(layer_fn(Unparsed)).run_concurrent().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("{}", serde_json::json!({"level": "FATAL", "message": error}));
    ExitCode::FAILURE
}

/// Fails only where messages of the queue cannot be told apart, or come to the wrong function: then all of them stay there.
async fn answer(receiver: &Receiver, function: Function, event: &[u8], context: &Context) -> Result<Answer, Error> {
    let left = context.deadline().duration_since(now()).unwrap_or(NO_DEADLINE);
    match (function, read_messages(event)) {
        (Function::Receive, Some(_)) => Err("messages of a queue need a function whose handler is drain".into()),
        (Function::Drain, None) => Err("a function whose handler is drain needs messages of a queue".into()),
        (_, Some(messages)) => Ok(Answer::Messages(store(receiver, context, left, &messages?).await)),
        (_, None) => Ok(Answer::Response(Box::new(respond(receiver, context, left, event).await))),
    }
}

async fn store(receiver: &Receiver, context: &Context, left: Duration, messages: &[QueuedMessage<'_>]) -> BatchResponse {
    let deliveries: Vec<Delivery<'_>> = messages.iter().map(QueuedMessage::delivery).collect();
    let time = left.saturating_sub(MARGIN_OF_MESSAGES);
    let failed = serve_messages(receiver, &context.request_id, time, &deliveries, to_stdout).await;
    BatchResponse::of(messages, &failed)
}

async fn respond(receiver: &Receiver, context: &Context, left: Duration, event: &[u8]) -> ApiGatewayV2httpResponse {
    let answer = match FunctionUrlRequest::read(event) {
        Ok(request) => {
            let (head, peer, body) = request.into_parts();
            serve(receiver, &context.request_id, peer, left.saturating_sub(MARGIN), head, body, to_stdout).await
        }
        Err(refusal) => refuse(receiver, &context.request_id, refusal, to_stdout),
    };
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = answer.status().as_u16().into();
    response.headers = answer.headers().clone();
    response.body = Some(Body::Text(String::from_utf8_lossy(answer.body()).into_owned()));
    response
}

#[expect(clippy::disallowed_methods, reason = "Lambda gives the end of its patience as a time of day")]
fn now() -> SystemTime {
    SystemTime::now()
}
