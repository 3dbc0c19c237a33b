//! Petrel.

pub mod wire;
