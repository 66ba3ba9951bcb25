//! Auth0's Management API on loopback, as its documentation describes it.
//!
//! `GET /api/v2/logs?from=<log_id>&take=<at most 100>` gives the records after that one in the order of their `log_id`, and a
//! `Link` to the next page; after the last record an empty page, whose link is the request's own. What the documentation
//! does not say is assumed: a `from` that no record has, or that is older than all, begins with the first record after it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

pub const CLIENT: [(&str, &str); 2] = [("AUTH0_CLIENT_ID", "lake-check"), ("AUTH0_CLIENT_SECRET", "hidden-secret")];
const TOKEN: &str = "hidden-management-token";

/// What the API does beside answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// This request, counted from 1, is one too many.
    Limit(usize),
    /// This request is answered by half a page.
    Drop(usize),
    /// This request is answered by an error of the server.
    Fail(usize),
    /// Each page begins with so many records of the one before.
    Repeat(usize),
    /// Before this request is answered, whoever waits is told, and then nobody is answered any more.
    Hang(usize),
    /// Tokens lack the scope.
    Scope,
    /// No more than the scope is wrong: nobody may log in.
    Credentials,
    /// There is no link to the next page.
    Linkless,
    /// This request is answered by an empty page whose link is the request's own.
    Empty(usize),
    /// A `from` that no record has is answered by an empty page.
    UnknownIsEmpty,
    /// A `from` that no record has is refused.
    UnknownIsRefused,
    /// So many of the oldest records are forgotten.
    Forget(usize),
    /// Each page begins with its newest record.
    Descending,
}

/// The API of one tenant.
pub struct Api {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
    hung: Receiver<()>,
}

struct Server {
    url: String,
    records: Vec<(String, String)>,
    mishaps: Vec<Mishap>,
    requests: Arc<Mutex<Vec<String>>>,
    hangs: Sender<()>,
}

impl Api {
    /// Starts the API of a tenant with this log: each record's `log_id`, and the record.
    pub fn start(mut records: Vec<(String, String)>, mishaps: &[Mishap]) -> Self {
        records.sort();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (hangs, hung) = channel();
        let requests = Arc::default();
        let server = Server { url: url.clone(), records, mishaps: mishaps.to_vec(), requests: Arc::clone(&requests), hangs };
        thread::spawn(move || listener.incoming().for_each(|stream| server.answer(stream.expect("a connection"))));
        Self { url, requests, hung }
    }

    /// Returns the pages that were asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().expect("a list"))
    }

    /// Waits until the API hangs.
    pub fn wait_until_it_hangs(&self) {
        self.hung.recv().expect("a request");
    }
}

impl Server {
    fn answer(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let (mut head, mut line, mut length) = (Vec::new(), String::new(), 0);
        while stream.read_line(&mut line).is_ok_and(|_| !line.trim().is_empty()) {
            let header = line.to_ascii_lowercase();
            length = header.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().expect("a length"));
            head.push(std::mem::take(&mut line).trim().to_owned());
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).expect("a body");
        let Some(request) = head.first() else { return };
        let answer = match request.split(' ').nth(1).unwrap_or_default() {
            "/oauth/token" => self.token(&body),
            path => {
                let is_allowed = head.iter().any(|header| header.eq_ignore_ascii_case(&format!("authorization: Bearer {TOKEN}")));
                self.logs(path, is_allowed)
            }
        };
        // A client that was killed reads no answer.
        _ = stream.get_mut().write_all(answer.as_bytes());
    }

    fn has(&self, mishap: Mishap) -> bool {
        self.mishaps.contains(&mishap)
    }

    fn token(&self, body: &[u8]) -> String {
        let body: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        let good = [CLIENT[0].1, CLIENT[1].1, "client_credentials", &format!("{}/api/v2/", self.url)].map(str::to_owned);
        let given = ["client_id", "client_secret", "grant_type", "audience"].map(|name| body[name].as_str().unwrap_or_default().to_owned());
        if given != good || self.has(Mishap::Credentials) {
            return answer("401 Unauthorized", "", r#"{"error":"access_denied","error_description":"Unauthorized"}"#);
        }
        answer("200 OK", "", &format!(r#"{{"access_token":"{TOKEN}","scope":"read:logs","expires_in":86400,"token_type":"Bearer"}}"#))
    }

    fn logs(&self, path: &str, is_allowed: bool) -> String {
        let mut requests = self.requests.lock().expect("a list");
        requests.push(path.to_owned());
        let number = requests.len();
        drop(requests);
        if !is_allowed {
            return answer("401 Unauthorized", "", r#"{"statusCode":401,"error":"Unauthorized","message":"Invalid token"}"#);
        }
        if self.has(Mishap::Scope) {
            let message =
                r#"{"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: read:logs,read:logs_users"}"#;
            return answer("403 Forbidden", "", message);
        }
        if self.has(Mishap::Limit(number)) {
            let limit = "x-ratelimit-limit: 10\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: 1700000000\r\n";
            return answer("429 Too Many Requests", limit, r#"{"statusCode":429,"error":"Too Many Requests"}"#);
        }
        if self.has(Mishap::Fail(number)) {
            return answer("503 Service Unavailable", "", "");
        }
        if self.has(Mishap::Hang(number)) {
            self.hangs.send(()).expect("somebody who waits");
            loop {
                thread::park();
            }
        }
        if self.has(Mishap::Empty(number)) {
            return answer("200 OK", &format!("Link: <{}{path}>; rel=\"next\"\r\n", self.url), "[]");
        }
        self.page(path, self.has(Mishap::Drop(number)))
    }

    fn page(&self, path: &str, is_half: bool) -> String {
        let query = path.strip_prefix("/api/v2/logs?").expect("the log");
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).expect("a parameter").to_owned();
        let (from, take) = (value("from"), value("take").parse::<usize>().expect("a number"));
        assert!(take <= 100, "a page has at most 100 records");
        let repeated = self.mishaps.iter().find_map(|mishap| if let Mishap::Repeat(many) = mishap { Some(*many) } else { None });
        let is_unknown = self.records.binary_search_by(|(log_id, _)| log_id.cmp(&from)).is_err();
        if is_unknown && self.has(Mishap::UnknownIsEmpty) {
            return answer("200 OK", "", "[]");
        }
        if is_unknown && self.has(Mishap::UnknownIsRefused) {
            return answer("400 Bad Request", "", r#"{"statusCode":400,"error":"Bad Request","message":"Invalid log id"}"#);
        }
        let forgotten = self.mishaps.iter().find_map(|mishap| if let Mishap::Forget(many) = mishap { Some(*many) } else { None });
        let next = self.records.partition_point(|(log_id, _)| *log_id <= from).max(forgotten.unwrap_or_default());
        let page = &self.records[next..self.records.len().min(next + take)];
        let again = &self.records[next - next.min(repeated.unwrap_or_default()).min(if page.is_empty() { 0 } else { next })..next];
        let mut records: Vec<&str> = again.iter().chain(page).map(|(_, record)| record.as_str()).collect();
        if self.has(Mishap::Descending) {
            records.reverse();
        }
        let link = page.last().map_or_else(|| path.to_owned(), |(last, _)| format!("/api/v2/logs?from={last}&take={take}"));
        let link = if self.has(Mishap::Linkless) { String::new() } else { format!("Link: <{}{link}>; rel=\"next\"\r\n", self.url) };
        let limit = "x-ratelimit-limit: 10\r\nx-ratelimit-remaining: 9\r\nx-ratelimit-reset: 1700000000\r\n";
        let whole = answer("200 OK", &format!("{link}{limit}"), &format!("[{}]", records.join(",")));
        if is_half { whole[..whole.len() - 20].to_owned() } else { whole }
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
