//! What is seen as one character, and how it is drawn.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The clusters of a text with the offsets where they begin.
pub(crate) fn all(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        at = behind(text, start);
        text.get(start..at)
            .filter(|cluster| !cluster.is_empty())
            .map(|cluster| (start, cluster))
    })
}

/// Where the cluster ends that begins at an offset.
pub(crate) fn behind(text: &str, at: usize) -> usize {
    let mut chars = text.get(at..).unwrap_or_default().chars();
    let Some(first) = chars.next() else {
        return text.len();
    };
    let mut end = at + first.len_utf8();
    if is_printable(first) {
        for mark in chars.take_while(|c| is_mark(*c)) {
            end += mark.len_utf8();
        }
    }
    end
}

/// Where the cluster begins that ends at an offset.
pub(crate) fn before(text: &str, at: usize) -> usize {
    let mut start = 0;
    for (offset, c) in text.get(..at).unwrap_or_default().char_indices().rev() {
        start = offset;
        if !is_mark(c) {
            break;
        }
    }
    // Marks without anything that they could stand on are clusters of their own.
    let mut clusters = all(text).skip_while(|(offset, _)| *offset < start);
    let mut last = start;
    for (offset, _) in &mut clusters {
        if offset >= at {
            break;
        }
        last = offset;
    }
    last
}

/// The offset, or if it is within a cluster the end of that.
pub(crate) fn boundary_at_or_after(text: &str, at: usize) -> usize {
    let mut boundaries = all(text).map(|(offset, _)| offset);
    boundaries
        .find(|offset| *offset >= at)
        .unwrap_or(text.len())
}

/// The cluster as it may be drawn, and how many columns that takes.
pub(crate) fn drawn(cluster: &str, is_ascii: bool) -> (Cow<'_, str>, usize) {
    if let [b' '..=b'~'] = cluster.as_bytes() {
        return (Cow::Borrowed(cluster), 1);
    }
    let first = cluster.chars().next().unwrap_or(' ');
    if !is_printable(first) {
        // All that is escaped is a single character.
        let escaped = first.escape_debug().to_string();
        let width = escaped.len();
        return (Cow::Owned(escaped), width);
    }
    if is_ascii && !cluster.is_ascii() {
        let escaped: String = cluster.chars().flat_map(char::escape_default).collect();
        let width = escaped.len();
        return (Cow::Owned(escaped), width);
    }
    (Cow::Borrowed(cluster), cluster.width())
}

/// Whether it is drawn as it is. Marks that stand alone are not.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    c.width() > Some(0) && c.escape_debug().count() == 1
}

/// Whether it is drawn on what is before it.
fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && c.width() == Some(0)
        && ['a', c].iter().collect::<String>().escape_debug().count() == 2
}
