//! `petrel-probe` without a command: the terminal interface on a file or a target, or text.

use super::subject::Subject;
use petrel_cli::{Exit, Failure};

/// What to open
#[derive(Debug, clap::Args)]
pub(super) struct OpenArgs {
    /// A capture file, - for standard input, or a target: host:port, tls://…, unix:/…, embedded
    ///
    /// A word with a scheme, or one that ends in a colon and digits where no such file exists, is a
    /// target. ./x is a file in any case.
    #[arg(value_name = "FILE|TARGET")]
    subject: Option<Subject>,
}

pub(super) fn execute(_args: &OpenArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("not there yet"))
}
