//! How a program ends: one table of exit codes, and failures that are told in one line.

use crate::output::one_line;
use petrel::{BindError, Endpoint};
use std::{
    fmt,
    io::{self, ErrorKind},
    path::Path,
    process::ExitCode,
};

/// How a program ended. Every program of the toolkit uses this table.
///
/// The order is that of precedence: of several that apply, the greatest is the one to end with,
/// `a.max(b)`. An interruption stands above all, because it says that the rest is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// 0: done, and the answer is yes. A server, a recorder or a live view that a signal ended
    /// cleanly is done, too.
    Done,
    /// 3: something could not be reached, read or written.
    Unreachable,
    /// 4: no verdict: nothing selected, selected but not judged, or a measurement that is not valid.
    NoVerdict,
    /// 1: done, and the answer is no: nonconformant, different, over a threshold, a drain that had
    /// to cut.
    No,
    /// 2: wrong usage or configuration.
    Usage,
    /// 130: interrupted; what was found so far is reported.
    Interrupted,
}

/// Why a program could not do what it was asked for, in one line that also says what would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Exit {
    /// The number that the process ends with.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::NoVerdict => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Failure {
    /// A failure that ends the program with `exit`. The message names what was wrong and what would
    /// be right, without a full stop.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }

    /// Wrong usage or configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A file could not be read.
    pub fn reading(path: &Path, error: &io::Error) -> Self {
        Self::of_file("read", path, error)
    }

    /// A file or folder could not be written or made.
    pub fn writing(path: &Path, error: &io::Error) -> Self {
        Self::of_file("write", path, error)
    }

    /// A server could not listen at an endpoint.
    pub fn listening(endpoint: &Endpoint, error: &io::Error) -> Self {
        let help = match error.kind() {
            ErrorKind::AddrInUse => {
                "; another program has it: end that one, or choose another with --listen"
            }
            ErrorKind::AddrNotAvailable => {
                "; this machine has no such address: 127.0.0.1 is local, 0.0.0.0 is all of them"
            }
            ErrorKind::PermissionDenied => {
                "; this user may not: ports below 1024 and folders of others need rights"
            }
            ErrorKind::NotFound => "; check the folder of the socket, or the name of the host",
            _ => "",
        };
        let message = format!("cannot listen on {endpoint}: {error}{help}");
        Self::new(Exit::Unreachable, message)
    }

    /// A server could not be reached.
    pub fn reaching(endpoint: &Endpoint, error: &io::Error) -> Self {
        let help = match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
                "; is a server listening there? `petrel serve` starts one"
            }
            ErrorKind::TimedOut => "; is the address right, and does a firewall let it through?",
            _ => "",
        };
        let message = format!("cannot reach {endpoint}: {error}{help}");
        Self::new(Exit::Unreachable, message)
    }

    /// Standard output could not be written. If its reader is gone, nobody waits for the rest: that
    /// is a success of which nothing is told.
    pub fn output(error: &io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe {
            return Self::new(Exit::Done, "");
        }
        let message = format!("cannot write to standard output: {error}");
        Self::new(Exit::Unreachable, message)
    }

    /// How the program ends.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    fn of_file(verb: &str, path: &Path, error: &io::Error) -> Self {
        let help = match error.kind() {
            ErrorKind::NotFound => "; check the path",
            ErrorKind::PermissionDenied => "; this user may not: check the owner and the mode",
            ErrorKind::AlreadyExists => {
                "; it is never overwritten: choose another name, or remove it first"
            }
            ErrorKind::IsADirectory | ErrorKind::NotADirectory => "; a file was expected",
            _ => "",
        };
        let message = format!("cannot {verb} {}: {error}{help}", path.display());
        Self::new(Exit::Unreachable, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.message))
    }
}

impl std::error::Error for Failure {}

impl From<clap::Error> for Failure {
    /// What was wrong and what is similar, of the paragraphs in which clap says it.
    fn from(error: clap::Error) -> Self {
        let text = error.render().to_string();
        let mut message = String::new();
        for paragraph in text.split("\n\n") {
            let words: Vec<&str> = paragraph.split_whitespace().collect();
            let words = words.join(" ");
            if let Some(wrong) = words.strip_prefix("error: ") {
                message.push_str(wrong);
            } else if let Some(tip) = words.strip_prefix("tip: ") {
                message.push_str("; ");
                message.push_str(tip);
            }
        }
        message.push_str("; see --help");
        Self::usage(message)
    }
}

impl From<BindError> for Failure {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Listen { endpoint, error } => Self::listening(&endpoint, &error),
            wrong => Self::usage(wrong.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_exits_the_table_says_which_counts() {
        use Exit::{Done, Interrupted, No, NoVerdict, Unreachable, Usage};
        let by_weight = [Done, Unreachable, NoVerdict, No, Usage, Interrupted];
        assert!(by_weight.is_sorted());
        assert_eq!(by_weight.map(Exit::code), [0, 3, 4, 1, 2, 130]);
        assert_eq!([NoVerdict, No, Unreachable].into_iter().max(), Some(No));
    }

    #[test]
    fn a_failure_is_one_line_whatever_it_names() {
        let error = io::Error::from(ErrorKind::NotFound);
        let failure = Failure::reading(Path::new("a\nb\u{1b}[2J"), &error);
        let line = failure.to_string();
        assert!(
            line.starts_with(r"cannot read a\nb\u{1b}[2J: ") && line.ends_with("; check the path"),
            "{line}"
        );
        assert_eq!(failure.exit(), Exit::Unreachable);
    }

    #[test]
    fn a_reader_of_the_output_that_is_gone_is_no_failure() {
        let gone = Failure::output(&ErrorKind::BrokenPipe.into());
        assert_eq!(gone.exit(), Exit::Done);
        let full = Failure::output(&ErrorKind::StorageFull.into());
        assert_eq!(full.exit(), Exit::Unreachable);
    }
}
