//! Faults with the real parts: the real binaries, the real AWS SDK, a real file system.
//!
//! [`bucket`] puts a proxy that fails between the `receiver` and an S3 server; [`folder`] takes the
//! room, the right to write, or the life of the `local` receiver while it stores; [`queue`] takes the
//! life of both sides of the buffered mode.

mod bucket;
#[cfg(feature = "local")]
mod folder;
#[cfg(feature = "local")]
mod local;
mod proxy;
#[cfg(feature = "local")]
mod queue;
