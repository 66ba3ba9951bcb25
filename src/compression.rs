//! How the bytes of an object are compressed.

use std::io::{self, Write};

use flate2::{GzBuilder, write::GzEncoder};

/// gzip level. On 7.1 MB of realistic rows level 1 took 18 ms for 2.9 to 1, level 2 took 31 ms for 3.7 to 1, and level 6
/// took 61 ms for 4.3 to 1, where all else that is done for a request took 15 ms (`make bench`, 2026-11-23, x86_64).
/// A request is answered after its objects are stored, so the time wins; for size there is zstd, which beats both.
///
/// The backend is zlib-rs. In one run over 7.0 MB of such rows, with the level that suits each, zlib-ng (whose algorithms
/// zlib-rs has) took 52 ms for 2.8 to 1, libdeflate 61 ms for 3.8, zlib 133 ms for 3.4, and ISA-L 22 ms for 3.6; the last
/// needs an assembler to build, which a machine with nothing but Rust lacks.
const GZIP_LEVEL: u32 = 1;
/// zstd level: its default. It took 13 ms for 7.7 to 1 on the same rows.
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

    /// Gives the name in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::None => "none",
        }
    }

    /// Gives the ending of an object's key.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
            Self::None => "",
        }
    }

    /// Gives the HTTP content coding, if there is one.
    pub const fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::None => None,
        }
    }

    /// Compresses rows, one after another, as one stream.
    ///
    /// # Errors
    /// Where the compressor fails, which for memory it does not unless memory is out.
    pub fn compress<'a>(self, rows: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => {
                let gzip: GzEncoder<Vec<u8>> = GzBuilder::new().write(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
                feed(gzip, rows)?.finish()
            }
            Self::Zstd => feed(zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?, rows)?.finish(),
            Self::None => feed(Vec::new(), rows),
        }
    }
}

fn feed<'a, W: Write>(mut to: W, rows: impl Iterator<Item = &'a [u8]>) -> io::Result<W> {
    for row in rows {
        to.write_all(row)?;
    }
    Ok(to)
}
