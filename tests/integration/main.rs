//! Every test that crosses a module's edge, in one binary, so that the SDK is linked once.
//!
//! | what | where |
//! |---|---|
//! | what each sample becomes | [`golden`] |
//! | what holds for every record, with a slow reading to compare with | [`rows`], [`lossless`], [`record`], [`json`] |
//! | how bodies are cut, with a naive splitter to compare with | [`splitting`], [`reference`] |
//! | bodies of extreme size and form | [`extremes`] |
//! | the published schema's facts | [`published`] |
//! | what every store promises, and what is between us and S3 | [`stores`], [`faults`] |
//! | a store that fails midway | [`midway`] |
//! | the `receiver` binary between a Runtime API and S3 | [`binary`], [`refusals`] |
//! | names in documents | [`documents`] |
//! | documents as readers meet them | [`pages`] |
//!
//! Nothing sleeps, nothing is tried again, nothing leaves the loopback, and nothing sets the
//! environment of this process.

mod binary;
mod documents;
mod extremes;
mod faults;
mod function;
mod golden;
mod json;
mod lossless;
mod memory;
mod midway;
mod pages;
mod published;
mod pure;
mod record;
mod reference;
mod refusals;
mod rows;
mod servers;
mod splitting;
mod stores;
mod tables;
mod template;
