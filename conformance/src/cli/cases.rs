//! `list` and `show`: the cases without running them.

use super::selection::{SelectionArgs, selected};
use crate::{
    case::{Case, Fill},
    corpus,
    frame::MAC_LEN,
    record::{CaseRecord, WireKind},
    report::{self, json, text},
    spec,
    target::LIMIT_DEFAULT,
    wire_log::{Bytes, WireLog},
};
use clap::Args;
use petrel_cli::{
    Exit, Failure, Look,
    output::{self, Format},
};
use std::{fmt::Write, time::Duration};

/// Prints the selected cases, one line each.
pub(super) fn list(
    cases: &[Case],
    selection: &SelectionArgs,
    format: Format,
) -> Result<Exit, Failure> {
    let selected = selected(cases, None, &selection.selection()?)?;
    let records: Vec<CaseRecord> = selected.into_iter().map(CaseRecord::of).collect();
    match format {
        Format::Json => output::print(&json::list(&records))?,
        _ => output::print(&text::list(Look::of_stdout(), &records))?,
    }
    Ok(Exit::Done)
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The id of the case, PC-0042 for instance
    id: String,
}

/// Prints one case: what it proves, its data, and the bytes that it sends.
pub(super) fn show(cases: &[Case], arguments: &ShowArgs, format: Format) -> Result<Exit, Failure> {
    let id = arguments.id.to_uppercase();
    let found = cases.iter().find(|case| case.id == id);
    let (Some(case), Some(source)) = (found, corpus::source(&id)) else {
        return Err(Failure::usage(format!(
            "there is no case {}; `petrel-conformance list` shows all",
            output::one_line(&arguments.id)
        )));
    };
    if format == Format::Json {
        let record = CaseRecord::of(case);
        output::print_json(&serde_json::json!({
            "schema": crate::record::SCHEMA,
            "case": record,
            "source": source,
        }))?;
        return Ok(Exit::Done);
    }
    let look = Look::of_stdout();
    let mut text = format!("{}: {}\n", case.id, case.title);
    for clause in spec::clauses() {
        if case.proves().any(|id| id == clause.id) {
            let line = format!("{} {}: {}", clause.id, clause.level, clause.text);
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            text += &output::paragraph(&line, look.width, "  ", "  ");
        }
    }
    // Writing to a String does not fail.
    let _ = write!(text, "\n{source}\n");
    let sent = sent(case, look);
    if !sent.is_empty() {
        let _ = write!(
            text,
            "\nsent, with a limit of {LIMIT_DEFAULT} and without a MAC:\n{sent}"
        );
    }
    output::print(&text)?;
    Ok(Exit::Done)
}

/// The frames of the case, field by field. What answers a request of a client stands for request 1
/// without a name.
fn sent(case: &Case, look: Look) -> String {
    let fill = Fill {
        limit: LIMIT_DEFAULT,
        echo: "echo",
        key: None,
        request: None,
    };
    let mut log = WireLog::default();
    for message in case.messages() {
        for frame in message.build(fill).into_iter().take(3) {
            let what = Bytes {
                kind: WireKind::Sent,
                bytes: &frame[..frame.len().min(1024 * MAC_LEN)],
                text: "",
                is_frame: !message.is_raw(),
                with_mac: false,
                cuts: &[],
            };
            log.bytes(Duration::ZERO, "main", what);
        }
    }
    report::frames(look, &log.into_events())
}
