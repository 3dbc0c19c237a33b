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
}
