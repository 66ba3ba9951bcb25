//! Reads a lake: its objects, and the rows of each. Everything that a command holds of an object is bounded.

use std::io::{self, BufRead, BufReader, Read};

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

/// Largest object that is read, in bytes as stored. The rows of a body of 6 MiB take less in any compression.
pub const LARGEST_OBJECT: u64 = 32 << 20;
/// Largest row that is read, in bytes. One record of 6 MiB makes a smaller row.
const LARGEST_ROW: u64 = 32 << 20;
/// Most of one object's rows that are read, in bytes: no more than is held at once in [`Rows`].
const LARGEST_ROWS: u64 = 64 << 20;

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

impl LakeError {
    /// Whether it says that something is not there.
    pub fn is_absent(&self) -> bool {
        self.source.kind == StoreErrorKind::NotFound
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
        let fault = each_row(compression, bytes, |row| {
            text.extend_from_slice(row);
            text.push(b'\n');
            Ok::<(), std::convert::Infallible>(())
        });
        let Ok(fault) = fault;
        Self { bytes: bytes.len(), fault, text }
    }

    /// The rows, in order.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
    }
}

/// Decompresses an object and calls `then` with each row; one row is held at a time.
///
/// Returns why the object could not be read to its end, if it could not: the rows before that are whole.
///
/// # Errors
/// The first error of `then`.
pub fn each_row<E>(compression: Compression, bytes: &[u8], mut then: impl FnMut(&[u8]) -> Result<(), E>) -> Result<Option<String>, E> {
    let mut rows = match decoder(compression, bytes) {
        Ok(decoder) => BufReader::new(decoder.take(LARGEST_ROWS)),
        Err(error) => return Ok(Some(error.to_string())),
    };
    let mut row = Vec::new();
    loop {
        row.clear();
        match (&mut rows).take(LARGEST_ROW).read_until(b'\n', &mut row) {
            Ok(0) if rows.get_ref().limit() == 0 => return Ok(Some(format!("its rows are larger than {} MiB", LARGEST_ROWS >> 20))),
            Ok(0) => return Ok(None),
            Ok(read) if read as u64 == LARGEST_ROW && !row.ends_with(b"\n") => {
                return Ok(Some(format!("a row is larger than {} MiB", LARGEST_ROW >> 20)));
            }
            // Where the limit of all rows is met, the last one is cut.
            Ok(_) if rows.get_ref().limit() == 0 && rows.buffer().is_empty() && !row.ends_with(b"\n") => {}
            Ok(_) => {
                let row = row.trim_ascii();
                if !row.is_empty() {
                    then(row)?;
                }
            }
            Err(error) => return Ok(Some(error.to_string())),
        }
    }
}

fn decoder(compression: Compression, bytes: &[u8]) -> io::Result<Box<dyn Read + '_>> {
    if bytes.is_empty() {
        return Err(io::Error::other("it is empty"));
    }
    Ok(match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(bytes)),
        Compression::Zstd => Box::new(zstd::Decoder::new(bytes)?),
        Compression::None => Box::new(bytes),
    })
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

    /// Reads objects in this order, and calls `then` with the bytes of each, which are `None` where it is too large to be read.
    ///
    /// # Errors
    /// An object cannot be read, other than one that is gone; the first error of `then`.
    pub fn each<E: From<LakeError>>(
        &self,
        keys: &[ObjectKey],
        mut then: impl FnMut(&ObjectKey, Result<Held, String>) -> Result<(), E>,
    ) -> Result<(), E> {
        let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
        self.lake.each(&names, LARGEST_OBJECT, |i, held| match held {
            Ok(Some(held)) => then(&keys[i], Ok(held)),
            Ok(None) => then(&keys[i], Err(format!("it is larger than {} MiB", LARGEST_OBJECT >> 20))),
            Err(error) if error.kind == StoreErrorKind::NotFound => then(&keys[i], Err(why(&error))),
            Err(source) => Err(self.failed(names[i].clone(), source).into()),
        })
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
            let bytes = compression.compress([b"{}\n".as_slice(), b"\n[]"].into_iter()).expect("memory");
            let rows = Rows::of(compression, &bytes);
            assert_eq!(rows.lines().collect::<Vec<_>>(), [b"{}", b"[]"], "{compression:?}");
            assert_eq!((rows.bytes, rows.fault), (bytes.len(), None));
        }
    }

    #[test]
    fn a_damaged_or_empty_object_gives_the_rows_before_the_damage_and_says_so() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            let bytes = compression.compress([b"{\"a\":1}\n".as_slice(), b"{\"b\":2}\n"].into_iter()).expect("memory");
            for end in 0..bytes.len() {
                let rows = Rows::of(compression, &bytes[..end]);
                assert!(rows.fault.is_some(), "{compression:?} cut at {end}");
                assert!(rows.lines().all(|line| line.ends_with(b"}")), "{compression:?} cut at {end}");
            }
        }
        assert_eq!(Rows::of(Compression::None, b"").fault.as_deref(), Some("it is empty"));
    }

    #[test]
    fn more_than_can_be_held_is_a_fault_after_the_rows_before_it() {
        let row = [vec![b'x'; 1 << 20], b"\n".to_vec()].concat();
        let bytes = Compression::Gzip.compress(std::iter::repeat_n(row.as_slice(), 70)).expect("memory");
        let rows = Rows::of(Compression::Gzip, &bytes);
        assert_eq!((rows.lines().count(), rows.fault.as_deref()), (63, Some("its rows are larger than 64 MiB")));
        let long = Compression::Gzip.compress([b"{}\n".to_vec(), vec![b'x'; 33 << 20]].iter().map(Vec::as_slice)).expect("memory");
        let rows = Rows::of(Compression::Gzip, &long);
        assert_eq!((rows.lines().count(), rows.fault.as_deref()), (1, Some("a row is larger than 32 MiB")));
    }

    #[test]
    fn every_vector_of_a_key_is_read_as_written() {
        let vectors = include_str!("../../../tests/keys.tsv");
        let mut count = 0;
        for line in vectors.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let [key, verdict, table, dt, hour, compression] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
            let Some(object) = ObjectKey::parse(key) else {
                assert_eq!((verdict, table), ("foreign", ""), "{line:?}");
                count += 1;
                continue;
            };
            let name = match object.compression() {
                Compression::Gzip => "gzip",
                Compression::Zstd => "zstd",
                Compression::None => "none",
            };
            let at = object.at();
            let read = ["object", object.table().prefix(), &at.format("%Y-%m-%d").to_string(), &at.format("%-H").to_string(), name];
            assert_eq!(read, [verdict, table, dt, hour, compression], "{line:?}");
            count += 1;
        }
        assert!(count > 40, "{count}");
    }
}
