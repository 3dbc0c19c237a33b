//! Exchanges on standard output while they are recorded.

use super::Format;
use crate::{
    exchange::Event,
    filter::Filter,
    keyring::Keyring,
    record::Told,
    report::{MacCounts, Portion, Report, SCHEMA, Summary, json::JsonLines, text::Text},
    totals::Totals,
    wire::{FramerConfig, Macs},
};
use petrel::{ClientLimits, Endpoint};
use petrel_cli::{Exit, Failure, KeysArgs, Look, output};
use serde::Serialize;
use std::{
    io::{self, BufWriter, Stdout},
    sync::Arc,
};

/// Prints what it is told. A reader of standard output that is gone ends the printing and not the
/// recording.
pub(super) struct Show {
    report: Option<Box<dyn Report + Send>>,
    filter: Option<Filter>,
    /// Whether there is a line about the end.
    has_end: bool,
    totals: Totals,
    shown: u64,
    macs: MacCounts,
}

impl Show {
    pub(super) fn new(format: Format, portion: Option<Portion>, filter: Option<Filter>) -> Self {
        let sink: BufWriter<Stdout> = BufWriter::new(io::stdout());
        let report: Box<dyn Report + Send> = match format {
            Format::Text => Box::new(Text::new(sink, Look::of_stdout(), portion)),
            Format::Jsonl => Box::new(JsonLines::new(sink, portion.unwrap_or_default())),
        };
        Self {
            report: Some(report),
            filter,
            has_end: format == Format::Jsonl,
            totals: Totals::default(),
            shown: 0,
            macs: MacCounts::default(),
        }
    }

    pub(super) fn tell(&mut self, told: Told) {
        let Some(report) = &mut self.report else {
            return;
        };
        let printed = match told {
            Told::Event(Event::Exchange(exchange)) => {
                self.totals.exchanges += 1;
                let filter = self.filter.as_ref();
                if filter.is_some_and(|filter| !filter.matches(&exchange)) {
                    return;
                }
                self.shown += 1;
                self.macs.add(&exchange);
                report.exchange(&exchange)
            }
            Told::Event(Event::Connection(connection)) => {
                self.totals.connections += 1;
                self.totals.gaps += connection.gaps.len() as u64;
                let missing = connection.gaps.iter().map(|(_, gap)| gap.len);
                self.totals.gap_bytes += missing.sum::<u64>();
                self.totals.skipped_bytes += connection.skipped.iter().sum::<u64>();
                report.connection(&connection)
            }
            Told::Pause => report.flush(),
        };
        self.check(printed);
    }

    fn check(&mut self, printed: io::Result<()>) {
        if let Err(error) = printed {
            self.report = None;
            let failure = Failure::output(&error);
            if failure.exit() != Exit::Done {
                output::warn(&format!("{failure}; the recording goes on"));
            }
        }
    }
}

impl Drop for Show {
    /// The recording is over.
    fn drop(&mut self) {
        if let Some(report) = &mut self.report
            && self.has_end
        {
            let summary = Summary {
                shown: self.shown,
                macs: self.macs,
                ..Summary::of(&self.totals)
            };
            let printed = report.finish(&summary);
            self.check(printed);
        }
    }
}

/// How bytes are read: with these keys, and whatever MACs and payloads there are.
pub(super) fn config(keys: &KeysArgs) -> Result<FramerConfig, Failure> {
    let mut keyring = Keyring::new();
    for (label, key) in keys.read()? {
        keyring.add(&label, key.mac_key());
    }
    let answer_max = ClientLimits::new().get("answer_max");
    Ok(FramerConfig {
        keyring: Arc::new(keyring),
        macs: Macs::Auto,
        payload_max: answer_max
            .and_then(|max| u32::try_from(max).ok())
            .unwrap_or(u32::MAX),
        extents: false,
    })
}

/// Where it listens, as the first line of JSON.
#[derive(Serialize)]
struct Listening {
    schema: &'static str,
    r#type: &'static str,
    endpoint: String,
}

pub(super) fn listening_line(endpoint: &Endpoint) -> Result<String, Failure> {
    let line = serde_json::to_string(&Listening {
        schema: SCHEMA,
        r#type: "listening",
        endpoint: endpoint.to_string(),
    });
    line.map_err(|error| Failure::output(&error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::JSON_SCHEMA;

    #[test]
    fn the_first_line_fits_the_schema() {
        let schema = serde_json::from_str(JSON_SCHEMA).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let endpoint = "tls://[::1]:7".parse().unwrap();
        let line = listening_line(&endpoint).unwrap();
        let mut line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(validator.is_valid(&line), "{line}");
        line["port"] = 7.into();
        assert!(!validator.is_valid(&line), "{line}");
    }
}
