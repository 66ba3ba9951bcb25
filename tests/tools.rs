//! The commands of an operator, run as programs against a running receiver.
