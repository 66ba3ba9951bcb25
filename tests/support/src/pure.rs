//! A body on its way to objects, as in `receive`, with a fixed request around it.

use std::slice;

use auth0_log_lake::{
    auth::{Source, Sources, TokenDigest},
    object::{Compression, Object},
    partition::{self, Tally},
    row::Arrival,
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

/// The token of [`SOURCE`].
pub const TOKEN: &str = "golden-token";
/// The one source of the tests.
pub const SOURCE: &str = "golden";

fn source() -> Source {
    Source::parse(SOURCE).expect("a name in the form of one")
}

/// [`SOURCE`], with its token.
pub fn sources() -> Sources {
    Sources::new(vec![(source(), TokenDigest::of(TOKEN.as_bytes()))])
}

/// The headers of a request with the right token.
pub fn headers() -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {TOKEN}")).expect("a header value");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// When every request of the tests is received, unless a test says otherwise.
pub fn received_at() -> DateTime<Utc> {
    time("2026-11-23T03:12:07.412Z")
}

/// Reads an RFC 3339 time.
pub fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect(text).to_utc()
}

/// What became of a body.
pub struct Landed {
    /// Its objects, not compressed.
    pub objects: Vec<Object>,
    /// How many records were accepted and rejected.
    pub tally: Tally,
}

impl Landed {
    /// The keys of the objects below a prefix.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let keys = self.objects.iter().map(|object| object.key.to_string());
        keys.filter(|key| key.starts_with(prefix)).collect()
    }

    /// Each row below a prefix, with its object's key.
    pub fn rows(&self, prefix: &str) -> Vec<(String, &str)> {
        let below = self.objects.iter().filter(|object| object.key.to_string().starts_with(prefix));
        below.flat_map(|object| rows_of(&object.bytes).map(|row| (object.key.to_string(), row))).collect()
    }
}

/// Cuts an object into rows, of which each must be one line of UTF-8.
pub fn rows_of(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let text = std::str::from_utf8(bytes).expect("rows are UTF-8");
    text.strip_suffix('\n').expect("a row ends with a line feed").split('\n')
}

/// Turns a body into objects.
pub fn land(body: &[u8]) -> Landed {
    land_at(body, received_at())
}

/// Turns a body received at this time into objects.
pub fn land_at(body: &[u8], received_at: DateTime<Utc>) -> Landed {
    let source = source();
    let arrival = Arrival::new(&source, "golden-request", received_at);
    let rows = partition::normalize(&arrival, body, Vec::new());
    let objects = partition::objects(slice::from_ref(&rows), Compression::None).expect("nothing is compressed");
    Landed { objects: objects.into_iter().map(|(object, _)| object).collect(), tally: rows.tally }
}
