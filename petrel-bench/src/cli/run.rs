//! `petrel-bench run`: one measurement.

use super::{
    load::{LoadArgs, connections, rate, seconds},
    out::OutArgs,
};
use crate::{
    condition::{Condition, Outcome},
    measure::{Bench, Measured},
    record::{RunRecord, Verdict},
    report,
    target::Reached,
    workload::Workload,
};
use clap::Args;
use petrel_cli::{
    Exit, Failure, Interrupt, Look, Target,
    output::{self, Format},
};

/// Measure a server once
///
/// With --rate an open loop: requests go out when they are due, whatever comes back, and what a user
/// would have waited counts from then. Without it a closed loop: each connection asks again when it has
/// its answer. Exit codes: 0 done, 1 a --fail condition was met or not one answer was as expected, 2
/// wrong usage, 3 the server could not be reached, 4 the generator was the limit, or a condition cannot
/// be told, 130 interrupted.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Where the server is: host:port, tls://host:port, unix:/path, tls+unix:/path, or `embedded`
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) measured: MeasuredArgs,
}

/// Everything but the target: what the program takes when it is run without a command.
#[derive(Debug, Args)]
pub(super) struct MeasuredArgs {
    /// Open so many connections [default: 16; 2 to the embedded server, which shares the processors of this
    /// process]
    #[arg(short, long, value_name = "N", help_heading = "Load", value_parser = connections())]
    connections: Option<u32>,
    /// Send so many requests per second over all connections, whatever comes back: 5000, 20k or 1.5M.
    /// Without it requests follow answers
    #[arg(short, long, value_name = "PER_SECOND", help_heading = "Load", value_parser = rate)]
    rate: Option<f64>,
    /// Measure for so long, warm-up not included
    #[arg(short, long, value_name = "TIME", default_value = "10s", help_heading = "Load",
          value_parser = seconds)]
    duration: f64,
    #[command(flatten)]
    load: LoadArgs,
    /// End with 1 if this is so, for example 'response.p99 > 2ms' or 'errors > 0.1%' (several times)
    #[arg(long, value_name = "CONDITION", help_heading = "Judgement")]
    fail: Vec<Condition>,
    /// Print what would be done, as TOML, and do nothing
    #[arg(long, help_heading = "Output")]
    dry_run: bool,
    #[command(flatten)]
    out: OutArgs,
}

impl MeasuredArgs {
    /// More than two connections to a server in this process keep two processors busy, and then nobody can
    /// say which of both was the limit.
    fn connections(&self, target: &Target) -> u32 {
        self.connections.unwrap_or(match target {
            Target::Embedded => 2,
            Target::Endpoint(_) => 16,
        })
    }
}

pub(super) fn execute(
    target: &Target,
    args: &MeasuredArgs,
    format: Format,
    command: &str,
) -> Result<Exit, Failure> {
    let plan = args
        .load
        .plan(target, args.connections(target), args.rate, args.duration)?;
    if args.dry_run {
        // What cannot be carried out is no plan.
        Workload::new(&plan, None)?;
        let text = toml::to_string(&plan)
            .map_err(|error| Failure::usage(format!("the plan cannot be shown: {error}")))?;
        output::print(&text)?;
        return Ok(Exit::Done);
    }
    args.out.check()?;
    let key = args.load.key.read()?;
    let interrupt = watch_for_signals()?;
    let reached = Reached::new(target, key.as_ref(), &args.load.tls)?;
    let bench = Bench::new(&reached, key.as_ref(), command, &interrupt);
    let mut watch = args.out.watch(&plan.target)?;
    let measured = bench.run(plan, &mut *watch);
    drop(watch);
    let Measured {
        record,
        interrupted,
    } = measured?;
    let given = args.out.give(
        format,
        &record,
        || report::text::run(&record, &Look::of_stdout()),
        || report::html::run(&record),
    );
    let mut exit = exit_of(&record).max(judge(&args.fail, &record));
    if interrupted {
        exit = exit.max(Exit::Interrupted);
    }
    match given {
        Err(failure) if failure.exit() > exit => Err(failure),
        Err(failure) => {
            output::warn(&failure.to_string());
            Ok(exit)
        }
        Ok(()) => Ok(exit),
    }
}

/// A second signal ends the process at once; the terminal is given back before that.
fn watch_for_signals() -> Result<Interrupt, Failure> {
    #[cfg(feature = "live")]
    return Interrupt::watch_then(crate::live::give_back);
    #[cfg(not(feature = "live"))]
    Interrupt::watch()
}

/// What a run alone says: whether it measured the server, and whether the server answered at all.
pub(super) fn exit_of(record: &RunRecord) -> Exit {
    if record.results.ok == 0 {
        Exit::No
    } else if record.validity.verdict == Verdict::LimitedByGenerator {
        Exit::NoVerdict
    } else {
        Exit::Done
    }
}

/// Says of every condition that is met, or cannot be told, why.
fn judge(conditions: &[Condition], record: &RunRecord) -> Exit {
    let judged = conditions.iter().map(|condition| {
        let judgement = condition.judge(record);
        match judgement.outcome {
            Outcome::Holds => {
                output::warn(&format!("--fail '{condition}': {}", judgement.words));
                Exit::No
            }
            Outcome::Unknown => {
                let words = judgement.words;
                output::warn(&format!("--fail '{condition}' cannot be told: {words}"));
                Exit::NoVerdict
            }
            _ => Exit::Done,
        }
    });
    judged.max().unwrap_or(Exit::Done)
}
