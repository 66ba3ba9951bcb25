//! Turns a body into records, rows, and the objects to store.
//!
//! ```text
//! body → split → normalize → partition → objects
//!        (per batch) (per record)
//!                   Event | Reject
//! ```
//!
//! Everything here is a plain function of its arguments: no async, no AWS, no clock, no environment, no
//! randomness. The same arguments make the same objects.
//!
//! | module | what is in it |
//! |---|---|
//! | [`batch`] | splits a body into records and reads them (`structure`: the brackets; `wrapper`: an object around `logs`; `record`, `members`: a record that was read) |
//! | [`schema`] | the field table of `Auth0.Events`: every column of a row (`members`: the keys around `data`) |
//! | [`event`] | one record → one row (`columns`: the member for each column; `fit`: a value in its column; `unmapped`: values without a column; `render`: the row) |
//! | [`reject`] | one record → one reject row, with its reason |
//! | [`row`] | the parts that all rows of a request share |
//! | [`partition`] | batches → rows → objects, one for each source and hour; has the loop over records (`rows`) |
//! | [`object`] | object keys, and `compression` |
//! | [`source`] | the name of a sender |
//! | `json` | checks, compacts and escapes values as they were sent |
//! | `time` | reads senders' times and writes those of rows |
//!
//! Every key of a row comes from [`schema`]. Every value that was sent is in the row, except a null in a column's place.
#![warn(missing_docs)]

pub mod batch;
pub mod event;
mod json;
pub mod object;
pub mod partition;
pub mod reject;
pub mod row;
pub mod schema;
pub mod source;
mod time;
