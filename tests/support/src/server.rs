//! An HTTP server on loopback, on a thread of its own, so that tests with and without a runtime can use it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
    serve::Listener,
};
use http::{HeaderMap, Method, StatusCode, header::RETRY_AFTER, request::Parts};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
};

/// What one server has seen.
#[derive(Debug, Default)]
pub struct Seen {
    connections: AtomicUsize,
    puts: Mutex<Vec<HeaderMap>>,
}

impl Seen {
    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The headers of each put.
    pub fn puts(&self) -> Vec<HeaderMap> {
        self.puts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, request: &Request) {
        if request.method() == Method::PUT {
            self.puts.lock().unwrap_or_else(PoisonError::into_inner).push(request.headers().clone());
        }
    }
}

/// A listener that counts connections.
struct Counting(TcpListener, Arc<Seen>);

impl Listener for Counting {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Otherwise each answer waits until the packet before it is acknowledged.
        stream.set_nodelay(true).expect("a socket");
        self.1.connections.fetch_add(1, Ordering::SeqCst);
        (stream, peer)
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// Its address, as `http://127.0.0.1:port`.
    pub endpoint: String,
    /// What it has seen.
    pub seen: Arc<Seen>,
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// Serves every request with `answer`.
    pub fn start<F: Future<Output = Response> + Send + 'static>(answer: impl Fn(Request) -> F + Clone + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Seen::default());
        let noted = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            noted.note(&request);
            answer(request)
        });
        let counted = Arc::clone(&seen);
        let (stop, stopped) = oneshot::channel::<()>();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = Counting(TcpListener::from_std(listener).expect("a listener"), counted);
                tokio::select! {
                    ended = axum::serve(listener, router) => ended.expect("a server that does not end"),
                    _ = stopped => {}
                }
            });
        });
        Self { endpoint, seen, _stop: stop }
    }

    /// Serves every request with the text that `answer` makes of its head.
    pub fn of_texts(answer: impl Fn(&Parts) -> String + Clone + Send + Sync + 'static) -> Self {
        Self::start(move |request| {
            let text = answer(&request.into_parts().0);
            async move { Response::new(Body::from(text)) }
        })
    }
}

/// One step of a server that is told what to do.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// It answers with a status and a body; a 503 asks for a retry at once.
    Answer(StatusCode, &'static str),
    /// It answers with a status and an error code of S3.
    Error(StatusCode, &'static str),
    /// It never answers.
    Nothing,
}

/// Starts a server that takes one step a request; the last step repeats.
pub fn told(steps: &[Told]) -> Server {
    let steps = Arc::new(Mutex::new(VecDeque::from(steps.to_vec())));
    Server::start(move |_| {
        let mut steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
        let step = if steps.len() > 1 { steps.pop_front() } else { steps.front().copied() };
        async move {
            match step {
                Some(Told::Answer(status, body)) => answer(status, body.to_owned()),
                Some(Told::Error(status, code)) => error(status, code),
                _ => std::future::pending().await,
            }
        }
    })
}

/// Starts a server of AWS's JSON protocol: `answer` makes an operation's output of its name and input, or an error that has `__type`.
pub fn json_service(answer: impl Fn(&str, &Value) -> Value + Clone + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        let answer = answer.clone();
        async move {
            let operation = request.headers()["x-amz-target"].to_str().expect("text").to_owned();
            let input = to_bytes(request.into_body(), usize::MAX).await.expect("an input that arrives whole");
            let output = answer(&operation, &serde_json::from_slice(&input).expect("JSON"));
            let status = if output["__type"].is_null() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            self::answer(status, output.to_string())
        }
    })
}

/// A URL where nothing ever listens: the system never hands out port 1.
pub fn nobody() -> String {
    "http://127.0.0.1:1".to_owned()
}

/// An error as S3 answers it.
pub fn error(status: StatusCode, code: &str) -> Response {
    answer(status, format!("<Error><Code>{code}</Code><Message>made up</Message></Error>"))
}

fn answer(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, 0.into());
    }
    response
}
