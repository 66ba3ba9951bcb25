//! How the bytes of an object are compressed.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use libdeflater::{CompressionLvl, Compressor};

/// gzip level. A request is answered after its objects are stored, so time wins over bytes: on 7.1 MB of realistic rows, level 1 of
/// libdeflate took 26 ms for 3.8 to 1, level 2 took 37 ms for 3.9 to 1, and level 6 took 56 ms for 4.2 to 1. With level 1 of zlib-rs
/// the whole path took the same time for 2.9 to 1, a third more bytes (`make bench`, 2026-11-24, x86_64).
const GZIP_LEVEL: i32 = 1;
/// zstd level: its default, which makes 7.7 to 1 of the same rows in less time than gzip. gzip is the default compression since
/// every reader takes it: Spark as PyPI packs it lacks Hadoop's native library, and reads no `.zst`.
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

    /// Media type of an object's bytes as they lie there (RFC 6713, RFC 8878).
    ///
    /// An object has no `Content-Encoding` beside it: a reader over HTTP that honours one would decompress, and then again by the
    /// ending of the name.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/gzip",
            Self::Zstd => "application/zstd",
            Self::None => "application/x-ndjson",
        }
    }

    /// Compresses rows, one after another, as one stream.
    ///
    /// # Errors
    /// Where the compressor fails, which for memory it does not unless memory is out.
    pub fn compress<'a>(self, rows: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => gzip(rows),
            Self::Zstd => feed(zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?, rows)?.finish(),
            Self::None => feed(Vec::new(), rows),
        }
    }
}

/// libdeflate takes a whole stream at once, so pieces that do not stand together are first brought together.
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
