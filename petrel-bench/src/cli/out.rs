//! Where results go, and how a run is shown while it goes on.

#[cfg(feature = "live")]
use crate::live::LiveView;
#[cfg(feature = "prometheus")]
use crate::prometheus::{Exporter, Published};
use crate::{line::ProgressLine, progress::Watch, report};
use clap::Args;
use petrel_cli::{
    Exit, Failure,
    output::{self, Format},
};
use serde::Serialize;
use std::{
    fs::{self, OpenOptions},
    path::PathBuf,
    str::FromStr,
};

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutArgs {
    /// Write the result to files, too: json:FILE or html:FILE, with commas between
    #[arg(long, value_name = "KIND:FILE", value_delimiter = ',')]
    out: Vec<OutSpec>,
    /// Serve the run to Prometheus while it goes on: http://ADDRESS/metrics
    #[cfg(feature = "prometheus")]
    #[arg(long, value_name = "ADDRESS")]
    prometheus: Option<std::net::SocketAddr>,
    /// Whether the run is shown on the whole terminal while it goes on
    #[cfg(feature = "live")]
    #[arg(long, value_enum, default_value_t)]
    tui: Tui,
}

/// When there is a live view.
#[cfg(feature = "live")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Tui {
    /// On a terminal
    #[default]
    Auto,
    /// Never: a line of progress instead
    Never,
}

/// A file that a result is written to.
#[derive(Clone, Debug, PartialEq)]
struct OutSpec {
    kind: OutKind,
    path: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OutKind {
    Json,
    Html,
}

impl FromStr for OutSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, path) = text.split_once(':').unwrap_or((text, ""));
        let kind = match kind {
            "json" => OutKind::Json,
            "html" => OutKind::Html,
            _ => {
                return Err(format!(
                    "{kind:?} is no kind of file; write json:FILE or html:FILE"
                ));
            }
        };
        if path.is_empty() {
            return Err("the file is missing; write json:FILE or html:FILE".to_owned());
        }
        Ok(Self {
            kind,
            path: path.into(),
        })
    }
}

impl OutArgs {
    /// Whether every file can be written, before anything is measured in vain.
    ///
    /// # Errors
    /// If one cannot.
    pub(super) fn check(&self) -> Result<(), Failure> {
        for OutSpec { path, .. } in &self.out {
            let mut options = OpenOptions::new();
            let opened = options.append(true).create(true).open(path);
            opened.map_err(|error| Failure::writing(path, &error))?;
        }
        Ok(())
    }

    /// Whoever watches the run: the live view where it is wanted and possible, otherwise a line.
    ///
    /// # Errors
    /// If the terminal cannot be set up, or the address for Prometheus cannot be listened at.
    pub(super) fn watch(&self, target: &str) -> Result<Box<dyn Watch>, Failure> {
        let watch = self.view(target)?;
        #[cfg(feature = "prometheus")]
        if let Some(addr) = self.prometheus {
            let exporter = Exporter::start(addr)?;
            return Ok(Box::new(Published::new(exporter, watch)));
        }
        Ok(watch)
    }

    /// The same for a command that makes many runs, which go by too quickly for a live view.
    ///
    /// # Errors
    /// As [`OutArgs::watch`].
    pub(super) fn watch_many(&self) -> Result<Box<dyn Watch>, Failure> {
        #[cfg(feature = "prometheus")]
        if let Some(addr) = self.prometheus {
            let exporter = Exporter::start(addr)?;
            return Ok(Box::new(Published::new(
                exporter,
                ProgressLine::on_stderr(),
            )));
        }
        Ok(Box::new(ProgressLine::on_stderr()))
    }

    #[cfg(feature = "live")]
    fn view(&self, target: &str) -> Result<Box<dyn Watch>, Failure> {
        if self.tui == Tui::Auto && LiveView::is_possible() {
            return Ok(Box::new(LiveView::open(target)?));
        }
        Ok(Box::new(ProgressLine::on_stderr()))
    }

    #[cfg(not(feature = "live"))]
    #[expect(clippy::unnecessary_wraps, reason = "with the live view it can fail")]
    fn view(&self, _: &str) -> Result<Box<dyn Watch>, Failure> {
        Ok(Box::new(ProgressLine::on_stderr()))
    }

    /// Prints a result and writes it to every file that was asked for. Every file is tried, whatever
    /// became of the others; gives the worst.
    ///
    /// # Errors
    /// If standard output or a file cannot be written.
    pub(super) fn give(
        &self,
        format: Format,
        record: &impl Serialize,
        text: impl FnOnce() -> String,
        page: impl Fn() -> String,
    ) -> Result<(), Failure> {
        let printed = match format {
            Format::Json => output::print(&report::json::write(record)),
            _ => output::print(&text()),
        };
        let mut outcome = match printed {
            // Nobody reads it; the files are wanted all the same.
            Err(gone) if gone.exit() == Exit::Done => Ok(()),
            other => other,
        };
        for OutSpec { kind, path } in &self.out {
            let contents = match kind {
                OutKind::Json => report::json::write(record),
                OutKind::Html => page(),
            };
            let written = fs::write(path, contents).map_err(|error| Failure::writing(path, &error));
            outcome = outcome.and(written);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_its_kind_and_its_name() {
        let spec: OutSpec = "html:a:b.html".parse().unwrap();
        assert_eq!((spec.kind, spec.path), (OutKind::Html, "a:b.html".into()));
        for wrong in ["", "json", "json:", "csv:x"] {
            let error = wrong.parse::<OutSpec>().unwrap_err();
            assert!(error.contains("json:FILE"), "{error}");
        }
    }
}
