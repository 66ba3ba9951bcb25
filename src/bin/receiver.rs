//! The Lambda behind a Function URL, and behind the queue of the buffered mode.

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime},
};

use auth0_log_lake::{
    receive::Receiver,
    serve::{BatchResponse, FunctionUrlRequest, read_messages, refuse, serve, serve_messages, settings, to_stdout},
};
use lambda_http::{Body, aws_lambda_events::apigw::ApiGatewayV2httpResponse};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::value::RawValue;

/// Time for a request whose deadline has passed before it came, as emulators of Lambda have it.
const NO_DEADLINE: Duration = Duration::from_secs(26);
/// Time kept for the answer itself before the function's own end.
const MARGIN: Duration = Duration::from_secs(1);

/// What the function answers, by the event.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Response(Box<ApiGatewayV2httpResponse>),
    Messages(BatchResponse),
}

#[tokio::main]
async fn main() -> ExitCode {
    let receiver = match settings() {
        Ok(config) => Arc::new(Receiver::open(config).await),
        Err(error) => return fail(&error.to_string()),
    };
    // Where Lambda gives an instance one request at a time, this is the same as `run`.
    let ended = lambda_runtime::run_concurrent(service_fn(move |event| {
        let receiver = Arc::clone(&receiver);
        // In a box, since its type is as deep as all that it awaits.
        async move { Box::pin(answer(&receiver, event)).await }
    }));
    match ended.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("{}", serde_json::json!({"level": "FATAL", "message": error}));
    ExitCode::FAILURE
}

/// Fails only where messages of the queue cannot be told apart: then all of them stay there.
async fn answer(receiver: &Receiver, event: LambdaEvent<Box<RawValue>>) -> Result<Answer, Error> {
    let LambdaEvent { payload, context } = event;
    let left = context.deadline().duration_since(now()).unwrap_or(NO_DEADLINE).saturating_sub(MARGIN);
    if let Some(messages) = read_messages(&payload) {
        let messages = messages?;
        let failed = serve_messages(receiver, &context.request_id, left, &messages, to_stdout).await;
        return Ok(Answer::Messages(BatchResponse::of(&messages, &failed)));
    }
    let answer = match FunctionUrlRequest::read(&payload) {
        Ok(request) => {
            let (head, peer, body) = request.into_parts();
            serve(receiver, &context.request_id, peer, left, head, body, to_stdout).await
        }
        Err(refusal) => refuse(receiver, &context.request_id, refusal, to_stdout),
    };
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = answer.status().as_u16().into();
    response.headers = answer.headers().clone();
    response.body = Some(Body::Text(String::from_utf8_lossy(answer.body()).into_owned()));
    Ok(Answer::Response(Box::new(response)))
}

#[expect(clippy::disallowed_methods, reason = "Lambda gives the end of its patience as a time of day")]
fn now() -> SystemTime {
    SystemTime::now()
}
