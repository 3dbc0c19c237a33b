//! Frames as they are drawn: at known sizes as text, at any size without a panic.

use super::*;
use crate::tui::{
    commands::{self, Motion},
    compose::{COMMANDS, body::Form, fields::Field},
};
use proptest::prelude::*;
use ratatui::style::{Color, Modifier};
use std::{env, fs, path::Path};

/// Set to anything, the frames of now become the expected ones.
const ACCEPT: &str = "PETREL_ACCEPT_FRAMES";

const SIZES: [(u16, u16); 4] = [(20, 3), (60, 13), (80, 22), (120, 38)];

fn compare(name: &str, compose: &Compose) {
    for size in SIZES {
        let text = drawn(compose, size);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/tui/compose/snapshots")
            .join(format!("{name}-{}x{}.txt", size.0, size.1));
        if env::var_os(ACCEPT).is_some() {
            fs::write(&path, &text).unwrap();
        }
        let expected = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; {ACCEPT}=1 writes it", path.display()));
        assert!(
            text == expected,
            "{name} was drawn as\n{text}\nand not as\n{expected}\n({ACCEPT}=1 accepts it)"
        );
    }
}

#[test]
fn a_composer_that_was_just_opened() {
    compare("opened", &Compose::new(&Setup::default()));
}

#[test]
fn a_request_with_its_answer() {
    let mut compose = busy();
    compare("request", &compose);
    compose.focus(Field::Answer);
    compare("answer", &compose);
    perform(&mut compose, Action::Compare);
    compare("difference", &compose);
}

#[test]
fn names_that_are_offered() {
    let mut compose = busy();
    update(
        &mut compose,
        Msg::Names(vec!["user.get".into(), "user.\u{1b}".into()]),
    );
    compose.focus(Field::Name);
    for _ in 0..3 {
        press(&mut compose, KeyCode::Backspace);
    }
    press(&mut compose, KeyCode::Down);
    compare("offered", &compose);
}

#[test]
fn what_has_the_keys_is_seen_with_colours_and_without() {
    let mut compose = busy();
    for is_colored in [true, false] {
        let look = Look { is_colored, ..LOOK };
        for size in SIZES {
            for _ in Field::ALL {
                next(&mut compose);
                let buffer = frame(&compose, size, look);
                let reversed = |cell: &&Cell| cell.modifier.contains(Modifier::REVERSED);
                let is_marked = buffer.content().iter().any(|cell| reversed(&cell))
                    || buffer.content().iter().any(|cell| cell.symbol() == "▶")
                    || compose.field == Field::Answer;
                assert!(is_marked, "{:?} at {size:?}", compose.field);
                let colors = buffer.content().iter().any(|cell| cell.fg != Color::Reset);
                assert!(is_colored || !colors);
            }
        }
    }
}

#[test]
fn what_differs_is_coloured_as_well_as_signed() {
    let mut compose = busy();
    perform(&mut compose, Action::Compare);
    let buffer = frame(&compose, (120, 38), LOOK);
    let color = |sign: &str| {
        let first = |cell: &&Cell| cell.symbol() == sign && cell.fg != Color::Reset;
        buffer.content().iter().find(first).map(|cell| cell.fg)
    };
    assert_eq!(
        (color("+"), color("-")),
        (Some(Color::Green), Some(Color::Red))
    );
}

/// Everything that came over the wire, hostile.
fn hostile() -> Compose {
    let evil = "\u{1b}[2J\u{9b}\u{202e}\r\n\t\u{7}日本語\u{200d}é";
    let mut compose = Compose::new(&setup());
    update(&mut compose, Msg::Names(vec![evil.into()]));
    answered(&mut compose, exchange(evil, evil, 9_101, evil.as_bytes()));
    answered(
        &mut compose,
        exchange(evil, evil, 9_101, b"\xff\x1b[2J\n\xc2"),
    );
    update(&mut compose, Msg::Lost(evil.into()));
    press(&mut compose, KeyCode::Down);
    compose
}

#[test]
fn nothing_that_is_shown_acts_on_a_terminal() {
    let mut compose = hostile();
    for form in [Form::Pretty, Form::Raw, Form::Hex] {
        for is_different in [false, true] {
            for field in Field::ALL {
                compose.form = form;
                if is_different {
                    perform(&mut compose, Action::Compare);
                } else {
                    compose.show();
                }
                compose.focus(field);
                for size in SIZES {
                    let text = drawn(&compose, size);
                    let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                    assert!(!text.contains(acts), "{text:?}");
                    let ascii = Look {
                        is_ascii: true,
                        ..LOOK
                    };
                    let text = text_of(&frame(&compose, size, ascii));
                    assert!(text.is_ascii(), "{text}");
                }
            }
        }
    }
}

#[test]
fn an_answer_on_a_single_line_is_scrolled_through() {
    let mut compose = Compose::new(&setup());
    let long: String = (0..100_000).map(|number| format!("{number} ")).collect();
    answered(&mut compose, exchange("n", "", 200, long.as_bytes()));
    compose.focus(Field::Answer);
    let first = drawn(&compose, (60, 13));
    update(&mut compose, Msg::Move(Motion::PageDown, None));
    let second = drawn(&compose, (60, 13));
    assert_ne!(first, second);
    update(&mut compose, Msg::Move(Motion::PageUp, None));
    assert_eq!(drawn(&compose, (60, 13)), first);
    update(&mut compose, Msg::Move(Motion::Last, None));
    assert!(drawn(&compose, (60, 13)).trim_end().ends_with("99999"));
    perform(&mut compose, Action::AnswerForm);
    perform(&mut compose, Action::AnswerForm);
    update(&mut compose, Msg::Move(Motion::Last, None));
    assert!(drawn(&compose, (60, 13)).contains("08fc58  39 20 "));
}

#[test]
fn every_command_is_named_once_and_documented() {
    let mut names: Vec<&str> = commands::all().map(|command| command.name).collect();
    names.sort_unstable();
    let len = names.len();
    names.dedup();
    assert_eq!(names.len(), len);
    for command in COMMANDS {
        assert!(!command.keys.is_empty() && !command.doc.ends_with('.'));
    }
}

fn any_msg() -> impl Strategy<Value = Msg> {
    let code = prop_oneof![
        any::<char>().prop_map(KeyCode::Char),
        prop::sample::select("{}[]\":,0f aé日\u{301}\u{200d}".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        prop::sample::select(vec![
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Enter,
        ]),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::SHIFT,
    ]);
    let motion = prop::sample::select(vec![
        Motion::Up,
        Motion::Down,
        Motion::Left,
        Motion::Right,
        Motion::PageUp,
        Motion::PageDown,
        Motion::HalfPageUp,
        Motion::HalfPageDown,
        Motion::First,
        Motion::Last,
    ]);
    let action = (0..COMMANDS.len()).prop_map(|at| match COMMANDS[at].action {
        commands::Action::InCompose(action) => action,
        other => panic!("{other:?}"),
    });
    let answer = (".{0,20}", ".{0,200}", any::<u16>())
        .prop_map(|(name, payload, status)| exchange(&name, &payload, status, payload.as_bytes()));
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        8 => (code, modifiers).prop_map(|(code, keys)| Msg::Key(KeyEvent::new(code, keys))),
        4 => (motion, prop::option::of(0..200usize)).prop_map(|(motion, count)| Msg::Move(motion, count)),
        4 => action.prop_map(Msg::Perform),
        3 => any::<bool>().prop_map(|is_forward| Msg::Focus { is_forward }),
        1 => ".{0,30}".prop_map(Msg::Paste),
        1 => Just(Msg::Back),
        1 => Just(Msg::Copy),
        1 => Just(Msg::Finished),
        2 => answer.prop_map(Msg::Answered),
        1 => ".{0,30}".prop_map(Msg::Lost),
        1 => ".{0,30}".prop_map(|why| Msg::Failed { why, exchange: None }),
        1 => prop::collection::vec(".{0,9}", 0..4).prop_map(Msg::Names),
        1 => (0..4u64, bytes).prop_map(|(generation, bytes)| Msg::FileRead { generation, bytes: Ok(bytes) }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_keys_at_any_size_with_any_answers_are_drawn(
        steps in prop::collection::vec((any_msg(), 0..160u16, 0..50u16), 0..60),
        is_ascii in any::<bool>(),
        has_keys in any::<bool>(),
    ) {
        let look = Look { is_ascii, ..LOOK };
        let setup = if has_keys { setup() } else { Setup::default() };
        let mut compose = Compose::new(&setup);
        for (msg, width, height) in steps {
            update(&mut compose, msg);
            let buffer = frame(&compose, (width, height), look);
            for cell in buffer.content() {
                prop_assert!(!cell.symbol().contains(char::is_control));
                prop_assert!(!is_ascii || cell.symbol().is_ascii());
            }
        }
    }
}
