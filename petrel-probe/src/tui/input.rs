//! A line of text to be typed.
//!
//! What is typed may be any text, also one that would act on a terminal: it is drawn escaped, and kept
//! as it is. The cursor steps over what is seen as one character.

pub(crate) mod cluster;
mod completion;
mod draw;
#[cfg(test)]
mod tests;

pub(crate) use completion::Completion;
pub(crate) use draw::view;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// More bytes than these are not taken: names, paths and filters are shorter.
const LEN_MAX: usize = 16 * 1024;

/// As many texts as these are remembered.
const PAST_MAX: usize = 1_000;

/// A line of text with a cursor in it, and the texts that were there before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    text: String,
    /// Byte offset in the text, between two of its clusters.
    cursor: usize,
    /// What was cut last, to be put in again.
    cut: String,
    /// Former texts, the latest one last.
    past: Vec<String>,
    /// Which of them is shown, and what was typed before it was.
    recalled: Option<(usize, String)>,
}

impl Input {
    /// With a text, the cursor behind it.
    pub(crate) fn new(text: &str) -> Self {
        let mut input = Self::default();
        input.set(text);
        input
    }

    /// What was typed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where the cursor is: byte offset in the text.
    pub(crate) const fn cursor(&self) -> usize {
        self.cursor
    }

    /// Replaces the text; the cursor goes behind it.
    pub(crate) fn set(&mut self, text: &str) {
        self.text.clear();
        self.cursor = 0;
        self.recalled = None;
        self.insert(text);
    }

    /// The text was used: Up brings it back, and Up again those before it. It stays where it is.
    pub(crate) fn keep(&mut self) {
        self.recalled = None;
        self.remember(self.text.clone());
    }

    /// Replaces what stands between an offset and the cursor, as a completion does. An offset that is
    /// behind the cursor, or within a character, replaces nothing.
    pub(crate) fn replace_from(&mut self, from: usize, text: &str) {
        if self.text.get(from..self.cursor).is_some() {
            self.text.replace_range(from..self.cursor, "");
            self.cursor = from;
            self.insert(text);
        }
    }

    /// Text that was pasted. Line breaks become spaces, those at the end nothing.
    pub(crate) fn paste(&mut self, text: &str) {
        let lines: Vec<&str> = text.lines().collect();
        self.insert(&lines.join(" ").replace('\r', " "));
    }

    /// A key: whether the input knew it.
    pub(crate) fn press(&mut self, key: &KeyEvent) -> bool {
        let modifiers = key.modifiers - KeyModifiers::SHIFT;
        let by_word = modifiers == KeyModifiers::CONTROL || modifiers == KeyModifiers::ALT;
        match key.code {
            KeyCode::Char(c) if modifiers == KeyModifiers::CONTROL => {
                return self.press_with_ctrl(c);
            }
            KeyCode::Char(c) if modifiers == KeyModifiers::ALT => return self.press_with_alt(c),
            // AltGr comes as both, with the character that it makes.
            KeyCode::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace if by_word => self.cut_to(self.word_before()),
            KeyCode::Backspace => self.delete(self.before()),
            KeyCode::Delete if by_word => self.cut_to(self.word_behind()),
            KeyCode::Delete => self.delete(self.behind()),
            KeyCode::Left if by_word => self.go(self.word_before()),
            KeyCode::Right if by_word => self.go(self.word_behind()),
            KeyCode::Left => self.go(self.before()),
            KeyCode::Right => self.go(self.behind()),
            KeyCode::Home => self.go(0),
            KeyCode::End => self.go(self.text.len()),
            KeyCode::Up => return self.recall(true),
            KeyCode::Down => return self.recall(false),
            _ => return false,
        }
        true
    }

    fn press_with_ctrl(&mut self, c: char) -> bool {
        match c.to_ascii_lowercase() {
            'a' => self.go(0),
            'e' => self.go(self.text.len()),
            'b' => self.go(self.before()),
            'f' => self.go(self.behind()),
            'h' => self.delete(self.before()),
            'd' => self.delete(self.behind()),
            'w' => self.cut_to(self.word_before()),
            'u' => self.cut_to(0),
            'k' => self.cut_to(self.text.len()),
            'y' => {
                let cut = self.cut.clone();
                self.insert(&cut);
            }
            'p' => return self.recall(true),
            'n' => return self.recall(false),
            _ => return false,
        }
        true
    }

    fn press_with_alt(&mut self, c: char) -> bool {
        match c {
            'b' => self.go(self.word_before()),
            'f' => self.go(self.word_behind()),
            'd' => self.cut_to(self.word_behind()),
            _ => return false,
        }
        true
    }

    /// Puts text in at the cursor, as much of it as there is room for.
    fn insert(&mut self, text: &str) {
        let room = LEN_MAX.saturating_sub(self.text.len());
        let text = &text[..text.floor_char_boundary(room)];
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        // What was put in may have joined with what is behind the cursor.
        self.cursor = cluster::boundary_at_or_after(&self.text, self.cursor);
    }

    fn go(&mut self, to: usize) {
        self.cursor = to;
    }

    /// Deletes what is between the cursor and an offset.
    fn delete(&mut self, to: usize) {
        self.take(to);
    }

    fn take(&mut self, to: usize) -> String {
        let (from, to) = (self.cursor.min(to), self.cursor.max(to));
        let taken = self.text.drain(from..to).collect();
        self.cursor = cluster::boundary_at_or_after(&self.text, from);
        taken
    }

    /// The same, and keeps it to be put in again.
    fn cut_to(&mut self, to: usize) {
        let cut = self.take(to);
        if !cut.is_empty() {
            self.cut = cut;
        }
    }

    fn before(&self) -> usize {
        cluster::before(&self.text, self.cursor)
    }

    fn behind(&self) -> usize {
        cluster::behind(&self.text, self.cursor)
    }

    /// Where the word begins that the cursor is in or behind.
    fn word_before(&self) -> usize {
        let mut at = self.cursor;
        let starts: Vec<(usize, bool)> = cluster::all(&self.text)
            .take_while(|(start, _)| *start < self.cursor)
            .map(|(start, cluster)| (start, is_word(cluster)))
            .collect();
        let mut seen_word = false;
        for (start, is_word) in starts.into_iter().rev() {
            if seen_word && !is_word {
                break;
            }
            seen_word |= is_word;
            at = start;
        }
        at
    }

    /// Where the word ends that the cursor is in or before.
    fn word_behind(&self) -> usize {
        let mut seen_word = false;
        for (start, cluster) in cluster::all(&self.text) {
            if start < self.cursor {
                continue;
            }
            if seen_word && !is_word(cluster) {
                return start;
            }
            seen_word |= is_word(cluster);
        }
        self.text.len()
    }

    /// Shows an earlier text, or a later one; behind the latest one what was typed.
    fn recall(&mut self, is_earlier: bool) -> bool {
        let now = self.recalled.as_ref().map(|(at, _)| *at);
        let at = match (now, is_earlier) {
            (None, true) => self.past.len().checked_sub(1),
            (Some(at), true) => Some(at.saturating_sub(1)),
            (Some(at), false) => Some(at + 1),
            (None, false) => None,
        };
        let Some(at) = at else {
            return false;
        };
        let typed = match self.recalled.take() {
            Some((_, typed)) => typed,
            None => self.text.clone(),
        };
        if let Some(text) = self.past.get(at).cloned() {
            self.set(&text);
            self.recalled = Some((at, typed));
        } else {
            self.set(&typed);
        }
        true
    }

    /// Puts a text at the end of the past. It stands there once.
    fn remember(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        self.past.retain(|former| *former != text);
        self.past.push(text);
        let surplus = self.past.len().saturating_sub(PAST_MAX);
        self.past.drain(..surplus);
    }
}

fn is_word(cluster: &str) -> bool {
    cluster.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}
