//! What every program of the Petrel toolkit shares: how it is told where to go and with which key,
//! how it ends, how it prints and logs, the handlers that tools rely on, and a reference server in
//! the same process.
//!
//! A program is a struct of arguments and a function; [`run()`] does the rest:
//!
//! ```no_run
//! use petrel_cli::{Exit, Failure, KeyArgs, Target};
//! use std::process::ExitCode;
//!
//! /// Says where it would go.
//! #[derive(clap::Parser)]
//! #[command(name = "petrel-where")]
//! struct Args {
//!     /// Where to go.
//!     target: Target,
//!     #[command(flatten)]
//!     key: KeyArgs,
//! }
//!
//! fn main() -> ExitCode {
//!     petrel_cli::run(|args: Args| -> Result<Exit, Failure> {
//!         let key = args.key.read()?;
//!         petrel_cli::output::print(&format!("to {}, signed: {}\n", args.target, key.is_some()))?;
//!         Ok(Exit::Done)
//!     })
//! }
//! ```

mod certs;
mod embedded;
mod exit;
pub mod files;
pub mod fixtures;
mod interrupt;
mod keys;
mod limits;
mod logging;
mod look;
pub mod open_files;
pub mod output;
pub mod quantity;
mod run;
mod self_command;
mod signals;
mod target;
mod tls;

pub use certs::{DEVELOPMENT_NAMES, DevelopmentCerts};
pub use embedded::{Embedded, EmbeddedConfig};
pub use exit::{Exit, Failure};
pub use interrupt::Interrupt;
pub use keys::{Key, KeyArgs, KeysArgs, keygen};
pub use limits::{LimitArgs, LimitSet, flag_of};
pub use logging::{LogArgs, LogGuard, LogLevel};
pub use look::Look;
pub use run::run;
pub use self_command::SelfCommand;
pub use signals::Signals;
pub use target::{Target, TargetError};
pub use tls::{ClientTlsArgs, ServerTlsArgs};
