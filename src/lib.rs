//! Receives Auth0 log streams and writes them to S3 as partitioned, normalized NDJSON.
//!
//! Auth0 posts batches of log records, at least once and in no order, and tries again until it is
//! answered 2xx. This crate answers 2xx once every record of a batch is stored: as an event row, or
//! as a reject row that holds the record as it was sent and the reason it is not an event.
//!
//! ```text
//! request → authenticate → message ┬→ commit: split → normalize → partition → put ┬→ response
//!           401                    │          (per batch) (per record)        503 │
//!                                  ├→ group: with others under way, the same ─────┤
//!                                  │                      Event | Reject          │
//!                                  └→ queue ──────────────────────────────────────┘
//! message of the queue → drain → commit, with many others
//! ```
//!
//! Open [`receive`] for the flow, and then the step that you came for:
//!
//! | module | what is in it |
//! |---|---|
//! | [`config`] | the settings, read once |
//! | [`auth`] | who sent a request |
//! | [`message`] | a request that got in, as it waits for others or in the queue |
//! | [`commit`] | batches → objects → the store, and what became of each batch (`group`: of requests that are under way together) |
//! | [`queue`] | where requests wait in the buffered mode (`sqs`) |
//! | [`drain`] | messages of the queue → objects that they share |
//! | [`store`] | where objects are put: a bucket (`s3`), or a folder (`fs`) |
//! | [`response`] | how a request ended → what its sender is answered |
//! | [`metrics`] | what one request reports |
//! | [`serve`] | what both binaries do around `receive` (`function_url`: the event of a Function URL; `messages`: that of a queue; `local`: HTTP on a laptop) |
//! | [`rows`] | a body → records → rows → objects: a crate of its own, plain functions of their arguments |
//! | `aws` | what the clients of S3 and SQS share |
//!
//! What holds everywhere:
//!
//! - Three kinds of bad stay apart: a *request* is refused, a *record* is rejected and kept, a *store* fails.
//! - [`auth`] and [`rows`] are plain functions of their arguments: no clock, no environment, no randomness,
//!   nothing to wait for. The same arguments make the same objects.
#![warn(missing_docs)]

pub mod auth;
mod aws;
pub mod commit;
pub mod config;
pub mod drain;
pub mod message;
pub mod metrics;
pub mod queue;
pub mod receive;
pub mod response;
pub mod serve;
pub mod store;

pub use rows::{batch, event, object, partition, reject, row, schema};
