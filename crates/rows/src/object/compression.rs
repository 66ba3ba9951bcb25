//! Compresses objects.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use libdeflater::{CompressionLvl, Compressor};

/// gzip level. The sender waits until its objects are stored, so time matters more than bytes. On 7.1 MB of realistic rows,
/// libdeflate took 26 ms at level 1 (3.8 to 1), 37 ms at level 2 (3.9 to 1) and 56 ms at level 6 (4.2 to 1). With zlib-rs at
/// level 1, the whole path took the same time but made a third more bytes, 2.9 to 1 (`make bench`, 2026-11-24, x86_64).
const GZIP_LEVEL: i32 = 1;
/// zstd level: its default, which compresses the same rows 7.7 to 1 in less time than gzip. gzip is still the default
/// because every reader supports it: the Spark package on PyPI lacks Hadoop's native library and cannot read `.zst`.
const ZSTD_LEVEL: i32 = 3;

/// Compression of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// gzip (RFC 1952), which every engine reads.
    #[default]
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// None.
    None,
}

impl Compression {
    /// Every compression, for settings and tests.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Zstd, Self::None];

    /// The name in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::None => "none",
        }
    }

    /// The suffix of an object's key.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
            Self::None => "",
        }
    }

    /// Media type of an object's stored bytes (RFC 6713, RFC 8878).
    ///
    /// An object has no `Content-Encoding`: an HTTP client that honors it would decompress the bytes, and then decompress
    /// them again because of the extension.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/gzip",
            Self::Zstd => "application/zstd",
            Self::None => "application/x-ndjson",
        }
    }

    /// Compresses rows, in order, as one stream.
    ///
    /// # Errors
    /// If the compressor fails, which only happens when out of memory.
    pub fn compress<'a>(self, rows: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => gzip(rows),
            Self::Zstd => feed(zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?, rows)?.finish(),
            Self::None => feed(Vec::new(), rows),
        }
    }
}

/// libdeflate compresses one contiguous slice, so separate pieces are joined first.
fn gzip<'a>(rows: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
    let pieces: Vec<&[u8]> = rows.collect();
    let rows = if let [rows] = pieces[..] { Cow::Borrowed(rows) } else { Cow::Owned(pieces.concat()) };
    let mut compressor = Compressor::new(CompressionLvl::new(GZIP_LEVEL).map_err(|_| io::Error::other("no such gzip level"))?);
    let mut out = vec![0; compressor.gzip_compress_bound(rows.len())];
    let length = compressor.gzip_compress(&rows, &mut out).map_err(io::Error::other)?;
    out.truncate(length);
    Ok(out)
}

fn feed<'a, W: Write>(mut to: W, rows: impl Iterator<Item = &'a [u8]>) -> io::Result<W> {
    for row in rows {
        to.write_all(row)?;
    }
    Ok(to)
}
