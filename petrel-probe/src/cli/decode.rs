//! `petrel-probe decode`.

use petrel_cli::{Exit, Failure};

/// Decode a capture: every exchange, its MACs, how long it took, what is missing
#[derive(Debug, clap::Args)]
pub(super) struct DecodeArgs {}

pub(super) fn execute(_args: &DecodeArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("not there yet"))
}
