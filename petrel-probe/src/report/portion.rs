//! How much of a payload is shown.

use std::{fmt, str::FromStr};

/// How much of a payload is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "all, nothing, or so many bytes")]
pub enum Portion {
    /// All of it.
    #[default]
    Full,
    /// Nothing but its length and digest.
    None,
    /// At most so many bytes from its beginning.
    First(usize),
}

/// Why a text is no [`Portion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortionError;

impl Portion {
    /// The part of these bytes that is shown, if any is to be shown. Text is cut between characters.
    pub fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        let max = match self {
            Self::Full => return Some(bytes),
            Self::None => return None,
            Self::First(max) => max,
        };
        let Some((first, rest)) = bytes.split_at_checked(max) else {
            return Some(bytes);
        };
        if rest.is_empty() {
            return Some(bytes);
        }
        let cut = match std::str::from_utf8(first) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => return Some(first),
        };
        let (whole, behind) = bytes.split_at(cut);
        // What is cut must be a character, and not only begin like one.
        let behind = behind.get(..4).unwrap_or(behind).utf8_chunks().next();
        let is_character = behind.is_some_and(|chunk| !chunk.valid().is_empty());
        Some(if is_character { whole } else { first })
    }
}

impl FromStr for Portion {
    type Err = PortionError;

    fn from_str(text: &str) -> Result<Self, PortionError> {
        match text {
            "full" => Ok(Self::Full),
            "none" => Ok(Self::None),
            _ => text.parse().map(Self::First).map_err(|_| PortionError),
        }
    }
}

impl fmt::Display for PortionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write full, none or a number of bytes")
    }
}

impl std::error::Error for PortionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_bytes_anywhere() {
        let text = "aé€𝄞".as_bytes();
        for (max, len) in [
            (0, 0),
            (1, 1),
            (2, 1),
            (3, 3),
            (5, 3),
            (6, 6),
            (9, 6),
            (10, 10),
            (99, 10),
        ] {
            let shown = Portion::First(max).of(text).unwrap();
            assert_eq!(shown.len(), len, "{max}");
        }
        assert_eq!(
            Portion::First(2).of(b"\xff\x80\x80\x80"),
            Some(&b"\xff\x80"[..])
        );
        assert_eq!(Portion::Full.of(text), Some(text));
        assert_eq!(Portion::None.of(text), None);
    }

    #[test]
    fn it_is_written_as_a_word_or_a_number() {
        assert_eq!("full".parse(), Ok(Portion::Full));
        assert_eq!("none".parse(), Ok(Portion::None));
        assert_eq!("64".parse(), Ok(Portion::First(64)));
        for wrong in ["", "-1", "all", "1KiB"] {
            assert_eq!(wrong.parse::<Portion>(), Err(PortionError), "{wrong}");
        }
    }
}
