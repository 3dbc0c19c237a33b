//! `petrel-probe decode`.

use super::source::SourceArgs;
use petrel_cli::{Exit, Failure};

/// Decode a capture: every exchange, its MACs, how long it took, what is missing
#[derive(Debug, clap::Args)]
pub(super) struct DecodeArgs {
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) fn execute(args: &DecodeArgs) -> Result<Exit, Failure> {
    let _ = (args.source.filter(), args.source.keyring()?);
    Err(Failure::usage("not there yet"))
}
