//! Frames as text, and what of them only styles say.

use super::samples::{Stage, exchanges};
use crate::totals::Ending;
use crossterm::event::KeyCode;
use ratatui::{
    layout::Position,
    style::{Color, Modifier},
};
use std::{env, fs, path::Path};

/// Set to anything, the frames of now become the expected ones.
const ACCEPT: &str = "PETREL_ACCEPT_FRAMES";

const SIZES: [(u16, u16); 4] = [(20, 5), (60, 15), (80, 24), (120, 40)];

fn compare(name: &str, stage: &Stage) {
    let text = stage.text();
    let size = stage.model.size;
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/tui/snapshots")
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

fn stage(size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(size, exchanges());
    stage.done(Ending::Truncated { at: 99 });
    stage
}

#[test]
fn traffic_at_every_size() {
    for size in SIZES {
        let mut stage = stage(size);
        stage.type_text("jjm");
        compare("traffic", &stage);
    }
}

#[test]
fn an_expression_says_while_it_is_typed_what_is_wrong_with_it() {
    for size in SIZES {
        let mut stage = stage(size);
        stage.type_text("/seq > 1 && stauts >= 400");
        compare("filter-wrong", &stage);
    }
}

#[test]
fn a_filter_narrows_the_table() {
    for size in SIZES {
        let mut stage = stage(size);
        stage.type_text("/status >= 400");
        stage.press(KeyCode::Enter);
        compare("filtered", &stage);
    }
}

#[test]
fn help_and_palette_lie_over_the_screen() {
    for size in SIZES {
        let mut stage = stage(size);
        stage.type_text("?");
        compare("help", &stage);
        stage.type_text("?:sea");
        compare("palette", &stage);
    }
}

#[test]
fn without_anything_to_show_the_screen_says_so() {
    let mut stage = Stage::new((80, 24), Vec::new());
    assert!(stage.text().contains("nothing yet"), "{}", stage.text());
    stage.done(Ending::Complete);
    assert!(
        stage
            .text()
            .contains("no exchanges of Petrel in this capture")
    );
}

#[test]
fn the_selection_is_visible_with_and_without_colours() {
    for is_colored in [true, false] {
        let mut stage = stage((80, 24));
        stage.model.look.is_colored = is_colored;
        stage.press(KeyCode::Down);
        let frame = stage.frame();
        let reversed: Vec<u16> = (2..10)
            .filter(|y| {
                let cell = frame.cell(Position::new(5, *y)).unwrap();
                cell.modifier.contains(Modifier::REVERSED)
            })
            .collect();
        assert_eq!(reversed, [4]);
        assert_eq!(frame.cell(Position::new(0, 4)).unwrap().symbol(), "▶");
        let has_color = frame
            .content()
            .iter()
            .any(|cell| !matches!((cell.fg, cell.bg), (Color::Reset, Color::Reset)));
        assert_eq!(has_color, is_colored);
    }
}

#[test]
fn in_ascii_nothing_else_is_drawn() {
    for size in SIZES {
        let mut stage = stage(size);
        stage.model.look.is_ascii = true;
        for keys in ["m", "?", "?:", ""] {
            stage.type_text(keys);
            let text = stage.text();
            assert!(text.is_ascii(), "{text}");
        }
        stage.press(KeyCode::Esc);
        stage.type_text("/x ==");
        assert!(stage.text().is_ascii(), "{}", stage.text());
    }
}

#[test]
fn nothing_of_the_wire_acts_on_the_terminal() {
    let stage = stage((120, 40));
    let text = stage.text();
    assert!(text.contains(r"naïve\u{1b}[31m"), "{text}");
    let is_plain =
        |c: char| c == '\n' || !(c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    assert!(text.chars().all(is_plain), "{text:?}");
}

#[test]
fn a_screen_that_is_too_small_says_so() {
    for size in [(0, 0), (1, 1), (19, 40), (200, 4)] {
        let mut stage = stage((80, 24));
        stage.resize(size);
        let text = stage.text();
        assert!(
            text.is_empty()
                || "too small: 20x5…".contains(text.trim())
                || text.starts_with("too small"),
            "{text}"
        );
    }
}
