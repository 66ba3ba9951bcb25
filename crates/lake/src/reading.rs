//! Reads a lake: its objects, and the rows of each.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use crate::{
    credentials,
    print::visible,
    stored::{Held, Keys, Objects, Opened},
};
use auth0_log_lake::{
    config::LakeUrl,
    object::{Compression, ObjectKey},
    store::{StoreError, StoreErrorKind},
};

/// A lake open for reading.
#[derive(Debug)]
pub struct Reading {
    lake: Opened,
    url: LakeUrl,
}

/// Why something could not be done with a lake, as a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{what} of {url} cannot be {done}: {}", why(.source))]
pub struct LakeError {
    what: String,
    url: String,
    done: &'static str,
    source: StoreError,
}

impl LakeError {
    /// Names what cannot be `done` (such as "read"), in which lake, and why.
    pub fn new(what: impl Into<String>, url: &LakeUrl, done: &'static str, source: StoreError) -> Self {
        Self { what: visible(&what.into()).into_owned(), url: url.to_string(), done, source }
    }
}

fn why(error: &StoreError) -> String {
    if let Some(sentence) = credentials::missing(error) {
        return sentence;
    }
    let sentence = match error.kind {
        StoreErrorKind::NotFound => "it is not there",
        StoreErrorKind::Denied => {
            "access is denied; reading a bucket needs s3:ListBucket and s3:GetObject, and erasing s3:PutObject and s3:DeleteObject \
             besides, which the receiver's own role has not"
        }
        StoreErrorKind::Misconfigured => "the bucket cannot be used as it is set up; check its region and its KMS key",
        StoreErrorKind::Throttled => "the store is throttling us",
        StoreErrorKind::Full => "the store has no room left",
        _ => "the store could not be reached or failed",
    };
    let chain = error.chain();
    if chain.is_empty() { sentence.to_owned() } else { format!("{sentence} ({chain})") }
}

/// The keys of a listing.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Objects that a receiver wrote.
    pub objects: Vec<ObjectKey>,
    /// Other names, with hidden characters escaped.
    pub strangers: Vec<String>,
}

/// The rows of one object.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Size of the object, in bytes.
    pub bytes: usize,
    /// Why the object could not be read to its end.
    pub fault: Option<String>,
    text: Vec<u8>,
}

impl Rows {
    /// Decompresses an object, as far as it is undamaged.
    pub fn of(compression: Compression, bytes: &[u8]) -> Self {
        let mut text = Vec::new();
        let read = match compression {
            Compression::Gzip => MultiGzDecoder::new(bytes).read_to_end(&mut text),
            Compression::Zstd => zstd::Decoder::new(bytes).and_then(|mut decoder| decoder.read_to_end(&mut text)),
            Compression::None => (&mut &*bytes).read_to_end(&mut text),
        };
        let fault = read.err().map(|error| error.to_string());
        if fault.is_some() {
            let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
            text.truncate(whole);
        }
        Self { bytes: bytes.len(), fault, text }
    }

    /// The rows, in order.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
    }
}

impl Reading {
    /// Opens a lake; nothing is read yet.
    ///
    /// # Errors
    /// The system cannot start a runtime.
    pub fn open(url: &LakeUrl) -> io::Result<Self> {
        Ok(Self { lake: Opened::open(url)?, url: url.clone() })
    }

    /// Lists the objects with these keys, in order.
    ///
    /// # Errors
    /// The lake is missing, or cannot be listed.
    pub fn list(&self, keys: &Keys) -> Result<Listing, LakeError> {
        let found = self.lake.list(keys).map_err(|source| self.failed(format!("{}*", keys.prefix), source))?;
        let mut listing = Listing::default();
        for key in found {
            match ObjectKey::parse(&key) {
                Some(object) => listing.objects.push(object),
                None => listing.strangers.push(visible(&key).into_owned()),
            }
        }
        Ok(listing)
    }

    /// Reads the rows of an object.
    ///
    /// # Errors
    /// The object cannot be read. A damaged one gives the rows before the damage.
    pub fn rows(&self, key: &ObjectKey) -> Result<Rows, LakeError> {
        let name = key.to_string();
        let bytes = self.lake.get(&name).map_err(|source| self.failed(name, source))?.bytes;
        Ok(Rows::of(key.compression(), &bytes))
    }

    /// Reads the rows of some objects side by side, in this order; all of them are held at once.
    pub fn rows_of(&self, keys: &[ObjectKey]) -> Vec<Result<Rows, LakeError>> {
        let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let got = self.lake.get_all(&names).into_iter().zip(names).zip(keys);
        let rows = |((got, name), key): ((Result<Held, StoreError>, String), &ObjectKey)| match got {
            Ok(held) => Ok(Rows::of(key.compression(), &held.bytes)),
            Err(source) => Err(self.failed(name, source)),
        };
        got.map(rows).collect()
    }

    fn failed(&self, what: String, source: StoreError) -> LakeError {
        LakeError::new(what, &self.url, "read", source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_in_every_compression() {
        for compression in Compression::ALL {
            let bytes = compression.compress([b"{}\n".as_slice(), b"[]\n"].into_iter()).expect("memory");
            let rows = Rows::of(compression, &bytes);
            assert_eq!(rows.lines().collect::<Vec<_>>(), [b"{}", b"[]"], "{compression:?}");
            assert_eq!((rows.bytes, rows.fault), (bytes.len(), None));
        }
    }

    #[test]
    fn a_damaged_object_gives_the_rows_before_the_damage_and_says_so() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            let bytes = compression.compress([b"{\"a\":1}\n".as_slice(), b"{\"b\":2}\n"].into_iter()).expect("memory");
            for end in 0..bytes.len() {
                let rows = Rows::of(compression, &bytes[..end]);
                assert!(rows.fault.is_some() || end == 0, "{compression:?} cut at {end}");
                assert!(rows.lines().all(|line| line.ends_with(b"}")), "{compression:?} cut at {end}");
            }
        }
    }
}
