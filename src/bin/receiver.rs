//! The Lambda behind a Function URL.
//!
//! It takes the event as it comes instead of the `http::Request` that `lambda_http` makes of it: that needs a URI, and a
//! query string that makes none would end in a panic before a token is asked for. Nobody here asks for path or query.

use std::{
    convert::Infallible,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use auth0_log_lake::{
    receive::Receiver,
    response::Refusal,
    serve::{serve, settings},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, request::Parts};
use lambda_http::{
    Body,
    aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
};
use lambda_runtime::{LambdaEvent, service_fn};

/// Time for a request whose deadline has passed before it came, as emulators of Lambda have it.
const NO_DEADLINE: Duration = Duration::from_secs(26);
/// Time kept for the answer itself before the function's own end.
const MARGIN: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> ExitCode {
    let receiver = match settings() {
        Ok(config) => &Receiver::new(config),
        Err(error) => return fail(&error.to_string()),
    };
    match lambda_runtime::run(service_fn(move |event| answer(receiver, event))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("{}", serde_json::json!({"level": "FATAL", "message": error}));
    ExitCode::FAILURE
}

async fn answer(receiver: &Receiver, event: LambdaEvent<ApiGatewayV2httpRequest>) -> Result<ApiGatewayV2httpResponse, Infallible> {
    let LambdaEvent { payload, context } = event;
    let left = context.deadline().duration_since(now()).unwrap_or(NO_DEADLINE).saturating_sub(MARGIN);
    let peer = payload.request_context.http.source_ip.as_deref().and_then(|ip| ip.parse().ok());
    let (head, body) = split(payload);
    let answer = serve(receiver, &context.request_id, peer, left, head, std::future::ready(body)).await;
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = answer.status().as_u16().into();
    response.headers = answer.headers().clone();
    response.body = Some(Body::Text(String::from_utf8_lossy(answer.body()).into_owned()));
    Ok(response)
}

/// Gives the head of the request and the bytes of its body.
fn split(event: ApiGatewayV2httpRequest) -> (Parts, Result<Bytes, Refusal>) {
    let (mut head, ()) = Request::new(()).into_parts();
    (head.method, head.headers) = (event.request_context.http.method, event.headers);
    let body = event.body.unwrap_or_default();
    if !event.is_base64_encoded {
        return (head, Ok(Bytes::from(body)));
    }
    (head, BASE64_STANDARD.decode(body).map(Bytes::from).map_err(|_| Refusal::Incomplete))
}

#[expect(clippy::disallowed_methods, reason = "Lambda gives the end of its patience as a time of day")]
fn now() -> SystemTime {
    SystemTime::now()
}
