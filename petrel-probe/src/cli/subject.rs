//! What a word on the command line means: a capture file, or a server.

use petrel_cli::Target;
use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    str::FromStr,
};

/// What is to be looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A capture on standard input: `-`.
    Stdin,
    /// A capture file.
    File(PathBuf),
    /// A server.
    Target(Target),
}

impl FromStr for Subject {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        Ok(Self::of(word, |path| path.exists()))
    }
}

impl Subject {
    /// A word with a scheme, the word `embedded`, or one that ends in a colon and digits, is a target
    /// unless a file of that name exists; a word with a scheme is one in any case. Whatever begins with
    /// `./`, `../` or `/` is a file.
    fn of(word: &str, exists: impl Fn(&Path) -> bool) -> Self {
        if word == "-" {
            return Self::Stdin;
        }
        let path = Path::new(word);
        let is_path = ["./", "../", "/"]
            .iter()
            .any(|start| word.starts_with(start));
        let has_scheme = ["tls://", "unix:", "tls+unix:"]
            .iter()
            .any(|scheme| word.starts_with(scheme));
        let ends_in_port = word.rsplit_once(':').is_some_and(|(_, port)| {
            !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
        });
        let may_be_target = has_scheme || ((ends_in_port || word == "embedded") && !exists(path));
        match word.parse() {
            Ok(target) if may_be_target && !is_path => Self::Target(target),
            _ => Self::File(path.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_target_or_a_file_by_the_rules_of_the_help() {
        let is_target = |word, exists| matches!(Subject::of(word, |_| exists), Subject::Target(_));
        for word in ["localhost:60606", "[::1]:7", "embedded"] {
            assert!(is_target(word, false), "{word}");
            assert!(!is_target(word, true), "{word} exists");
        }
        for word in ["tls://a:1", "unix:/run/x.sock", "tls+unix:x"] {
            assert!(is_target(word, true), "{word}");
        }
        for word in [
            "./localhost:60606",
            "../a:1",
            "/a:1",
            "a.pcap",
            "a:b",
            "localhost:",
        ] {
            assert!(!is_target(word, false), "{word}");
        }
        assert_eq!(Subject::of("-", |_| true), Subject::Stdin);
    }
}
