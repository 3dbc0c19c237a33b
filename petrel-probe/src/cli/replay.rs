//! `petrel-probe replay`.

use petrel_cli::{Exit, Failure};

/// Run recorded connections again against a live server and compare
#[derive(Debug, clap::Args)]
pub(super) struct ReplayArgs {}

pub(super) fn execute(_args: &ReplayArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("not there yet"))
}
