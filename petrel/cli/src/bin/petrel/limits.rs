//! `petrel limits`: every limit, with what it is by default and what it does.

use petrel::{ClientLimits, CloseReason, Limit, ServerLimits, Unit};
use petrel_cli::{
    Exit, Failure, LimitSet, flag_of,
    output::{self, Format, FormatArgs},
    quantity,
};
use serde::Serialize;

/// Columns of the listing.
const WIDTH: usize = 80;

/// Show every limit of server and client
///
/// What it is by default and between what it may lie, what 0 means, and why a connection closes that
/// goes over it.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct LimitsArgs {
    #[command(flatten)]
    format: FormatArgs,
}

/// The limits as they are told to programs.
#[derive(Serialize)]
struct Listing {
    schema: &'static str,
    server: Vec<Row>,
    client: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    flag: String,
    unit: &'static str,
    default: u64,
    default_text: String,
    min: u64,
    max: u64,
    zero: Option<&'static str>,
    closes: Option<&'static str>,
    about: &'static str,
}

/// Prints the limits.
pub(crate) fn limits(args: LimitsArgs) -> Result<Exit, Failure> {
    match args.format.format {
        Format::Json => output::print_json(&Listing {
            schema: "petrel-limits/1",
            server: rows::<ServerLimits>(),
            client: rows::<ClientLimits>(),
        })?,
        _ => {
            let mut text = String::new();
            list::<ServerLimits>("Limits of a server: flags of `petrel serve`", &mut text);
            text.push('\n');
            list::<ClientLimits>("Limits of a client: flags of the tools", &mut text);
            output::print(&text)?;
        }
    }
    Ok(Exit::Done)
}

fn rows<S: LimitSet>() -> Vec<Row> {
    let row = |limit: &Limit| Row {
        name: limit.name,
        flag: format!("--{}", flag_of(limit)),
        unit: unit_name(limit.unit),
        default: limit.default,
        default_text: quantity::show(limit.unit, limit.default),
        min: limit.min,
        max: limit.max,
        zero: limit.zero,
        closes: limit.closes.map(CloseReason::as_str),
        about: limit.about,
    };
    S::TABLE.iter().map(row).collect()
}

fn list<S: LimitSet>(title: &str, text: &mut String) {
    text.push_str(title);
    text.push('\n');
    for row in rows::<S>() {
        let unit = row.unit.replace('_', " ");
        text.push_str(&format!("\n{}: {}\n", row.name, row.default_text));
        let mut facts = format!("{}. Unit: {unit}, {} to {}.", row.flag, row.min, row.max);
        if let Some(zero) = row.zero {
            facts.push_str(&format!(" 0: {zero}."));
        }
        if let Some(reason) = row.closes {
            facts.push_str(&format!(
                " A connection that breaks it closes with {reason}."
            ));
        }
        for paragraph in [&*facts, row.about] {
            text.push_str(&output::paragraph(paragraph, WIDTH, "    ", "    "));
        }
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "bytes_per_second",
        Unit::Milliseconds => "milliseconds",
        _ => "count",
    }
}
