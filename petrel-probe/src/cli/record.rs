//! `petrel-probe record`.

use petrel_cli::{Exit, Failure};

/// Forward connections to a server and write what they say to a capture file
#[derive(Debug, clap::Args)]
pub(super) struct RecordArgs {}

pub(super) fn execute(_args: &RecordArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("not there yet"))
}
