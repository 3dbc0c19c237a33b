//! The one way from a text into the page.

use petrel_cli::output;

/// The text on one line: nothing in it is markup, ends an attribute, or acts on what shows it.
pub(super) fn esc(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in output::one_line(text).chars() {
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

/// The text as code.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", esc(text))
}

/// Words of SPEC.md: its line breaks are spaces, and what stands between backticks is code.
pub(super) fn words(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut words = String::new();
    for (at, part) in line.split('`').enumerate() {
        words += &if at % 2 == 0 { esc(part) } else { code(part) };
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        assert_eq!(
            esc("<a href='x'>\"&\u{1b}\u{202e}é"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\\u{1b}\\u{202e}é"
        );
    }

    #[test]
    fn the_words_of_a_clause_keep_their_code() {
        assert_eq!(words("the\n`a<b` one"), "the <code>a&lt;b</code> one");
    }
}
