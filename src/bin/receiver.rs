//! The Lambda behind a Function URL.

use std::{
    convert::Infallible,
    net::IpAddr,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use auth0_log_lake::{
    receive::Receiver,
    serve::{serve, settings},
};
use bytes::Bytes;
use lambda_http::{Body, Request, RequestExt, Response, request::RequestContext, service_fn};

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
    match lambda_http::run(service_fn(move |request| answer(receiver, request))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("{}", serde_json::json!({"level": "FATAL", "message": error}));
    ExitCode::FAILURE
}

async fn answer(receiver: &Receiver, request: Request) -> Result<Response<Body>, Infallible> {
    let context = request.lambda_context();
    let left = context.deadline().duration_since(now()).unwrap_or(NO_DEADLINE);
    let (peer, (head, body)) = (peer(&request), request.into_parts());
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    let body = std::future::ready(Ok(body));
    let response = serve(receiver, &context.request_id, peer, left.saturating_sub(MARGIN), head, body).await;
    Ok(response.map(|body| Body::from(body.as_ref())))
}

fn peer(request: &Request) -> Option<IpAddr> {
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else { return None };
    context.http.source_ip.as_deref()?.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "Lambda gives the end of its patience as a time of day")]
fn now() -> SystemTime {
    SystemTime::now()
}
