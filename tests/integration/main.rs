//! Every test that crosses a module's edge, in one binary, so that the SDK is linked once.
//!
//! | what | where |
//! |---|---|
//! | what each sample becomes | [`golden`] |
//! | what holds for every record | [`rows`], [`lossless`] |
//! | how bodies are cut, compared with a naive splitter | [`splitting`] |
//! | bodies of extreme size and form | [`extremes`] |
//! | the published schema's facts | [`published`] |
//! | what every store promises, and what is between us and S3 | [`stores`], [`faults`] |
//! | a store that fails midway | [`midway`] |
//! | requests that share objects; requests that wait in a queue | [`group`], [`concurrent`], [`buffered`] |
//! | the `receiver` binary between a Runtime API and S3 | [`binary`], [`refusals`] |
//! | names in documents | [`documents`] |
//! | documents as readers meet them | [`pages`] |
//! | the template and the columns of the table | [`template`], [`tables`] |
//!
//! Servers, readers and random records come from the crate `support`, which all tests share.
//!
//! Nothing sleeps, nothing is tried again, nothing leaves the loopback, and nothing sets the
//! environment of this process.

mod binary;
mod buffered;
mod concurrent;
mod documents;
mod drain;
mod extremes;
mod faults;
mod golden;
mod group;
mod lossless;
mod memory;
mod midway;
mod pages;
mod published;
mod refusals;
mod rows;
mod splitting;
mod stores;
mod tables;
mod template;

/// The `receiver` of this build.
const RECEIVER: &str = env!("CARGO_BIN_EXE_receiver");
