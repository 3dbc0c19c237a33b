//! Certifies Petrel servers, clients and codecs by black-box cases over real sockets.
//!
//! The cases are data (`cases/*.toml`, embedded in the program); each names the clause of SPEC.md
//! that it proves. The suite sends and reads frames with code of its own, so it judges independently
//! of the toolkit's library, and what a peer offers decides which cases are sent to it.

mod bench;
mod case;
mod child;
pub mod cli;
mod codec;
mod compare;
mod connection;
mod corpus;
mod describe;
mod driver;
mod expected;
mod export;
mod frame;
mod generated;
mod judge;
mod matching;
mod mutants;
mod patience;
mod pattern;
mod plan;
mod record;
mod report;
mod run;
mod segmentation;
mod select;
mod selftest;
mod socket;
pub mod spec;
mod tally;
mod target;
mod verdict;
mod wire_log;
mod world;

pub use case::{Case, Clause, Level, MacAxis, Offers, Role};
pub use corpus::{FILES, load};
pub use segmentation::Segmentation;
pub use verdict::{Variant, Verdict};
