//! How a run is shown: text for people, JSON and JUnit for programs, Markdown for a summary, a page to
//! read in. Each is made from a record of the run and nothing else; nothing here does any I/O.

mod annotate;
mod clauses;
mod evidence;
mod html;
pub(crate) mod json;
mod junit;
mod mark;
mod markdown;
#[cfg(test)]
pub(crate) mod sample;
mod summary;
pub(crate) mod table;
pub(crate) mod text;

pub(crate) use evidence::frames;
pub(crate) use mark::Mark;
pub(crate) use summary::{CaseView, cases, counted};

use crate::record::Record;
use petrel_cli::Look;
use std::{fmt, str::FromStr};

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportFormat {
    Text,
    Json,
    Junit,
    Markdown,
    Html,
}

impl ReportFormat {
    const ALL: [Self; 5] = [
        Self::Text,
        Self::Json,
        Self::Junit,
        Self::Markdown,
        Self::Html,
    ];

    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for ReportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReportFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == text);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is no format of a report: there are {words}")
        })
    }
}

/// One report that is asked for: `FORMAT:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportSpec {
    pub(crate) format: ReportFormat,
    /// Where it is written; `-` is standard output.
    pub(crate) path: String,
}

impl ReportSpec {
    /// Whether it goes to standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        self.path == "-"
    }
}

impl FromStr for ReportSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((format, path)) = text.split_once(':') else {
            return Err(match text.parse::<ReportFormat>() {
                Ok(format) => {
                    format!("where to? write {format}:PATH, or {format}:- for standard output")
                }
                Err(error) => format!("{error}; write FORMAT:PATH, such as html:report.html"),
            });
        };
        let format: ReportFormat = format.parse()?;
        if path.is_empty() {
            return Err(format!(
                "the path is empty: write {format}:PATH, or {format}:- for standard output"
            ));
        }
        Ok(Self {
            format,
            path: path.into(),
        })
    }
}

/// The whole report; `look` matters to text only.
pub(crate) fn render(record: &Record, format: ReportFormat, look: Look) -> String {
    match format {
        ReportFormat::Text => text::report(look, record),
        ReportFormat::Json => json::report(record),
        ReportFormat::Junit => junit::report(record),
        ReportFormat::Markdown => markdown::report(record),
        ReportFormat::Html => html::report(record),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_asked_for_by_format_and_path() {
        let spec: ReportSpec = "html:C:/a.html".parse().expect("a report");
        assert_eq!(
            (spec.format, &*spec.path),
            (ReportFormat::Html, "C:/a.html")
        );
        assert!(
            "text:-"
                .parse::<ReportSpec>()
                .expect("a report")
                .is_stdout()
        );
    }

    #[test]
    fn a_wrong_report_is_refused_with_the_words_that_there_are() {
        for text in ["yaml:x", "report.html", "", ":x", "HTML:x"] {
            let message = text.parse::<ReportSpec>().expect_err(text);
            assert!(
                message.contains("text, json, junit, markdown, html"),
                "{text}: {message}"
            );
        }
        for text in ["html", "html:"] {
            let message = text.parse::<ReportSpec>().expect_err(text);
            assert!(message.contains("write html:PATH"), "{text}: {message}");
        }
    }

    #[test]
    fn every_format_renders_what_is_hostile() {
        let look = Look {
            width: 80,
            color: false,
        };
        for format in ReportFormat::ALL {
            let text = render(&sample::hostile(), format, look);
            assert!(text.ends_with('\n'), "{format} ends with a line");
            let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            // JSON may hold any character but control characters; programs read it.
            let may = |c: char| format == ReportFormat::Json && c == '\u{202e}';
            assert!(!text.contains(|c| is_raw(c) && !may(c)), "{format}: {text}");
        }
    }
}
