//! The commands of an operator, one module each; `main.rs` is their command line, `bin/gaps-check.rs` a Lambda.
//!
//! | module | what it does |
//! |---|---|
//! | [`token`] | makes a token |
//! | [`samples`] | posts samples, and shows what landed |
//! | [`doctor`] | follows one marked event |
//! | [`replay`] | posts rejects again |
//! | [`erase`] | erases one person |
//! | [`gaps`] | compares a lake with the log that Auth0 itself keeps, and fills it |
//! | `secret` | reads a secret, for the scheduled check |
//! | `tables`, `merge` | the table `events` in Athena |

#[cfg(feature = "aws")]
mod athena;
mod body;
mod boolean;
mod credentials;
mod deliver;
pub mod doctor;
pub mod erase;
pub mod gaps;
mod landed;
mod layout;
mod meaning;
#[cfg(feature = "aws")]
pub mod merge;
pub mod options;
pub mod outcome;
mod post;
pub mod print;
mod reading;
mod rejected;
pub mod replay;
pub mod samples;
#[cfg(feature = "check")]
pub mod secret;
#[cfg(feature = "aws")]
mod sql;
pub mod stack;
mod stored;
#[cfg(feature = "aws")]
pub mod tables;
pub mod token;
pub mod window;
