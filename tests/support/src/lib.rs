//! What the tests share: one copy of each server, reader and reference.
//!
//! | what | where |
//! |---|---|
//! | what must hold for any bytes; the fuzz targets call it too | [`checks`] |
//! | paths of the project, files below a folder | [`files`] |
//! | JSON as a plain tree | [`json`] |
//! | a body's way to objects, without a server | [`pure`] |
//! | records and bodies at random | [`records`] |
//! | a naive splitter, to compare the fast one with | [`mod@reference`] |
//! | an HTTP server that is told what to answer | [`server`] |
//! | an S3 server over a folder | [`s3`] |
//! | the `receiver` binary behind a Runtime API | [`function`] |
//! | a queue of the SQS protocol, and what Lambda puts before a function | [`sqs`] |
//! | the same binary with several requests at once | [`instance`] |
//! | Auth0's Management API | [`management`] |
//!
//! This crate depends on the receiver, and the receiver's tests depend on this crate. Cargo allows that for the
//! tests in `tests/`. Unit tests in the receiver's own `src/` must not use it: they would see two receivers, whose
//! types differ.

pub mod checks;
pub mod files;
#[cfg(feature = "servers")]
pub mod function;
#[cfg(feature = "servers")]
pub mod instance;
pub mod json;
#[cfg(feature = "servers")]
pub mod management;
pub mod pure;
#[cfg(feature = "generators")]
pub mod records;
pub mod reference;
#[cfg(feature = "servers")]
pub mod s3;
#[cfg(feature = "servers")]
pub mod server;
#[cfg(feature = "servers")]
pub mod sqs;
