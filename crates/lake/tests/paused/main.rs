//! Shows by simulation that a stream which was paused for days is filled: nothing is missing, and nothing is there twice.
//!
//! [`world`] pauses a tenant's stream while Auth0's own log goes on, and then has the comparison of `lake gaps` fill the lake.
//! The comparison, the receiver and the lake are the real ones. [`tenant`] is Auth0's log behind its Management API, which
//! limits, fails, repeats and delays; [`intake`] is the way to the receiver, which loses requests and answers; [`operator`] starts runs that die or run out of time. Time is
//! virtual, and every chance is drawn from a seed. [`seeds`] runs many such worlds, and [`mutants`] shows that their checks can fail.

mod intake;
mod mutants;
mod operator;
#[path = "../../../../tests/simulation/random.rs"]
mod random;
mod seeds;
mod tenant;
mod world;
