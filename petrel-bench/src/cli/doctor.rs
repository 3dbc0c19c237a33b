//! `petrel-bench doctor`: whether measurements on this machine can be believed.

use crate::doctor::{Diagnosis, Facts, diagnose};
use petrel_cli::{
    Exit, Failure, Look,
    output::{self, Format},
};

/// Say whether measurements on this machine can be believed, and how to make them so
///
/// Looks at limits, timers, processors and noise for some seconds. Exit codes: 0 nothing is bad, 4
/// measurements here cannot be believed.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct DoctorArgs {}

/// Looks, and prints what was found. `headroom` measures how many requests per second this generator
/// makes against a server that costs next to nothing.
pub(crate) fn execute(
    format: Format,
    headroom: impl FnOnce() -> Result<f64, Failure>,
) -> Result<Exit, Failure> {
    let diagnosis = Diagnosis::of(diagnose(&Facts::measure(headroom)?));
    match format {
        Format::Json => output::print_json(&diagnosis)?,
        _ => output::print(&diagnosis.text(Look::of_stdout()))?,
    }
    Ok(if diagnosis.believable {
        Exit::Done
    } else {
        Exit::NoVerdict
    })
}
