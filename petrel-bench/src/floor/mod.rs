//! Servers that cost next to nothing: what a load reaches against them is what the generator can reach
//! at all, and no real server can be much faster.

mod server;
mod stamp;

pub use server::{FloorKind, FloorServer};
