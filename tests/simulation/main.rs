//! Proof by simulation and by faults that nothing which was answered 2xx is ever missing.
//!
//! [`world`] runs the receiver's own code between a sender that behaves as Auth0 does and a bucket
//! that fails as S3 fails, in virtual time and from one seed; [`seeds`] runs many such worlds, and
//! [`mutants`] shows that each of their checks can fail. [`properties`] holds what must be true of any bytes at all; the
//! fuzz targets in `fuzz/` call the same functions. [`faults`] does to the real binaries what the world
//! does to the code: the real AWS SDK, a real file system, and no virtual time.

mod faults;
#[path = "../integration/function.rs"]
#[allow(dead_code, reason = "shared with the other test binary, which uses all of it")]
mod function;
#[path = "../../fuzz/src/lib.rs"]
mod harness;
mod mutants;
mod properties;
mod random;
mod seeds;
#[path = "../integration/servers.rs"]
#[allow(dead_code, reason = "shared with the other test binary, which uses all of it")]
mod servers;
mod threats;
mod world;

/// What the shared modules take from the binary that they stand in.
mod golden {
    use std::{
        collections::BTreeMap,
        path::{Path, PathBuf},
    };

    /// Gives every file below a folder by its path from there.
    pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        crate::faults::files(folder).into_iter().map(|(name, bytes)| (name.into(), bytes)).collect()
    }
}

/// What the shared modules take from the binary that they stand in.
mod pure {
    use std::path::PathBuf;

    /// Gives the path of something in the project.
    pub fn project(path: &str) -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), path].iter().collect()
    }
}
