//! The same receiver as a small HTTP server, for a laptop.

use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use auth0_log_lake::{
    config::{Config, SETTINGS},
    receive::{LARGEST_BODY, Receiver},
    response::Refusal,
    serve::{self, serve},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    response::Response,
};
use bytes::Bytes;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Time in which a request is answered: less than the 25 seconds promised.
const TIME: Duration = Duration::from_secs(24);

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().nth(1).is_some() {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let line = |setting: &auth0_log_lake::config::Setting| {
        format!("  {:18} {} [default: {}]\n", setting.name, setting.needs, setting.default.unwrap_or("none, required"))
    };
    let settings: String = SETTINGS.iter().map(line).collect();
    format!(
        "Receives Auth0 log streams on 127.0.0.1 and writes them to a lake. It takes no options; it reads these variables:\n\n{settings}"
    )
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config: Config = serve::settings()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, config.port));
    let listener = TcpListener::bind(address).await.map_err(|error| format!("PORT {} cannot be listened on: {error}", config.port))?;
    let router = Router::new().fallback(answer).with_state(Arc::new(Receiver::new(config)));
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(ended()).await?;
    Ok(())
}

async fn answer(State(receiver): State<Arc<Receiver>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let id = format!("local-{}-{}", std::process::id(), REQUESTS.fetch_add(1, Ordering::Relaxed));
    let (head, body) = request.into_parts();
    serve(&receiver, &id, Some(peer.ip()), TIME, head, read(body)).await.map(Body::from)
}

/// Reads a body up to the most that is accepted.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    to_bytes(body, LARGEST_BODY).await.map_err(|error| {
        let too_large = error.source().is_some_and(|cause| cause.to_string().contains("length limit"));
        if too_large { Refusal::TooLarge } else { Refusal::Incomplete }
    })
}

/// Waits for Ctrl-C or a request to terminate.
async fn ended() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
