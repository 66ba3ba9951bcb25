//! The commands of the Makefile, typed in a shell as `make help`, the README and the runbook write them.
//!
//! A desk is a copy of what they need. On it cargo, python3 and aws are fakes that write down how they
//! were called, and the programs that cargo would build are those of this very build.

mod desk;
mod documents;
mod gaps;
mod recorded;
mod running;
mod talking;
