//! What is typed, and what becomes of it.

use super::*;
use crate::tui::compose::{Entry, fields::Field, payload::Kind};

fn entry(name: &str) -> Entry {
    Entry {
        target: "h:1".into(),
        name: name.into(),
    }
}

#[test]
fn names_are_completed_with_those_that_were_sent_before_those_that_were_seen() {
    let mut compose = Compose::new(&setup());
    update(
        &mut compose,
        Msg::Names(vec!["user.del".into(), "user.get".into()]),
    );
    update(
        &mut compose,
        Msg::Remembered(vec![entry("user.get"), entry("user.put")]),
    );
    enter_text(&mut compose, "user.");
    assert_eq!(
        compose.completion.choices(),
        ["user.put", "user.get", "user.del"]
    );
    press(&mut compose, KeyCode::Down);
    press(&mut compose, KeyCode::Down);
    press(&mut compose, KeyCode::Enter);
    assert_eq!(compose.name.text(), "user.get");
    // What was typed is never replaced without being asked.
    press(&mut compose, KeyCode::Backspace);
    assert!(!compose.completion.is_empty());
    next(&mut compose);
    assert_eq!(compose.name.text(), "user.ge");
    assert_eq!(compose.field, Field::Form);
}

#[test]
fn down_in_an_empty_name_offers_all_and_escape_takes_it_away() {
    let mut compose = Compose::new(&setup());
    update(&mut compose, Msg::Remembered(vec![entry("a"), entry("b")]));
    press(&mut compose, KeyCode::Down);
    assert_eq!(compose.completion.choices(), ["b", "a"]);
    update(&mut compose, Msg::Back);
    assert!(compose.completion.is_empty() && compose.is_typing());
    update(&mut compose, Msg::Back);
    assert!(!compose.is_typing());
}

#[test]
fn a_payload_keeps_its_bytes_from_form_to_form() {
    let mut compose = Compose::new(&setup());
    compose.focus(Field::Payload);
    enter_text(&mut compose, "{\"a\":\n1}");
    let kinds = [Kind::Json, Kind::Hex, Kind::File, Kind::Text];
    for kind in kinds {
        perform(&mut compose, Action::PayloadForm);
        assert_eq!(compose.payload.kind(), kind);
        if kind != Kind::File {
            assert_eq!(compose.payload.bytes().unwrap(), b"{\"a\":\n1}", "{kind:?}");
        }
    }
    assert_eq!(compose.payload.editor().lines(), ["{\"a\":", "1}"]);
}

#[test]
fn hexadecimal_digits_are_judged_while_they_are_typed() {
    let mut compose = Compose::new(&setup());
    compose.focus(Field::Payload);
    perform(&mut compose, Action::PayloadForm);
    perform(&mut compose, Action::PayloadForm);
    enter_text(&mut compose, "00 fF\n7");
    assert_eq!(
        compose.payload.judged(),
        Err("an odd number of digits: two make a byte")
    );
    enter_text(&mut compose, "b");
    assert_eq!(compose.payload.bytes().unwrap(), [0, 0xff, 0x7b]);
    assert_eq!(compose.payload.judged(), Ok(3));
    enter_text(&mut compose, "x");
    let wrong = compose.payload.judged().unwrap_err();
    assert_eq!(wrong, "'x' at line 2 column 3 is no hexadecimal digit");
}

#[test]
fn json_is_laid_out_and_what_is_none_is_told() {
    let mut compose = Compose::new(&setup());
    compose.focus(Field::Payload);
    perform(&mut compose, Action::Tidy);
    assert!(compose.said.take().unwrap().is_wrong);
    perform(&mut compose, Action::PayloadForm);
    update(&mut compose, Msg::Paste("{\"a\":[1]".into()));
    assert!(
        compose
            .payload
            .judged()
            .unwrap_err()
            .starts_with("no JSON: EOF")
    );
    enter_text(&mut compose, "}");
    perform(&mut compose, Action::Tidy);
    assert_eq!(
        compose.payload.editor().lines(),
        ["{", "  \"a\": [", "    1", "  ]", "}"]
    );
    assert!(compose.said.is_none());
}

#[test]
fn what_the_editor_does_not_show_is_told() {
    let mut compose = Compose::new(&setup());
    compose.focus(Field::Payload);
    update(&mut compose, Msg::Paste("a\nb\u{1b}".into()));
    assert_eq!(compose.payload.unseen(), Some(('\u{1b}', 2)));
    let text = drawn(&compose, (80, 24));
    assert!(text.contains("U+001B in line 2 is not shown"), "{text}");
    assert_eq!(compose.payload.bytes().unwrap(), b"a\nb\x1b");
}

#[test]
fn more_than_can_be_typed_is_refused_and_nothing_is_lost() {
    let mut compose = Compose::new(&setup());
    compose.focus(Field::Payload);
    enter_text(&mut compose, "before");
    for long in [
        "x".repeat(20_000),
        "\n".repeat(40_000),
        "xy\n".repeat(1 << 20),
    ] {
        update(&mut compose, Msg::Paste(long));
        assert!(compose.said.take().unwrap().is_wrong);
        assert_eq!(compose.payload.bytes().unwrap(), b"before");
    }
}

#[test]
fn a_request_can_be_taken_up_again() {
    let mut compose = busy();
    answered(&mut compose, exchange("other", "text", 400, b""));
    perform(&mut compose, Action::Recall);
    assert_eq!(compose.name.text(), "other");
    assert_eq!(compose.payload.kind(), Kind::Text);
    assert_eq!(compose.payload.bytes().unwrap(), b"text");
    for (payload, kind) in [
        ("[1]", Kind::Json),
        ("a\r\nb", Kind::Hex),
        ("\u{1b}", Kind::Hex),
        ("naïve", Kind::Text),
    ] {
        compose.edit(&exchange("n", payload, 200, b""));
        assert_eq!(compose.payload.kind(), kind, "{payload:?}");
        assert_eq!(compose.payload.bytes().unwrap(), payload.as_bytes());
    }
    // What cannot be typed leaves nothing of the request before, and nothing to be sent by mistake.
    let long = "x".repeat(2 << 20);
    compose.edit(&exchange("long", &long, 200, b""));
    assert_eq!(compose.name.text(), "long");
    assert_eq!(compose.payload.kind(), Kind::File);
    assert!(compose.payload.bytes().is_err());
}

#[test]
fn the_keys_go_around_all_fields() {
    let mut compose = busy();
    let first = compose.field;
    for is_forward in [true, false] {
        for _ in 0..Field::ALL.len() {
            update(&mut compose, Msg::Focus { is_forward });
        }
        assert_eq!(compose.field, first);
    }
    // Without keys there is nothing to choose, and without answers nothing to select.
    let mut compose = Compose::new(&Setup::default());
    for _ in 0..Field::ALL.len() - 2 {
        assert!(!matches!(compose.field, Field::Mac | Field::Answers));
        next(&mut compose);
    }
    assert_eq!(compose.field, Field::Target);
}

#[test]
fn half_a_page_means_what_it_means_on_a_shell_while_text_is_typed() {
    let mut compose = Compose::new(&setup());
    enter_text(&mut compose, "name");
    update(
        &mut compose,
        Msg::Move(crate::tui::commands::Motion::HalfPageUp, None),
    );
    assert_eq!(compose.name.text(), "");
}
