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
    ("tls.toml", include_str!("../cases/tls.toml")),
    ("client.toml", include_str!("../cases/client.toml")),
    (
        "client-refusals.toml",
        include_str!("../cases/client-refusals.toml"),
    ),
    ("client-mac.toml", include_str!("../cases/client-mac.toml")),
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
        cases.extend(parse(text).map_err(|error| format!("{name}: {error}"))?);
    }
    Ok(cases)
}

/// The cases of one file.
pub(crate) fn parse(text: &str) -> Result<Vec<Case>, toml::de::Error> {
    toml::from_str(text).map(|file: File| file.case)
}

/// The text of a case, as it stands in its file.
pub(crate) fn source(id: &str) -> Option<&'static str> {
    const HEAD: &str = "[[case]]\n";
    let line = format!("id = \"{id}\"\n");
    FILES.iter().find_map(|(_, text)| {
        let start = text.find(&format!("{HEAD}{line}"))?;
        let rest = &text[start + HEAD.len()..];
        let end = rest
            .find(HEAD)
            .map_or(text.len(), |end| start + HEAD.len() + end);
        let text = &text[start..end];
        // A comment in front of the next case belongs to that.
        let own = text.rfind("\n\n#").map_or(text, |end| &text[..end]);
        Some(own.trim_end())
    })
}

/// SHA-256 of the embedded cases, in hexadecimal: two runs with the same one are comparable.
pub(crate) fn digest() -> String {
    digest_of(FILES.iter().flat_map(|(name, text)| [*name, *text]))
}

/// The same of other texts.
pub(crate) fn digest_of<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text);
    }
    let digest = digest.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
