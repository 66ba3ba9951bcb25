//! The commands of an operator, one module each. [`cli`] is their command line, `bin/gaps-check.rs` a Lambda.
//!
//! | module | what it does |
//! |---|---|
//! | [`token`] | makes a token |
//! | [`run`] | starts a receiver, posts samples, and shows what landed |
//! | [`deploy`], [`external`] | start programs that are not Rust: the deployment, and `query`, `detect` and `report` |
//! | [`doctor`] | follows one marked event |
//! | [`rejects`] | lists rejects, and closes them |
//! | [`replay`] | posts rejects again |
//! | [`erase`] | erases one person |
//! | [`gaps`] | compares a lake with the log that Auth0 itself keeps, and fills it |
//! | [`options`], [`stack`], [`window`] | options that mean the same in every command |
//! | [`mod@reference`] | completions, manual pages, docs/COMMANDS.md |
//! | `secret` | reads a secret, for the scheduled check |
//! | `tables`, `merge` | the table `events` in Athena |

#[cfg(feature = "aws")]
mod athena;
mod body;
mod boolean;
pub mod cli;
mod credentials;
mod deliver;
pub mod deploy;
pub mod doctor;
pub mod erase;
pub mod external;
pub mod gaps;
#[cfg(feature = "run")]
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
pub mod reference;
mod rejected;
pub mod rejects;
pub mod replay;
#[cfg(feature = "run")]
pub mod run;
#[cfg(feature = "run")]
mod samples;
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
