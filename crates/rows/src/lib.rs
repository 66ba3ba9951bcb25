//! Turns an authenticated body into the objects that are stored: records, rows, objects.
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
//! | [`batch`] | a body → records, cut and read (`structure`: where brackets are; `wrapper`: what an object says of its `logs`; `record`, `members`: a record as it was read) |
//! | [`schema`] | the field table of `Auth0.Events`: what a row holds (`members`: the keys around `data`; `lookup`: the column of a sent name) |
//! | [`event`] | one record → one row (`columns`: which member each takes; `fit`: a value in its column; `unmapped`: what has none; `render`: the row) |
//! | [`reject`] | one record → one reject row, with its reason |
//! | [`row`] | what all rows of a request share |
//! | [`partition`] | batches → rows → objects, one for each source and hour: the loop over records is here (`rows`) |
//! | [`object`] | keys of objects, and the `compression` of their bytes |
//! | [`source`] | the name of who sent a body |
//! | `json` | values as they were sent: checked, compacted, escaped |
//! | `time` | times as senders write them and as rows hold them |
//!
//! Every key of a row comes from [`schema`]; every value that was sent is in the row, but for a null in place of a column.
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
