//! What programs print: data on standard output, the rest on standard error.

use crate::Failure;
use serde::Serialize;
use std::io::{self, Write};
use textwrap::{Options, WordSplitter};

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[non_exhaustive]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object with a field `schema` that names its form and version.
    Json,
}

/// The argument that chooses a [`Format`].
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[non_exhaustive]
pub struct FormatArgs {
    /// How to print results.
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        display_order = 800
    )]
    pub format: Format,
}

/// Prints text as it is, and sends it off at once.
///
/// # Errors
/// If standard output cannot be written; see [`Failure::output`] for a reader that is gone.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::output(&error))
}

/// Prints a value as indented JSON. Its `schema` field is the value's own.
///
/// # Errors
/// As [`print()`].
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::output(&io::Error::other(error)))?;
    text.push('\n');
    print(&text)
}

/// Says on standard error, in one line, what the user should know although the program goes on.
pub fn warn(message: &str) {
    // With standard error gone there is nowhere left to say it.
    let _ = writeln!(io::stderr(), "warning: {}", one_line(message));
}

/// Says on standard error, in one line, what the program does that was not asked for in so many words.
pub fn note(message: &str) {
    let _ = writeln!(io::stderr(), "note: {}", one_line(message));
}

/// The text with everything escaped that would break the line or act on a terminal. Quotes and
/// backslashes stay, so that paths can be read and copied.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => line.push(c),
            _ => line.extend(c.escape_debug()),
        }
    }
    line
}

/// The text on one line of a page: nothing in it is markup, ends an attribute, or acts on what shows it.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// The text as one word of a shell, for command lines that are to be copied. Like every other line it
/// holds nothing that acts on a terminal.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+,@%=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else if text.contains(char::is_control) {
        format!("$'{}'", text.as_bytes().escape_ascii())
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Breaks a text into lines of at most `width` columns, each with its newline; the first begins with
/// `first`, the others with `rest`. Flags and names stay whole, so that they can be copied.
pub fn paragraph(text: &str, width: usize, first: &str, rest: &str) -> String {
    let options = Options::new(width)
        .word_splitter(WordSplitter::NoHyphenation)
        .initial_indent(first)
        .subsequent_indent(rest);
    let mut lines = textwrap::fill(text, options);
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_on_a_page_is_markup() {
        assert_eq!(
            html("<a href='x'>\"&\u{1b}\u{202e}é"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\\u{1b}\\u{202e}é"
        );
    }

    #[test]
    fn a_line_stays_a_line_and_reads_as_it_was() {
        assert_eq!(one_line(r#"C:\x "a" it's café"#), r#"C:\x "a" it's café"#);
        assert_eq!(one_line("a\r\nb\u{202e}\u{9b}"), r"a\r\nb\u{202e}\u{9b}");
    }

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        assert_eq!(shell_word("certs/ca.pem"), "certs/ca.pem");
        assert_eq!(shell_word("my certs/ca.pem"), "'my certs/ca.pem'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("a\nit's\u{1b}[2J"), r"$'a\nit\'s\x1b[2J'");
    }

    #[test]
    fn a_paragraph_breaks_at_spaces_or_where_it_must() {
        assert_eq!(
            paragraph("use --tls-client-ca or 0123456789abcdef", 17, "- ", "  "),
            "- use\n  --tls-client-ca\n  or\n  0123456789abcde\n  f\n"
        );
    }
}
