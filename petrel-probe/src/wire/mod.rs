//! The bytes of one side of a connection, made messages: the only room of this program that knows what a
//! frame looks like.
//!
//! Bytes go in as they come, and gaps where bytes are missing. Messages come out. A gap inside a frame
//! whose header is known is a gap of that message, and the next frame begins where the header said. A
//! gap that hides a header loses the place, and it is found again by what frames look like.

mod config;
mod framer;
mod frames;
mod pending;
mod search;
mod shape;
#[cfg(test)]
mod tests;

pub use config::{Framed, FramerConfig, Macs};
pub use framer::Framer;
