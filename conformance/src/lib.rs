//! Certifies a Petrel server by black-box cases over real sockets.
//!
//! The cases are data (`cases/*.toml`, embedded in the program); each names the clause of SPEC.md
//! that it proves. The suite sends and reads frames with code of its own, so it judges independently
//! of the toolkit's library, and what a peer offers decides which cases are sent to it.
//!
//! ```no_run
//! use petrel_conformance::{Address, Options, Server, Target, load, run};
//!
//! let cases = load()?;
//! let address = Address::look_up(&"127.0.0.1:60606".parse()?)?;
//! let target = Target::blind(Server::new(address));
//! let report = run(&cases, &target, &Options::default(), &mut |_| {})?;
//! assert_eq!(report.exit(), petrel_cli::Exit::Done);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod case;
pub mod cli;
mod connection;
mod corpus;
mod describe;
mod frame;
mod judge;
mod matching;
mod patience;
mod report;
mod run;
mod stream;
mod target;
mod transcript;
mod verdict;

pub use case::{Case, Clause, Level, MacAxis, Offers, Role};
pub use corpus::{FILES, load};
pub use frame::Key;
pub use run::{Options, Report, run};
pub use target::{Address, LIMIT_DEFAULT, Server, Target};
pub use verdict::{CaseResult, Counts, Evidence, Variant, Verdict};
