//! The one way from a text into the page.

pub(super) use petrel_cli::output::html as esc;

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
    fn the_words_of_a_clause_keep_their_code() {
        assert_eq!(words("the\n`a<b` one"), "the <code>a&lt;b</code> one");
    }
}
