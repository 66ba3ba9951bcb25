//! The receiver as a small HTTP server on loopback, for a laptop and for tests.

use std::{
    error::Error,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    response::Response,
};
use bytes::Bytes;
use tokio::net::TcpListener;

use crate::{
    receive::{LARGEST_BODY, Receiver},
    response::Refusal,
    serve::{Log, serve},
};

/// Time in which a request is answered: less than the 25 seconds that a request may take.
const TIME: Duration = Duration::from_secs(24);

/// Answers requests until `ended`, and then those that are under way; what they log goes to `log`.
///
/// # Errors
/// A listener that fails.
pub async fn run(listener: TcpListener, receiver: Receiver, log: Log, ended: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let router = Router::new().fallback(answer).with_state(Arc::new((receiver, log)));
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(ended).await
}

async fn answer(State(state): State<Arc<(Receiver, Log)>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let id = format!("local-{}-{}", std::process::id(), REQUESTS.fetch_add(1, Ordering::Relaxed));
    let (head, body) = request.into_parts();
    let (receiver, log) = &*state;
    serve(receiver, &id, Some(peer.ip()), TIME, head, read(body), *log).await.map(Body::from)
}

/// Reads a body up to the most that is accepted.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    to_bytes(body, LARGEST_BODY).await.map_err(|error| {
        let too_large = error.source().is_some_and(|cause| cause.to_string().contains("length limit"));
        if too_large { Refusal::TooLarge } else { Refusal::Incomplete }
    })
}
