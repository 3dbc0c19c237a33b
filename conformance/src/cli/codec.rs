//! `codec`: golden frames against an encoder and decoder behind a driver.

use super::selection::SelectionArgs;
use crate::{
    codec::{Options, judge},
    record::{CaseRecord, Record, TargetRecord},
    run::OnCase,
};
use clap::Args;
use petrel::Unit;
use petrel_cli::{
    Failure, Interrupt,
    quantity::{self, QuantityError},
};
use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// How long a driver may take to start.
const START_PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
pub(super) struct CodecArgs {
    /// The command of the driver around the codec, as for a shell; see DRIVER.md
    #[arg(long, value_name = "COMMAND")]
    driver: String,
    /// The longest silence of the driver that is borne
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    patience: Duration,
}

fn time(text: &str) -> Result<Duration, QuantityError> {
    quantity::parse(Unit::Milliseconds, text).map(Duration::from_millis)
}

/// Judges a codec by the golden frames that are selected.
pub(super) fn execute(
    arguments: &CodecArgs,
    selection: &SelectionArgs,
    interrupt: Interrupt,
    on_start: &mut dyn FnMut(&TargetRecord, &[CaseRecord]),
    on_case: OnCase<'_>,
) -> Result<Record, Failure> {
    let options = Options {
        driver: arguments.driver.clone(),
        patience: arguments.patience,
        start_patience: START_PATIENCE.min(selection.max_time()),
        max_time: selection.max_time(),
        selection: selection.selection()?,
        // Another one in every run, so that nobody learns the word.
        seed: RandomState::new().hash_one(0),
        interrupt: Some(interrupt),
    };
    judge(&options, on_start, on_case)
}
