//! `petrel-probe send`.

use petrel_cli::{Exit, Failure};

/// Send one request and print the answer's payload
#[derive(Debug, clap::Args)]
pub(super) struct SendArgs {}

pub(super) fn execute(_args: &SendArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("not there yet"))
}
