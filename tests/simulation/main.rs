//! Shows by simulation and by faults that nothing answered 2xx is ever missing.
//!
//! [`world`] runs the receiver's own code between a sender that behaves as Auth0 does and a bucket
//! that fails as S3 fails, in virtual time and from one seed; [`seeds`] runs many such worlds, and
//! [`mutants`] shows that each of their checks can fail. [`properties`] calls what the
//! fuzz targets in `fuzz/` call, with what must be true of any bytes at all. [`faults`] does to the real binaries what the world
//! does to the code: the real AWS SDK, a real file system, and no virtual time.

mod faults;
mod mutants;
mod properties;
mod random;
mod seeds;
mod threats;
mod world;
