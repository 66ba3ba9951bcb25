//! What must hold for any bytes at all, as functions that panic if it does not.
//!
//! [`body_to_outcome`] takes a request's body, [`record_to_row`] one record. The fuzz targets call
//! them with bytes that seek new paths (`cargo +nightly fuzz run body_to_outcome`); the tests call
//! them on a stable compiler with the samples and with what proptest makes.
//!
//! What a row must hold is worked out anew here, from the contract and with a JSON reader of its
//! own, so that a mistake of the receiver's is not made twice.

mod body;
mod lossless;
mod row;
mod store;

pub use self::{body::body_to_outcome, row::record_to_row};
