//! Proof by simulation and by faults that nothing which was answered 2xx is ever missing.
//!
//! [`world`] runs the receiver's own code between a sender that behaves as Auth0 does and a bucket
//! that fails as S3 fails, in virtual time and from one seed; [`seeds`] runs many such worlds, and
//! [`mutants`] shows that each of their checks can fail. [`properties`] holds what must be true of any bytes at all; the
//! fuzz targets in `fuzz/` call the same functions.

#[path = "../../fuzz/src/lib.rs"]
mod harness;
mod mutants;
mod properties;
mod random;
mod seeds;
mod world;
