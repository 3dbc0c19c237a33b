//! What is sent, and what comes of it.

use super::*;
use crate::{
    talk::{Mac, Request},
    tui::{
        commands::Motion,
        compose::{Entry, Order, fields::Field, state::Shown},
    },
};

fn order(effects: &[Effect]) -> &Order {
    match effects.first() {
        Some(Effect::Send(order)) => order,
        other => panic!("{other:?}"),
    }
}

fn complaint(compose: &Compose) -> &str {
    let said = compose.said.as_ref().unwrap();
    assert!(said.is_wrong);
    &said.text
}

#[test]
fn it_connects_where_it_is_opened() {
    let mut compose = Compose::new(&setup());
    let effects = update(&mut compose, Msg::Begin);
    let route = Route {
        target: "127.0.0.1:60606".parse().unwrap(),
        key: Some(0),
    };
    assert!(is_to(&effects, &route));
    assert!(update(&mut Compose::new(&Setup::default()), Msg::Begin).is_empty());
}

#[test]
fn what_was_typed_is_sent() {
    let mut compose = busy();
    compose.repeat.set("3");
    compose.timeout.set("1500ms");
    let effects = perform(&mut compose, Action::Send);
    let expected = Order {
        route: compose.route().ok().unwrap(),
        request: Request::new("user.get", "{\"id\": 17}"),
        timeout: Duration::from_millis(1_500),
        repeat: 3,
    };
    assert_eq!(*order(&effects), expected);
    let entry = Entry {
        target: "127.0.0.1:60606".into(),
        name: "user.get".into(),
    };
    assert!(matches!(&effects[1..], [Effect::Remember(kept)] if *kept == entry));
    // While it is under way nothing else is sent, and Esc stops it.
    assert!(perform(&mut compose, Action::Send).is_empty());
    assert!(complaint(&compose).contains("under way"));
    assert!(matches!(
        update(&mut compose, Msg::Back)[..],
        [Effect::Stop]
    ));
    update(&mut compose, Msg::Finished);
    // The same again is no news for the history.
    assert_eq!(perform(&mut compose, Action::Send).len(), 1);
}

#[test]
fn without_a_key_nothing_is_signed() {
    let mut compose = busy();
    perform(&mut compose, Action::Mac);
    let effects = perform(&mut compose, Action::Send);
    let order = order(&effects);
    assert_eq!((order.route.key, order.request.mac), (None, Mac::Strip));
}

#[test]
fn what_cannot_be_sent_is_told_where_it_is() {
    for (field, text, expected) in [
        (Field::Target, "localhost", "host:port"),
        (Field::Name, &*"n".repeat(256), "256 bytes"),
        (Field::Payload, "{", "no JSON"),
        (Field::Timeout, "10", "timeout"),
        (Field::Timeout, "0", "30s"),
        (Field::Repeat, "0", "from 1 to"),
        (Field::Repeat, "10001", "from 1 to"),
    ] {
        let mut compose = busy();
        compose.focus(field);
        if let Some(input) = compose.input() {
            input.set(text);
        } else {
            enter_text(&mut compose, text);
        }
        assert!(perform(&mut compose, Action::Send).is_empty());
        assert!(
            complaint(&compose).contains(expected),
            "{}",
            complaint(&compose)
        );
        assert_eq!(compose.field, field);
    }
}

#[test]
fn a_file_is_read_when_it_is_sent() {
    let mut compose = busy();
    perform(&mut compose, Action::PayloadForm);
    perform(&mut compose, Action::PayloadForm);
    assert!(perform(&mut compose, Action::Send).is_empty());
    assert!(complaint(&compose).contains("path"));
    enter_text(&mut compose, "body.json");
    let effects = perform(&mut compose, Action::Send);
    let [Effect::ReadFile { path, generation }] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(path.to_str(), Some("body.json"));
    // An answer to an earlier question means nothing.
    let stale = Msg::FileRead {
        generation: generation - 1,
        bytes: Ok(b"stale".to_vec()),
    };
    assert!(update(&mut compose, stale).is_empty());
    let bytes = Ok(b"from a file".to_vec());
    let effects = update(
        &mut compose,
        Msg::FileRead {
            generation: *generation,
            bytes,
        },
    );
    assert_eq!(order(&effects).request.payload, b"from a file");
    update(&mut compose, Msg::Finished);
    // Looked at without being sent, it says how long it is.
    let effects = next(&mut compose);
    let [Effect::ReadFile { generation, .. }] = effects[..] else {
        panic!("{effects:?}");
    };
    let bytes = Err("body.json: gone".to_owned());
    assert!(update(&mut compose, Msg::FileRead { generation, bytes }).is_empty());
    assert!(drawn(&compose, (80, 24)).contains("body.json: gone"));
}

#[test]
fn answers_come_into_the_traffic_and_the_latest_is_looked_at() {
    let mut compose = busy();
    assert_eq!(compose.answers.selected().unwrap().number, 2);
    compose.focus(Field::Answers);
    update(&mut compose, Msg::Move(Motion::Down, None));
    assert_eq!(compose.answers.selected().unwrap().number, 1);
    answered(&mut compose, exchange("user.get", "", 500, b""));
    assert_eq!(compose.answers.selected().unwrap().number, 1);
    update(&mut compose, Msg::Move(Motion::First, None));
    assert_eq!(compose.answers.selected().unwrap().number, 3);
    update(&mut compose, Msg::Move(Motion::Last, Some(2)));
    assert_eq!(compose.answers.selected().unwrap().number, 2);
}

#[test]
fn a_failure_is_an_answer_too() {
    let mut compose = busy();
    let mut failed = exchange("user.get", "", 200, b"");
    failed.response = None;
    let why = "no answer within 1s".to_owned();
    let effects = update(
        &mut compose,
        Msg::Failed {
            why,
            exchange: Some(failed),
        },
    );
    assert!(matches!(effects[..], [Effect::Append(_)]));
    assert!(drawn(&compose, (120, 40)).contains("no answer within 1s"));
    update(&mut compose, Msg::Lost("no answer within 1s".into()));
    assert!(drawn(&compose, (120, 40)).contains("connection lost: no answer within 1s"));
}

#[test]
fn of_many_answers_the_latest_are_kept() {
    let mut compose = busy();
    for _ in 0..1_100 {
        answered(&mut compose, exchange("n", "", 200, b"x"));
    }
    assert_eq!(compose.answers.len(), 1_000);
    let long = vec![0; 40 << 20];
    answered(&mut compose, exchange("n", "", 200, &long));
    answered(&mut compose, exchange("n", "", 200, &long));
    assert_eq!(compose.answers.len(), 1);
    assert_eq!(compose.answers.selected().unwrap().number, 1_104);
}

#[test]
fn an_answer_is_compared_with_the_one_before_or_with_the_base() {
    let mut compose = busy();
    perform(&mut compose, Action::Compare);
    assert_eq!(compose.shown, Shown::Difference);
    let text = drawn(&compose, (120, 40));
    assert!(text.contains("#2 against #1"), "{text}");
    assert!(text.contains("-  \"name\": \"Ada\",\n"), "{text}");
    assert!(text.contains("+  \"name\": \"Ada Lovelace\",\n"), "{text}");
    perform(&mut compose, Action::Base);
    answered(&mut compose, exchange("other", "", 400, b"{\"id\":17}"));
    let text = drawn(&compose, (120, 40));
    assert!(text.contains("#3 against #2"), "{text}");
    assert!(text.contains("-status 200 success\n"), "{text}");
    update(&mut compose, Msg::Back);
    assert_eq!(compose.shown, Shown::Answer);
}

#[test]
fn what_is_equal_and_what_is_too_long_is_said() {
    let mut compose = Compose::new(&setup());
    perform(&mut compose, Action::Compare);
    assert_eq!(compose.shown, Shown::Answer);
    answered(&mut compose, exchange("n", "", 200, b"{\"a\":1}"));
    answered(&mut compose, exchange("n", "", 200, b"{\"a\":1}"));
    perform(&mut compose, Action::Compare);
    assert!(drawn(&compose, (120, 40)).contains("the payload is that of #1"));
    answered(&mut compose, exchange("n", "", 200, b"{\"a\": 1}"));
    assert!(drawn(&compose, (120, 40)).contains("only what lies between the values"));
    answered(&mut compose, exchange("n", "", 200, &vec![b'{'; 300_000]));
    assert!(drawn(&compose, (220, 40)).contains("the first difference is at byte 1"));
}

#[test]
fn the_command_is_copied_and_shown() {
    let mut compose = busy();
    let command =
        r#"petrel-probe send --hmac-key-file ops.key -d '{"id": 17}' 127.0.0.1:60606 user.get"#;
    let effects = perform(&mut compose, Action::CopyCommand);
    assert!(matches!(&effects[..], [Effect::Copy(copied)] if copied == command));
    assert!(drawn(&compose, (220, 40)).contains(command));
    update(&mut compose, Msg::Back);
    compose.focus(Field::Answer);
    let effects = update(&mut compose, Msg::Copy);
    let answer = r#"{"id":17,"name":"Ada Lovelace","groups":["ops"]}"#;
    assert!(matches!(&effects[..], [Effect::Copy(copied)] if copied == answer));
    answered(&mut compose, exchange("n", "", 200, b"\0\xff"));
    let effects = update(&mut compose, Msg::Copy);
    assert!(matches!(&effects[..], [Effect::Copy(copied)] if copied == "00 ff"));
}
