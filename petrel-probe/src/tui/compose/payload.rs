//! The payload as it is typed.

use super::{
    super::input::Input,
    digits::{digits, undigits},
    json,
};
use crossterm::event::KeyEvent;
use ratatui::style::{Modifier, Style};
use ratatui_textarea::TextArea;
use std::sync::Arc;

/// So much can be typed: the editor counts columns and lines in 16 bits, and a tab takes up to four.
const LINES_MAX: usize = 30_000;
const LINE_CHARS_MAX: usize = 15_000;
const TEXT_LEN_MAX: usize = 1 << 20;

/// What is said of more.
const TOO_LONG: &str = "too long to be typed: Ctrl-T as often as it takes to give a file";

/// In which form a payload is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// As text.
    #[default]
    Text,
    /// As JSON.
    Json,
    /// As pairs of hexadecimal digits.
    Hex,
    /// As the path of a file that holds it.
    File,
}

/// The payload: what is typed, and what it means.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    kind: Kind,
    editor: TextArea<'static>,
    /// In which form the editor holds it: never as a file.
    typed: Kind,
    path: Input,
    file: FileState,
    judged: Judged,
}

/// What is known of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum FileState {
    /// It was not read since its path was typed.
    #[default]
    Unread,
    /// It is being read.
    Reading,
    /// This is in it.
    Read(Arc<Vec<u8>>),
    /// It cannot be read.
    Failed(String),
}

/// What is typed, judged with every key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Judged {
    /// How many bytes it means, or what is wrong with it.
    len: Result<usize, String>,
    /// The first character that cannot be seen, with the number of its line.
    unseen: Option<(char, usize)>,
}

impl Default for Payload {
    fn default() -> Self {
        let mut payload = Self {
            kind: Kind::Text,
            editor: TextArea::default(),
            typed: Kind::Text,
            path: Input::default(),
            file: FileState::Unread,
            judged: Judged::default(),
        };
        // An empty text fits.
        let _ = payload.set_text("");
        payload.set_focus(false);
        payload
    }
}

impl Default for Judged {
    fn default() -> Self {
        Self {
            len: Ok(0),
            unseen: None,
        }
    }
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Hex, Self::File];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Hex => "hex",
            Self::File => "file",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Text => Self::Json,
            Self::Json => Self::Hex,
            Self::Hex => Self::File,
            Self::File => Self::Text,
        }
    }

    const fn previous(self) -> Self {
        self.next().next().next()
    }
}

impl Payload {
    /// A payload of these bytes: as JSON or text if they can be typed, else in hexadecimal.
    ///
    /// # Errors
    /// If they are too many to be typed.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(bytes).ok();
        let text = text.filter(|text| !text.contains(is_unseen_in_text));
        let (kind, text) = match text {
            Some(text) if text.starts_with(['{', '[']) && json::check(text).is_ok() => {
                (Kind::Json, text.to_owned())
            }
            Some(text) => (Kind::Text, text.to_owned()),
            None => (Kind::Hex, digits(bytes)),
        };
        let mut payload = Self {
            kind,
            typed: kind,
            ..Self::default()
        };
        payload.set_text(&text)?;
        Ok(payload)
    }

    /// A payload that a file is to give, which is not named yet.
    pub(super) fn of_file() -> Self {
        Self {
            kind: Kind::File,
            ..Self::default()
        }
    }

    /// The cursor of the editor is drawn only while the keys go there.
    pub(super) fn set_focus(&mut self, has_focus: bool) {
        let style = Style::new();
        self.editor.set_cursor_style(if has_focus {
            style.add_modifier(Modifier::REVERSED)
        } else {
            style
        });
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) const fn editor(&self) -> &TextArea<'static> {
        &self.editor
    }

    pub(super) const fn path(&self) -> &Input {
        &self.path
    }

    pub(super) const fn file(&self) -> &FileState {
        &self.file
    }

    /// The first character that the editor cannot show, with the number of its line.
    pub(super) const fn unseen(&self) -> Option<(char, usize)> {
        self.judged.unseen
    }

    /// Goes on to the next form, or back to the one before. Text becomes hexadecimal digits and the
    /// reverse, if that can be.
    pub(super) fn turn(&mut self, is_forward: bool) {
        let kind = if is_forward {
            self.kind.next()
        } else {
            self.kind.previous()
        };
        // What is in the editor stays there while a file is chosen.
        let converted = match (self.typed, kind) {
            (_, Kind::File) => None,
            (Kind::Hex, Kind::Text | Kind::Json) => undigits(self.editor.lines())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .filter(|text| !text.contains(is_unseen_in_text)),
            (Kind::Text | Kind::Json, Kind::Hex) => Some(digits(self.editor_text().as_bytes())),
            _ => None,
        };
        // What does not fit stays as it is, and is judged as what it is called now.
        let _ = converted.map(|text| self.set_text(&text));
        self.kind = kind;
        if kind != Kind::File {
            self.typed = kind;
        }
        self.judge();
    }

    /// Gives JSON its line breaks.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn tidy(&mut self) -> Result<(), String> {
        if self.kind != Kind::Json {
            return Err("only JSON can be laid out; Ctrl-T changes the form".to_owned());
        }
        let text = self.editor_text();
        match json::tidy(&text) {
            Some(tidy) => self.set_text(&tidy).map_err(str::to_owned),
            None => Err(match json::check(&text) {
                Err(wrong) => format!("no JSON: {wrong}"),
                Ok(()) => "this is too long to be laid out".to_owned(),
            }),
        }
    }

    /// A key: whether the editor knew it.
    pub(super) fn press(&mut self, key: &KeyEvent) -> bool {
        if self.kind != Kind::File {
            let cursor = self.editor.cursor();
            let is_changed = self.editor.input(*key);
            if is_changed {
                if !fits(self.editor.lines()) {
                    self.editor.undo();
                }
                self.judge();
            }
            return is_changed || self.editor.cursor() != cursor;
        }
        let before = self.path.text().to_owned();
        let is_known = self.path.press(key);
        if self.path.text() != before {
            self.file = FileState::Unread;
            self.judge();
        }
        is_known
    }

    /// Text that was pasted.
    ///
    /// # Errors
    /// If there is no room for it.
    pub(super) fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        let mut pasted = Ok(());
        if self.kind == Kind::File {
            self.path.paste(text);
            self.file = FileState::Unread;
        } else {
            // Terminals send line breaks as carriage returns, too.
            let is_changed = text.len() <= TEXT_LEN_MAX
                && self
                    .editor
                    .insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
            if !is_changed {
                pasted = if text.is_empty() {
                    Ok(())
                } else {
                    Err(TOO_LONG)
                };
            } else if !fits(self.editor.lines()) {
                self.editor.undo();
                pasted = Err(TOO_LONG);
            }
        }
        self.judge();
        pasted
    }

    /// The file is being read, or was.
    pub(super) fn set_file(&mut self, file: FileState) {
        self.file = file;
        self.judge();
    }

    /// How many bytes it means.
    ///
    /// # Errors
    /// What is wrong with what is typed.
    pub(super) fn judged(&self) -> Result<usize, &str> {
        match &self.judged.len {
            Ok(len) => Ok(*len),
            Err(wrong) => Err(wrong),
        }
    }

    /// The bytes that it means.
    ///
    /// # Errors
    /// What is wrong with what is typed.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        match self.kind {
            Kind::Text => Ok(self.editor_text().into_bytes()),
            Kind::Json => {
                let text = self.editor_text();
                json::check(&text).map_err(|wrong| format!("no JSON: {wrong}"))?;
                Ok(text.into_bytes())
            }
            Kind::Hex => undigits(self.editor.lines()),
            Kind::File => match &self.file {
                FileState::Read(bytes) => Ok(bytes.to_vec()),
                FileState::Failed(why) => Err(why.clone()),
                FileState::Unread | FileState::Reading => Err("not read yet".to_owned()),
            },
        }
    }

    fn editor_text(&self) -> String {
        self.editor.lines().join("\n")
    }

    fn set_text(&mut self, text: &str) -> Result<(), &'static str> {
        let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        if !fits(&lines) {
            return Err(TOO_LONG);
        }
        let cursor_style = self.editor.cursor_style();
        self.editor = TextArea::new(lines);
        self.editor.set_cursor_line_style(Style::new());
        self.editor.set_cursor_style(cursor_style);
        let selected = Style::new().add_modifier(Modifier::REVERSED);
        self.editor.set_selection_style(selected);
        self.judge();
        Ok(())
    }

    fn judge(&mut self) {
        let len = match &self.file {
            FileState::Read(bytes) if self.kind == Kind::File => Ok(bytes.len()),
            _ => self.bytes().map(|bytes| bytes.len()),
        };
        let mut lines = self.editor.lines().iter().zip(1..);
        let unseen = lines.find_map(|(line, number)| {
            let mut chars = line.chars();
            chars.find(|c| is_unseen(*c)).map(|c| (c, number))
        });
        self.judged = Judged {
            len,
            unseen: unseen.filter(|_| self.kind != Kind::File),
        };
    }
}

fn fits(lines: &[String]) -> bool {
    lines.len() <= LINES_MAX
        && lines.iter().map(|line| line.len() + 1).sum::<usize>() <= TEXT_LEN_MAX + 1
        && lines
            .iter()
            .all(|line| line.chars().count() <= LINE_CHARS_MAX)
}

/// Whether a text that holds it cannot be typed as it is. The editor's only line break is \n.
fn is_unseen_in_text(c: char) -> bool {
    c != '\n' && is_unseen(c)
}

/// Whether the editor leaves it out when it draws.
fn is_unseen(c: char) -> bool {
    c != '\t' && !c.is_ascii_graphic() && c != ' ' && c.escape_debug().count() > 1 && !is_mark(c)
}

/// Combining marks are escaped only where they stand alone.
fn is_mark(c: char) -> bool {
    ['a', c].iter().collect::<String>().escape_debug().count() == 2
}
