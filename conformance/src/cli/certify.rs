//! A run as the user sees it: rows while it goes on, then the conclusion, the reports and the exit code.

use super::selection::{SelectionArgs, selected};
use crate::{
    case::{Case, Role},
    expected::{self, Date, File},
    record::{CaseRecord, Record, ResultRecord, TargetRecord},
    report::{self, ReportFormat, ReportSpec, table::Table, text},
    run::OnCase,
};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use petrel_cli::{
    Exit, Failure, Look, files,
    output::{self, Format},
};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What a run is written to, and measured by.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub(super) struct ReportArgs {
    /// Write a report, too: text, json, junit, markdown or html; `-` is standard output (several times)
    #[arg(long, value_name = "FORMAT:PATH", global = true)]
    report: Vec<ReportSpec>,
    /// Failures that are known, as `bless` writes them; anything else than what is listed is a failure
    #[arg(long, value_name = "FILE", global = true)]
    expected: Option<PathBuf>,
}

/// Everything around a run.
pub(super) struct Around<'a> {
    pub(super) selection: &'a SelectionArgs,
    pub(super) reports: &'a ReportArgs,
    pub(super) format: Format,
    pub(super) cases: &'a [Case],
}

impl Around<'_> {
    /// That nothing is selected is told before anybody is reached.
    pub(super) fn refuse_nothing(&self, role: Role) -> Result<(), Failure> {
        selected(self.cases, Some(role), &self.selection.selection()?).map(drop)
    }
}

/// Makes the run with `judge` and shows it; a row for each case as its results come in.
pub(super) fn certify(
    around: &Around<'_>,
    judge: impl FnOnce(
        &mut dyn FnMut(&TargetRecord, &[CaseRecord]),
        OnCase<'_>,
    ) -> Result<Record, Failure>,
) -> Result<Exit, Failure> {
    // A list that cannot be read is told before a minute is spent.
    let list = around
        .reports
        .expected
        .as_deref()
        .map(read_list)
        .transpose()?;
    let look = Look::of_stdout();
    let screen = std::cell::RefCell::new(Screen {
        look,
        shows: around.format == Format::Text,
        table: None,
        bar: ProgressBar::hidden(),
        printed: Ok(()),
    });
    let mut on_start = |target: &TargetRecord, cases: &[CaseRecord]| {
        screen.borrow_mut().start(target, cases);
    };
    let mut on_case = |case: &CaseRecord, results: &[ResultRecord]| {
        screen.borrow_mut().row(case, results);
    };
    let record = judge(&mut on_start, &mut on_case);
    let screen = screen.into_inner();
    screen.bar.finish_and_clear();
    let mut record = record?;
    if let Some(list) = list {
        let ids: BTreeSet<&str> = around.cases.iter().map(|case| case.id.as_str()).collect();
        let problems = expected::apply(&mut record, &list, &ids, today()?);
        record.conclude(&problems);
    }
    finish(around, &record, screen)
}

/// What is wrong with writing outranks nothing that was proved.
fn finish(around: &Around<'_>, record: &Record, mut screen: Screen) -> Result<Exit, Failure> {
    let look = screen.look;
    match around.format {
        Format::Json => {
            screen.printed = output::print(&report::render(record, ReportFormat::Json, look))
        }
        _ => {
            screen.print(&text::conclusion(look, record));
            for file in record.results.iter().filter_map(|it| it.case_file.as_ref()) {
                screen.print(&format!("\n{file}"));
            }
        }
    }
    let exit = exit_of(record);
    let mut outcome = screen.printed;
    for spec in &around.reports.report {
        let rendered = report::render(record, spec.format, look);
        let written = if spec.is_stdout() {
            output::print(&rendered)
        } else {
            let path = Path::new(&spec.path);
            fs::write(path, rendered).map_err(|error| Failure::writing(path, &error))
        };
        outcome = outcome.and(written);
    }
    match outcome {
        Err(failure) if failure.exit() != Exit::Done => {
            let message = failure.to_string();
            Err(Failure::new(exit.max(failure.exit()), message))
        }
        _ => Ok(exit),
    }
}

/// The exit code of a record, as the table of codes has it.
pub(super) fn exit_of(record: &Record) -> Exit {
    use Exit::{Interrupted, No, NoVerdict, Unreachable, Usage};
    [Interrupted, Usage, No, NoVerdict, Unreachable]
        .into_iter()
        .find(|exit| exit.code() == record.exit_code)
        .unwrap_or(Exit::Done)
}

pub(super) fn read_list(path: &Path) -> Result<File, Failure> {
    let text = files::read(path)?;
    let unusable = |error: &dyn std::fmt::Display| {
        let name = path.display().to_string();
        Failure::usage(format!("{}: {error}", output::one_line(&name)))
    };
    let text = String::from_utf8(text).map_err(|error| unusable(&error))?;
    File::parse(&text).map_err(|error| unusable(&error))
}

fn today() -> Result<Date, Failure> {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let day = now.get(..10).unwrap_or(&now);
    day.parse().map_err(Failure::usage)
}

/// The terminal, or whatever standard output is.
struct Screen {
    look: Look,
    shows: bool,
    table: Option<Table>,
    bar: ProgressBar,
    /// The verdict counts whether or not somebody reads it.
    printed: Result<(), Failure>,
}

impl Screen {
    fn start(&mut self, target: &TargetRecord, cases: &[CaseRecord]) {
        self.table = Some(Table::of_run(self.look, target, cases));
        if io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(
                Some(cases.len() as u64),
                ProgressDrawTarget::stderr(),
            );
            // A template that were wrong would show another bar.
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} cases, {elapsed}")
            {
                bar.set_style(style);
            }
            self.bar = bar;
        }
    }

    fn row(&mut self, case: &CaseRecord, results: &[ResultRecord]) {
        let text = self.table.as_mut().map(|table| table.rows(case, results));
        if let Some(text) = text {
            self.print(&text);
        }
        self.bar.inc(1);
    }

    fn print(&mut self, text: &str) {
        if self.shows && self.printed.is_ok() && !text.is_empty() {
            self.printed = self.bar.suspend(|| output::print(text));
        }
    }
}
