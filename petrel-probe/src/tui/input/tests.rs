//! Typing into a line.

use super::{super::paint::Look, Completion, Input, view};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::Modifier,
};

const LOOK: Look = Look {
    is_colored: false,
    is_ascii: false,
};

fn press(input: &mut Input, code: KeyCode) -> bool {
    input.press(&KeyEvent::new(code, KeyModifiers::NONE))
}

fn ctrl(input: &mut Input, letter: char) {
    input.press(&KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
}

fn typed(text: &str) -> Input {
    let mut input = Input::default();
    for c in text.chars() {
        assert!(press(&mut input, KeyCode::Char(c)));
    }
    input
}

/// The line as drawn, and what is under the cursor.
fn drawn(input: &Input, width: u16, look: Look) -> (String, String) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
    view(input, buffer.area, &mut buffer, look, true);
    let is_cursor = |cell: &&Cell| cell.modifier.contains(Modifier::REVERSED);
    let text: String = buffer.content().iter().map(Cell::symbol).collect();
    let cursor = buffer.content().iter().filter(is_cursor);
    (
        text.trim_end().to_owned(),
        cursor.map(Cell::symbol).collect(),
    )
}

#[test]
fn it_is_edited_as_on_a_shell() {
    let mut input = typed("status >= 400");
    ctrl(&mut input, 'w');
    assert_eq!(input.text(), "status >= ");
    ctrl(&mut input, 'a');
    press(&mut input, KeyCode::Delete);
    assert_eq!(input.text(), "tatus >= ");
    press(&mut input, KeyCode::Right);
    ctrl(&mut input, 'k');
    assert_eq!(input.text(), "t");
    ctrl(&mut input, 'y');
    assert_eq!(input.text(), "tatus >= ");
    ctrl(&mut input, 'u');
    assert_eq!((input.text(), input.cursor()), ("", 0));
    assert!(!press(&mut input, KeyCode::Enter));
}

#[test]
fn words_are_stepped_over() {
    let mut input = Input::new("name == \"log_in\"");
    let left = KeyEvent::new(KeyCode::Left, KeyModifiers::CONTROL);
    let right = KeyEvent::new(KeyCode::Right, KeyModifiers::ALT);
    input.press(&left);
    assert_eq!(input.cursor(), 9);
    input.press(&left);
    assert_eq!(input.cursor(), 0);
    input.press(&right);
    assert_eq!(input.cursor(), 4);
    input.press(&right);
    assert_eq!(input.cursor(), 15);
}

#[test]
fn what_is_seen_as_one_character_is_deleted_as_one() {
    for (text, left) in [
        ("ae\u{301}", "a"),
        ("a日", "a"),
        ("a\u{1b}", "a"),
        ("a❤\u{fe0f}", "a"),
    ] {
        let mut input = Input::new(text);
        press(&mut input, KeyCode::Backspace);
        assert_eq!(input.text(), left, "{text:?}");
    }
}

#[test]
fn pasted_lines_become_one() {
    let mut input = Input::new("<>");
    press(&mut input, KeyCode::Left);
    input.paste("a\r\nb\nc\n");
    assert_eq!(input.text(), "<a b c>");
    input.paste(&"x".repeat(100_000));
    assert_eq!(input.text().len(), super::LEN_MAX);
}

#[test]
fn nothing_that_is_typed_acts_on_the_terminal() {
    let input = Input::new("\u{1b}[2J\u{202e}\u{301}é日\u{200d}");
    let (text, _) = drawn(&input, 60, LOOK);
    assert_eq!(text, "\\u{1b}[2J\\u{202e}\\u{301}é日 \\u{200d}");
    let ascii = Look {
        is_ascii: true,
        ..LOOK
    };
    let (text, _) = drawn(&input, 60, ascii);
    assert_eq!(text, "\\u{1b}[2J\\u{202e}\\u{301}\\u{e9}\\u{65e5}\\u{200d}");
}

#[test]
fn the_part_around_the_cursor_is_seen() {
    let mut input = Input::new("0123456789abcdef");
    assert_eq!(drawn(&input, 8, LOOK), ("cdef".into(), " ".into()));
    press(&mut input, KeyCode::Left);
    assert_eq!(drawn(&input, 8, LOOK), ("89abcdef".into(), "f".into()));
    press(&mut input, KeyCode::Home);
    assert_eq!(drawn(&input, 8, LOOK), ("01234567".into(), "0".into()));
}

#[test]
fn former_texts_come_back_and_what_was_typed_is_not_lost() {
    let mut input = Input::default();
    for text in ["a", "b", "a"] {
        input.set(text);
        input.keep();
    }
    input.set("new");
    assert_eq!(input.past, ["b", "a"]);
    assert!(!press(&mut input, KeyCode::Down));
    for (code, text) in [
        (KeyCode::Up, "a"),
        (KeyCode::Up, "b"),
        (KeyCode::Up, "b"),
        (KeyCode::Down, "a"),
        (KeyCode::Down, "new"),
    ] {
        assert!(press(&mut input, code));
        assert_eq!(input.text(), text);
    }
    input.keep();
    assert_eq!(input.past, ["b", "a", "new"]);
}

#[test]
fn a_text_is_completed_with_what_begins_so_before_what_holds_it() {
    let mut input = Input::new("x lo");
    let names = ["hello", "Login", "lo", "logout"];
    let mut completion = Completion::of(&input, 2, names);
    assert_eq!(completion.choices(), ["Login", "logout", "hello"]);
    completion.select(true);
    completion.select(true);
    assert!(completion.has_selected());
    assert!(completion.apply(&mut input));
    assert_eq!(input.text(), "x logout");
    assert!(completion.is_empty() && !completion.apply(&mut input));
}

#[test]
fn the_choices_are_drawn_where_there_is_room() {
    let completion = Completion::of(&Input::default(), 0, ["one", "t\u{1b}o"]);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 4));
    completion.view(Rect::new(2, 3, 10, 1), buffer.area, &mut buffer, LOOK);
    let text: String = buffer.content().iter().map(Cell::symbol).collect();
    assert!(text[20..].starts_with("    one "), "{text:?}");
    assert!(text[40..].starts_with("    t\\u{1b}o "), "{text:?}");
}

fn any_key() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        4 => any::<char>().prop_map(KeyCode::Char),
        4 => prop::sample::select("aebfhdwukypn \u{301}\u{200d}日".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        4 => prop::sample::select(vec![
            KeyCode::Left, KeyCode::Right, KeyCode::Up, KeyCode::Down, KeyCode::Home, KeyCode::End,
            KeyCode::Backspace, KeyCode::Delete, KeyCode::Enter, KeyCode::Tab,
        ]),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::SHIFT,
    ]);
    (code, modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

proptest! {
    #[test]
    fn any_keys_leave_a_line_that_can_be_drawn_with_its_cursor(
        keys in prop::collection::vec(any_key(), 0..60),
        pasted in ".{0,8}",
        width in 0..40u16,
        is_ascii in any::<bool>(),
    ) {
        let look = Look { is_ascii, ..LOOK };
        let mut input = Input::new("former");
        input.keep();
        input.set("a");
        for key in &keys {
            input.press(key);
        }
        input.paste(&pasted);
        prop_assert!(input.text().is_char_boundary(input.cursor()));
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        view(&input, buffer.area, &mut buffer, look, true);
        let reversed = |cell: &&Cell| cell.modifier.contains(Modifier::REVERSED);
        // A wide character has no room in a single column.
        if width > 1 {
            prop_assert!(buffer.content().iter().filter(reversed).count() > 0);
        }
        for cell in buffer.content() {
            prop_assert!(!cell.symbol().contains(char::is_control));
            prop_assert!(!is_ascii || cell.symbol().is_ascii());
        }
        // Left and right go over the same places.
        let mut places = vec![input.cursor()];
        while input.cursor() > 0 {
            press(&mut input, KeyCode::Left);
            places.push(input.cursor());
        }
        for place in places.iter().rev() {
            prop_assert_eq!(input.cursor(), *place);
            press(&mut input, KeyCode::Right);
        }
    }
}
