//! What was found, and how it is told.

use crate::record::SCHEMA;
use anstyle::{AnsiColor, Style};
use petrel_cli::{
    Look,
    output::{one_line, paragraph},
};
use serde::Serialize;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader must know every case")]
pub enum State {
    /// Nothing to do.
    Ok,
    /// Some measurements will be worse than they could be, or not possible.
    Warn,
    /// Measurements here cannot be believed.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found, in words with figures.
    pub found: String,
    /// What to do about it: a command where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Diagnosis {
    /// The schema of every document of this program.
    pub schema: &'static str,
    /// `doctor`.
    pub kind: &'static str,
    /// Version of this program.
    pub version: &'static str,
    /// Whether measurements here can be believed: nothing is bad.
    pub believable: bool,
    /// One for each thing that was looked at.
    pub findings: Vec<Finding>,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    const fn style(self) -> Style {
        let color = match self {
            Self::Ok => AnsiColor::Green,
            Self::Warn => AnsiColor::Yellow,
            Self::Bad => AnsiColor::Red,
        };
        color.on_default()
    }
}

impl Diagnosis {
    /// What follows from the findings.
    pub fn of(findings: Vec<Finding>) -> Self {
        Self {
            schema: SCHEMA,
            kind: "doctor",
            version: env!("CARGO_PKG_VERSION"),
            believable: findings.iter().all(|finding| finding.state < State::Bad),
            findings,
        }
    }

    /// For people: a paragraph for each finding, and what follows.
    pub fn text(&self, look: Look) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let name = format!("{:<4}", finding.state.name());
            let told = format!("{:<10} {}", finding.check, one_line(&finding.found));
            // The width of the state is that of the indent, with or without its colour.
            let lines = paragraph(&told, look.width, "     ", "                ");
            text.push_str(&look.paint(finding.state.style(), &name));
            text.push_str(lines.get(name.len()..).unwrap_or_default());
            if let Some(mend) = &finding.mend {
                // Not broken into lines, so that a command can be copied.
                text.push_str(&format!("                mend: {}\n", one_line(mend)));
            }
        }
        text.push_str(if self.believable {
            "measurements here can be believed, as far as can be seen\n"
        } else {
            "measurements here cannot be believed: mend what is bad first\n"
        });
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(state: State, mend: Option<&str>) -> Finding {
        Finding {
            check: "timers",
            state,
            found: "they wake\u{1b}[2J late".to_owned(),
            mend: mend.map(str::to_owned),
        }
    }

    #[test]
    fn one_bad_thing_is_enough() {
        let believable = |states: &[State]| {
            let findings = states.iter().map(|state| finding(*state, None));
            Diagnosis::of(findings.collect()).believable
        };
        assert!(believable(&[]) && believable(&[State::Ok, State::Warn]));
        assert!(!believable(&[State::Warn, State::Bad, State::Ok]));
    }

    #[test]
    fn it_is_told_in_lines_that_act_on_no_terminal() {
        let diagnosis = Diagnosis::of(vec![finding(State::Warn, Some("ulimit -n 65536"))]);
        let look = |color| Look { width: 80, color };
        assert_eq!(
            diagnosis.text(look(false)),
            "warn timers     they wake\\u{1b}[2J late\n                mend: ulimit -n 65536\n\
             measurements here can be believed, as far as can be seen\n"
        );
        assert!(
            diagnosis
                .text(look(true))
                .starts_with("\u{1b}[33mwarn\u{1b}[0m timers")
        );
    }

    #[test]
    fn programs_find_the_state_of_each_check() {
        let diagnosis = Diagnosis::of(vec![finding(State::Bad, None)]);
        let json = serde_json::to_value(&diagnosis).unwrap();
        assert_eq!(json["schema"], SCHEMA);
        assert_eq!(json["kind"], "doctor");
        assert_eq!(json["findings"][0]["state"], "bad");
        assert!(json["findings"][0].get("mend").is_none());
    }
}
