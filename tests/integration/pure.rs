//! A body on the pure path, as `receive` walks it, with everything fixed that a request brings.

use std::{path::PathBuf, sync::LazyLock};

use auth0_log_lake::{
    auth::{AuthenticatedBody, Source, Sources, TokenDigest},
    object::{Compression, Object},
    partition::{self, Tally},
    row::Arrival,
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

/// The token that [`sources`] knows.
pub const TOKEN: &str = "golden-token";
/// The source whose token it is.
pub const SOURCE: &str = "golden";

static SOURCES: LazyLock<Sources> = LazyLock::new(sources);

/// Gives the one source of the tests.
pub fn sources() -> Sources {
    let source = Source::parse(SOURCE).expect("a name in the form of one");
    Sources::new(vec![(source, TokenDigest::of(TOKEN.as_bytes()))])
}

/// Gives the headers of a request with the right token.
pub fn headers() -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {TOKEN}")).expect("a header value");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// Gives the body as one whose sender is known.
pub fn authenticated(body: &[u8]) -> AuthenticatedBody<'_> {
    SOURCES.authenticate(&headers()).expect("the right token").with_body(body)
}

/// When every request of the tests is received, unless a test says otherwise.
pub fn received_at() -> DateTime<Utc> {
    time("2026-11-23T03:12:07.412Z")
}

/// Reads a time that is written in a test.
pub fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect(text).to_utc()
}

/// What became of a body.
pub struct Landed {
    /// Its objects, not compressed.
    pub objects: Vec<Object>,
    /// How many of what it held.
    pub tally: Tally,
}

impl Landed {
    /// Gives the keys of the objects below a prefix.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let keys = self.objects.iter().map(|object| object.key.to_string());
        keys.filter(|key| key.starts_with(prefix)).collect()
    }

    /// Gives each row below a prefix, with its object's key.
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

/// Takes a body to objects.
pub fn land(body: &[u8]) -> Landed {
    land_at(body, received_at())
}

/// Takes a body that came at some time to objects.
pub fn land_at(body: &[u8], received_at: DateTime<Utc>) -> Landed {
    let batch = authenticated(body);
    let arrival = Arrival::new(batch.source(), "golden-request", received_at);
    let rows = partition::normalize(&arrival, &batch, Vec::new());
    Landed { objects: rows.objects(Compression::None).expect("nothing is compressed"), tally: rows.tally }
}

/// Gives the path of something in the project.
pub fn project(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), path].iter().collect()
}
