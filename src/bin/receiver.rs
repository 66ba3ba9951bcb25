//! The Lambda behind a Function URL.

use std::{
    convert::Infallible,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use auth0_log_lake::{
    receive::Receiver,
    serve::{FunctionUrlRequest, refuse, serve, settings, to_stdout},
};
use lambda_http::{Body, aws_lambda_events::apigw::ApiGatewayV2httpResponse};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

/// Time for a request whose deadline has passed before it came, as emulators of Lambda have it.
const NO_DEADLINE: Duration = Duration::from_secs(26);
/// Time kept for the answer itself before the function's own end.
const MARGIN: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> ExitCode {
    let receiver = match settings() {
        Ok(config) => &Receiver::open(config).await,
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

async fn answer(receiver: &Receiver, event: LambdaEvent<Box<RawValue>>) -> Result<ApiGatewayV2httpResponse, Infallible> {
    let LambdaEvent { payload, context } = event;
    let left = context.deadline().duration_since(now()).unwrap_or(NO_DEADLINE).saturating_sub(MARGIN);
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
    Ok(response)
}

#[expect(clippy::disallowed_methods, reason = "Lambda gives the end of its patience as a time of day")]
fn now() -> SystemTime {
    SystemTime::now()
}
