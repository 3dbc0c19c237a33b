//! A request as a command for a shell.

use super::payload::Kind;
use petrel_cli::output::shell_word;
use std::time::Duration;

/// Systems take no longer words than 128 KiB; terminals and people give up before.
const LEN_MAX: usize = 64 << 10;

/// What a command says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    pub(super) target: &'a str,
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    /// What the payload means; not looked at for a file.
    pub(super) payload: &'a [u8],
    /// The file's path.
    pub(super) path: &'a str,
    /// Where keys and certificates are, as words for a shell.
    pub(super) places: &'a [String],
    /// If it is not the default.
    pub(super) timeout: Option<Duration>,
    pub(super) repeat: u32,
}

/// The command that sends it.
///
/// # Errors
/// If it would be too long.
pub(super) fn command(words: Words<'_>) -> Result<String, String> {
    let mut command = vec!["petrel-probe".to_owned(), "send".to_owned()];
    command.extend_from_slice(words.places);
    if let Some(timeout) = words.timeout {
        let shown = humantime::format_duration(timeout).to_string();
        command.extend(["--timeout".to_owned(), shell_word(&shown)]);
    }
    if words.repeat > 1 {
        command.extend(["--repeat".to_owned(), words.repeat.to_string()]);
    }
    command.extend(payload_words(words)?);
    // A name may begin like an option.
    if words.name.starts_with('-') {
        command.push("--".to_owned());
    }
    command.extend([shell_word(words.target), shell_word(words.name)]);
    Ok(command.join(" "))
}

fn payload_words(words: Words<'_>) -> Result<Vec<String>, String> {
    if words.kind == Kind::File {
        let path = format!("@{}", words.path);
        return Ok(vec!["-d".to_owned(), shell_word(&path)]);
    }
    if words.payload.is_empty() {
        return Ok(Vec::new());
    }
    if words.payload.len() > LEN_MAX {
        return Err(format!(
            "a payload of {} bytes is too long for a command; write it to a file and give that",
            words.payload.len()
        ));
    }
    // No argument can hold a zero; @ and - begin something else than text.
    let text = std::str::from_utf8(words.payload).ok();
    let text = text.filter(|text| !text.contains('\0') && !text.starts_with(['@', '-']));
    Ok(match text {
        Some(text) if words.kind != Kind::Hex => vec!["-d".to_owned(), shell_word(text)],
        _ => {
            let digits: String = words
                .payload
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            vec!["--hex".to_owned(), digits]
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words<'static> {
        Words {
            target: "localhost:60606",
            name: "login",
            kind: Kind::Text,
            payload: b"",
            path: "",
            places: &[],
            timeout: None,
            repeat: 1,
        }
    }

    #[test]
    fn what_is_sent_can_be_sent_from_a_shell() {
        let key = ["--hmac-key-file".to_owned(), "'my key'".to_owned()];
        for (words, expected) in [
            (words(), "localhost:60606 login"),
            (
                Words {
                    payload: b"it's\n{}",
                    kind: Kind::Json,
                    ..words()
                },
                r"-d $'it\'s\n{}' localhost:60606 login",
            ),
            (
                Words {
                    payload: b"@x",
                    repeat: 3,
                    ..words()
                },
                "--repeat 3 --hex 4078 localhost:60606 login",
            ),
            (
                Words {
                    payload: b"a\xff\0",
                    name: "-n",
                    ..words()
                },
                "--hex 61ff00 -- localhost:60606 -n",
            ),
            (
                Words {
                    kind: Kind::File,
                    path: "a b",
                    places: &key,
                    timeout: Some(Duration::from_millis(1_500)),
                    name: "",
                    ..words()
                },
                "--hmac-key-file 'my key' --timeout '1s 500ms' -d '@a b' localhost:60606 ''",
            ),
        ] {
            assert_eq!(
                command(words).unwrap(),
                format!("petrel-probe send {expected}")
            );
        }
    }

    #[test]
    fn what_no_shell_would_take_is_told() {
        let payload = vec![b'x'; 100_000];
        let wrong = command(Words {
            payload: &payload,
            ..words()
        });
        assert!(wrong.unwrap_err().contains("100000 bytes"));
    }
}
