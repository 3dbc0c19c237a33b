//! The cases, embedded in the program.

use crate::case::Case;
use serde::Deserialize;

/// The case files, in the order in which they run. A test compares them with `cases/`.
pub const FILES: &[(&str, &str)] = &[
    ("handshake.toml", include_str!("../cases/handshake.toml")),
    ("framing.toml", include_str!("../cases/framing.toml")),
    ("limits.toml", include_str!("../cases/limits.toml")),
    ("statuses.toml", include_str!("../cases/statuses.toml")),
    ("fixtures.toml", include_str!("../cases/fixtures.toml")),
    ("sequence.toml", include_str!("../cases/sequence.toml")),
    ("pipelining.toml", include_str!("../cases/pipelining.toml")),
    ("mac.toml", include_str!("../cases/mac.toml")),
    ("close.toml", include_str!("../cases/close.toml")),
    ("robustness.toml", include_str!("../cases/robustness.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// All cases, in the order in which they run.
///
/// # Errors
///
/// The name of a file that is not well-formed, with the place and what would be right there.
pub fn load() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (name, text) in FILES {
        let file: File = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        cases.extend(file.case);
    }
    Ok(cases)
}
