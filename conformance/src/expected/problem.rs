//! What is wrong with a list of known failures, for the one who keeps it.

use super::Date;
use petrel_cli::{Exit, output};
use std::fmt;

/// What is wrong with an entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) name: String,
    pub(crate) kind: ProblemKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// These results pass although they are listed.
    Passes(Vec<String>),
    /// This result is bad in another way than is listed.
    Differs {
        result: String,
        listed: String,
        found: String,
    },
    /// There is no such case.
    Unknown,
    /// The last day is over.
    Expired(Date),
}

impl Problem {
    /// How a program ends because of it: a name that does not exist is wrong usage.
    pub(crate) fn exit(&self) -> Exit {
        match self.kind {
            ProblemKind::Unknown => Exit::Usage,
            _ => Exit::No,
        }
    }
}

impl fmt::Display for Problem {
    /// One line that says what is to be done.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        let line = match &self.kind {
            ProblemKind::Passes(results) => {
                let results = results.join(", ");
                format!("{name} is listed, but passes ({results}): take it off the list")
            }
            ProblemKind::Differs {
                result,
                listed,
                found,
            } => format!("{name} is listed as {listed}, but {result} found {found}"),
            ProblemKind::Unknown => {
                format!(
                    "{name} is listed, but there is no such case; `petrel-conformance list` shows all"
                )
            }
            ProblemKind::Expired(last) => {
                format!("{name} is excused until {last} only: mend it, or list it anew")
            }
        };
        f.write_str(&output::one_line(&line))
    }
}
