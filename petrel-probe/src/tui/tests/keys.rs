//! What keys do.

use super::{
    super::{
        commands::{Action, all, markdown, named},
        effect::Effect,
        message::Msg,
        model::{Overlay, Screen},
        update::update,
        worker::SourceMsg,
    },
    samples::{Stage, exchange, exchanges, index_of},
};
use crate::index::{Indexer, Stores};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use std::{collections::HashSet, env, fs, path::Path};

fn stage() -> Stage {
    Stage::new((120, 40), exchanges())
}

fn many(count: u32) -> Stage {
    let all = (1..=count).map(|n| exchange(1, n, b"echo", 200, (u64::from(n), 5)));
    Stage::new((80, 24), all.collect())
}

/// The number of the selected row as the status line says it.
fn place(stage: &Stage) -> String {
    let text = stage.text();
    let (place, _) = text.lines().rev().nth(1).unwrap().split_once("  ").unwrap();
    place.to_owned()
}

#[test]
fn motions_take_counts_and_stop_at_the_ends() {
    let mut stage = many(100);
    for (keys, expected) in [
        ("", "1/100"),
        ("k", "1/100"),
        ("5j", "6/100"),
        ("3k", "3/100"),
        ("G", "100/100"),
        ("j", "100/100"),
        ("50G", "50/100"),
        ("12G", "12/100"),
        ("g", "1/100"),
        ("99999999999999999999G", "100/100"),
    ] {
        stage.type_text(keys);
        assert_eq!(place(&stage), expected, "after {keys}");
    }
    stage.press(KeyCode::Home);
    stage.press_ctrl('d');
    assert_ne!(place(&stage), "1/100");
    stage.press_ctrl('u');
    assert_eq!(place(&stage), "1/100");
}

#[test]
fn a_line_is_gone_to_by_its_number_in_the_palette() {
    let mut stage = many(100);
    stage.type_text(":20");
    stage.press(KeyCode::Enter);
    assert_eq!(place(&stage), "20/100");
    stage.type_text(":quit");
    stage.press(KeyCode::Enter);
    assert!(
        matches!(stage.effects[..], [Effect::Quit]),
        "{:?}",
        stage.effects
    );
}

#[test]
fn a_filter_holds_from_enter_on_and_the_selection_stays() {
    let mut stage = stage();
    stage.type_text("3G/status >= 400");
    assert_eq!(place(&stage), "3/7");
    stage.press(KeyCode::Enter);
    // The third row does not fulfil it; the next one does.
    assert_eq!(place(&stage), "1/1 of 7");
    stage.type_text("/");
    for _ in 0..20 {
        stage.press(KeyCode::Backspace);
    }
    stage.press(KeyCode::Enter);
    assert_eq!(place(&stage), "3/7");
}

#[test]
fn an_old_result_stays_until_the_new_one_begins() {
    let mut stage = stage();
    stage.type_text("5G/status >= 400");
    stage.press(KeyCode::Enter);
    let expected = place(&stage);
    // The workers answer at once on this stage, so the next question is put past it.
    update(&mut stage.model, Msg::Key(char_key('/')));
    update(&mut stage.model, Msg::Key(char_key('0')));
    update(
        &mut stage.model,
        Msg::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)),
    );
    assert_eq!(place(&stage), expected);
    let told = |generation, matches: &[u32]| {
        Msg::Source(SourceMsg::Filtered {
            generation,
            matches: matches.to_vec(),
            judged: 3,
        })
    };
    stage.tell(told(1, &[5]));
    stage.tell(told(2, &[0, 1]));
    assert_eq!(place(&stage), "2/2 of 7");
    stage.tell(told(2, &[4]));
    assert_eq!(place(&stage), "3/3 of 7");
}

fn char_key(c: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
}

#[test]
fn a_look_at_one_connection_gives_the_filter_back() {
    let mut stage = stage();
    stage.type_text("/status >= 0");
    stage.press(KeyCode::Enter);
    stage.type_text("c");
    assert!(stage.text().contains("filter conn == "), "{}", stage.text());
    stage.type_text("c");
    assert!(
        stage.text().contains("filter status >= 0"),
        "{}",
        stage.text()
    );
}

#[test]
fn a_filter_that_is_not_valid_is_not_applied() {
    let mut stage = stage();
    stage.type_text("/status >=");
    stage.press(KeyCode::Enter);
    assert_eq!(place(&stage), "1/7");
    assert!(
        stage.text().contains("status >="),
        "it stays to be corrected"
    );
    stage.press(KeyCode::Esc);
    assert!(stage.text().contains("filter none"), "Esc drops it");
}

#[test]
fn letters_are_text_while_text_is_typed() {
    let mut stage = stage();
    stage.type_text("/q?:12");
    assert!(stage.effects.is_empty() && stage.model.overlay.is_none());
    assert_eq!(stage.model.screen, Screen::Traffic);
    stage.press_ctrl('c');
    assert!(matches!(stage.effects[..], [Effect::Quit]));
}

#[test]
fn marks_are_gone_through_in_a_circle() {
    let mut stage = stage();
    stage.type_text("'");
    assert!(stage.text().contains("nothing is marked"));
    stage.type_text("3Gm5Gmg'");
    assert_eq!(place(&stage), "3/7");
    stage.type_text("'");
    assert_eq!(place(&stage), "5/7");
    stage.type_text("'");
    assert_eq!(place(&stage), "3/7");
    stage.type_text("m'");
    assert_eq!(place(&stage), "5/7");
}

#[test]
fn a_search_goes_on_and_back_from_the_selection() {
    let mut stage = stage();
    stage.type_text("n");
    assert!(stage.text().contains("nothing is looked for yet"));
    stage.type_text("3G");
    stage.press_ctrl('f');
    stage.type_text("hex:4164");
    stage.press(KeyCode::Enter);
    stage.type_text("N");
    let asked: Vec<_> = stage.effects.drain(..).collect();
    let [
        Effect::Search {
            needle,
            from: 2,
            is_backward: false,
            within: None,
            generation: 1,
        },
        Effect::Search {
            is_backward: true,
            generation: 2,
            ..
        },
    ] = &asked[..]
    else {
        panic!("{asked:?}");
    };
    assert_eq!(needle, b"Ad");
    let found = |generation, row| Msg::Source(SourceMsg::Found { generation, row });
    stage.tell(found(1, Some(6)));
    assert_eq!(place(&stage), "3/7", "an answer to an older question");
    stage.tell(found(2, Some(1)));
    assert_eq!(place(&stage), "2/7");
    stage.type_text("n");
    stage.tell(found(3, None));
    assert!(stage.text().contains("no payload holds \"Ad\""));
}

#[test]
fn following_stays_at_the_newest_until_one_leaves_it() {
    let mut stage = stage();
    stage.type_text("F");
    assert_eq!(place(&stage), "7/7");
    let mut more = exchanges();
    more.push(exchange(3, 1, b"new", 200, (20_000_000, 1)));
    stage.exchanges.clone_from(&more);
    stage.tell(Msg::Source(SourceMsg::Rows(index_of(&more).into())));
    assert_eq!(place(&stage), "8/8");
    stage.type_text("k");
    more.push(exchange(3, 2, b"newer", 200, (21_000_000, 1)));
    stage.exchanges.clone_from(&more);
    stage.tell(Msg::Source(SourceMsg::Rows(index_of(&more).into())));
    assert_eq!(place(&stage), "7/9");
}

#[test]
fn one_connection_is_shown_and_then_all_again() {
    let mut stage = stage();
    stage.type_text("3Gc");
    assert_eq!(place(&stage), "1/4 of 7");
    stage.type_text("c");
    assert_eq!(place(&stage), "3/7");
}

#[test]
fn only_one_exchange_is_read_at_a_time() {
    let mut stage = stage();
    let mut asked = Vec::new();
    for _ in 0..5 {
        asked.extend(update(&mut stage.model, Msg::Key(char_key('j'))));
    }
    assert!(
        matches!(asked[..], [Effect::LoadExchange { row: 1 }]),
        "{asked:?}"
    );
    let loaded = Msg::Source(SourceMsg::Loaded {
        row: 1,
        exchange: Ok(Box::new(stage.exchanges[1].clone())),
    });
    let next = update(&mut stage.model, loaded);
    assert!(
        matches!(next[..], [Effect::LoadExchange { row: 5 }]),
        "{next:?}"
    );
}

#[test]
fn screens_and_overlays_come_and_go() {
    let mut stage = stage();
    stage.press(KeyCode::F(3));
    assert_eq!(stage.model.screen, Screen::Compose);
    stage.press(KeyCode::F(2));
    assert_eq!(stage.model.screen, Screen::Traffic);
    stage.type_text("?");
    assert!(matches!(stage.model.overlay, Some(Overlay::Help(_))));
    stage.press(KeyCode::Esc);
    assert!(stage.model.overlay.is_none());
    stage.press_ctrl('z');
    stage.press_ctrl('l');
    stage.tell(Msg::Resumed);
    stage.tell(Msg::Terminated);
    assert!(matches!(
        stage.effects[..],
        [
            Effect::Suspend,
            Effect::Redraw,
            Effect::Redraw,
            Effect::Quit
        ]
    ));
}

#[test]
fn every_command_has_a_name_and_keys_of_its_own() {
    let mut names = HashSet::new();
    for command in all() {
        assert!(
            names.insert(command.name),
            "{} is there twice",
            command.name
        );
        assert_eq!(named(command.name).unwrap().action, command.action);
        assert!(!command.doc.ends_with('.'), "{}", command.name);
    }
    for (at, a) in all().enumerate() {
        for b in all().skip(at + 1).filter(|b| b.scope == a.scope) {
            let shared = a.keys.iter().find(|key| b.keys.contains(key));
            assert_eq!(shared, None, "{} and {}", a.name, b.name);
        }
    }
    assert_eq!(named("quit").unwrap().action, Action::Quit);
}

#[test]
fn a_million_rows_are_gone_through_without_looking_at_them() {
    // Whoever looked at all rows in every step, or for every frame, would not come to an end here.
    const ROWS: u32 = 1_000_000;
    let mut stage = many(1);
    let mut indexer = Indexer::new(Stores::new());
    let row = exchange(1, 1, b"echo", 200, (0, 5));
    for _ in 0..ROWS {
        indexer.push(&row).unwrap();
    }
    stage.exchanges = vec![row];
    let rows = indexer.index().clone();
    update(&mut stage.model, Msg::Source(SourceMsg::Rows(rows.into())));
    for keys in ["50000G", "G", "99k", "g"] {
        for c in keys.chars() {
            update(&mut stage.model, Msg::Key(char_key(c)));
        }
        let page = KeyEvent::new(KeyCode::PageDown, KeyModifiers::NONE);
        for _ in 0..100 {
            update(&mut stage.model, Msg::Key(page));
            stage.frame();
        }
    }
    assert_eq!(place(&stage), "701/1000000");
}

#[test]
fn the_documentation_has_the_keys_that_there_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("KEYS.md");
    let text = format!(
        "# Keys of petrel-probe's terminal interface\n\nThe same as `?` shows. Every command can also be \
         given by its name: `:` asks for it.\n{}",
        markdown()
    );
    if env::var_os("PETREL_ACCEPT_FRAMES").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        text,
        "PETREL_ACCEPT_FRAMES=1 writes it anew"
    );
}

fn any_key() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        8 => proptest::char::range(' ', '~').prop_map(KeyCode::Char),
        1 => any::<char>().prop_map(KeyCode::Char),
        8 => proptest::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::Left, KeyCode::Right, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home,
            KeyCode::End, KeyCode::Backspace, KeyCode::Delete, KeyCode::F(1), KeyCode::F(2),
            KeyCode::F(3), KeyCode::Insert, KeyCode::Null,
        ]),
    ];
    let modifiers = proptest::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::SHIFT,
        KeyModifiers::ALT,
    ]);
    (code, modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

#[derive(Clone, Debug)]
enum Step {
    Key(KeyEvent),
    Paste(String),
    Resize(u16, u16),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => any_key().prop_map(Step::Key),
        1 => ".{0,40}".prop_map(Step::Paste),
        2 => (0_u16..130, 0_u16..50).prop_map(|(width, height)| Step::Resize(width, height)),
    ]
}

proptest! {
    // Each case is up to sixty frames, and every bit of them is looked at.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_keys_at_any_size_bring_it_down(
        size in (0_u16..300, 0_u16..100),
        steps in proptest::collection::vec(any_step(), 0..60),
    ) {
        let mut stage = Stage::new(size, exchanges());
        for step in steps {
            match step {
                Step::Key(key) => stage.tell(Msg::Key(key)),
                Step::Paste(text) => stage.tell(Msg::Paste(text)),
                Step::Resize(width, height) => stage.tell(Msg::Resize { width, height }),
            }
            let frame = stage.frame();
            let is_control = |symbol: &str| symbol.chars().any(char::is_control);
            prop_assert!(!frame.content().iter().any(|cell| is_control(cell.symbol())));
        }
    }
}
