//! Where a tool goes: to a server somewhere, or to the one it brings along.

use petrel::{Endpoint, EndpointError};
use std::{fmt, str::FromStr};

/// The word for the reference server in the same process.
const EMBEDDED: &str = "embedded";

/// What a tool is pointed at. As an argument: `host:port`, `tls://host:port`, `unix:/path`,
/// `tls+unix:/path`, or the word `embedded`.
///
/// There is no default: a server is judged or loaded only if it was named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a server is either somewhere else or here"
)]
pub enum Target {
    /// A server at this address.
    Endpoint(Endpoint),
    /// A reference server in the same process, [`Embedded`](crate::Embedded).
    Embedded,
}

/// Why a text is not a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetError(EndpointError);

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        if text == EMBEDDED {
            return Ok(Self::Embedded);
        }
        text.parse().map(Self::Endpoint).map_err(TargetError)
    }
}

impl From<Endpoint> for Target {
    fn from(endpoint: Endpoint) -> Self {
        Self::Endpoint(endpoint)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(endpoint) => write!(f, "{endpoint}"),
            Self::Embedded => f.write_str(EMBEDDED),
        }
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, or the word {EMBEDDED} for a server in this process",
            self.0
        )
    }
}

impl std::error::Error for TargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_and_shows_the_same() {
        for text in [
            "localhost:60606",
            "tls://[::1]:60606",
            "unix:/run/app.sock",
            "tls+unix:/run/app.sock",
            "embedded",
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), text);
            assert_eq!(target == Target::Embedded, text == "embedded");
        }
    }

    #[test]
    fn what_is_no_target_is_told_what_would_be_one() {
        for text in ["", " ", "localhost", "Embedded", "http://localhost:80"] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains("write host:port"), "{error}");
            assert!(error.contains("the word embedded"), "{error}");
        }
    }
}
