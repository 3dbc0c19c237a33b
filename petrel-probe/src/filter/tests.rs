//! The language as a whole: what expressions mean, and what is said of wrong ones.

use super::{DEPTH_MAX, Filter, LEN_MAX, Part, Payload, Subject, completions, field::Fact, fields};
use crate::exchange::{
    Exchange, Gap, GapCause, MacState, Note, Side,
    sample::{broken, exchange, login, message},
};
use proptest::prelude::*;
use std::net::SocketAddr;

fn parse(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn assert_holds(exchange: &Exchange, expressions: &[&str]) {
    for text in expressions {
        assert!(parse(text).matches(exchange), "{text}");
    }
}

fn assert_fails(exchange: &Exchange, expressions: &[&str]) {
    for text in expressions {
        assert!(!parse(text).matches(exchange), "{text}");
    }
}

#[test]
fn every_kind_of_field_is_compared() {
    assert_holds(
        &login(),
        &[
            "status == 200",
            "response.status in {400, 199..201}",
            "rtt == 1.5ms && rtt == 1500us && rtt >= 1ms and rtt < 0.0016s",
            "rtt >= 1.5ms && rtt <= 1.5ms && !(rtt < 1.5ms || rtt > 1.5ms)",
            "rtt_us == 1500",
            r#"name == "login" && name == login && name contains 'og'"#,
            "name in {logout, login}",
            "request.payload.len == 15 && payload.len < 8B && payload.len <= 1KiB",
            r#"payload contains tok && request.payload contains "\"token\"""#,
            "payload contains 7b:22",
            "response.payload == welcome",
            "mac == ok && mac == bad && mac != ok && request.mac.key == a.key",
            "response.mac in {bad, nokey}",
            "seq == 7 && conn == 1",
            "client == 10.0.0.1 && client == 10.0.0.1:40000 && client == :40000",
            "server == [::1]:60606 && server == ::1 && server in {1.2.3.4, ::1}",
            "complete && complete == true && request && response == true && rtt",
            "gaps == 0 && !gaps && !notes",
            "request.time == 2026-01-31T12:00:00Z && response.time > 1769860800000000000",
            r#""welcome" && "ogi""#,
            "NOT (status == 400 OR status == 500)",
        ],
    );
    assert_fails(
        &login(),
        &[
            "status != 200",
            "status > 200 || status < 200",
            "response.payload contains tok",
            "name == log",
            "client == 10.0.0.2 || client == 10.0.0.1:1 || client == :1",
            r#""Welcome""#,
            "mac.key == b.key",
            "complete != true",
        ],
    );
}

#[test]
fn what_is_not_there_fulfils_no_comparison() {
    assert_holds(
        &broken(),
        &[
            "!(status == 200)",
            "!response && response == false && request",
            "notes && notes == notice && notes contains unanswered && gaps == 1 && gaps",
            "gaps.len == 3 && gaps.cause == lost && gaps.cause in {limit, lost}",
            "payload.len == 10",
            "payload contains 23 && payload contains 789",
        ],
    );
    assert_fails(
        &broken(),
        &[
            "status == 200 || status != 200 || status < 65535",
            "rtt || rtt >= 0",
            "complete",
            "response.payload == '' || response.payload != ''",
            "payload contains 0123789",
            "payload == 0123456789 || payload != 0123456789",
            "gaps.cause == snap-length",
            "mac.key != x",
        ],
    );
}

#[test]
fn and_binds_closer_than_or() {
    let exchange = login();
    assert_holds(&exchange, &["conn == 1 || conn == 2 && conn == 3"]);
    assert_fails(&exchange, &["(conn == 1 || conn == 2) && conn == 3"]);
    assert_fails(&exchange, &["!conn == 1 || conn == 2"]);
}

#[test]
fn an_error_says_where_and_what_was_meant() {
    for (text, column, part) in [
        ("", 1, "a condition is missing"),
        (
            "  staus == 200",
            3,
            "there is no field `staus`; did you mean `status`?",
        ),
        ("login", 1, "text to look for stands in quotes"),
        (
            "rtt > 50",
            7,
            "rtt is compared with a duration, and `50` is none; write 50ms, 1.5s or 20us",
        ),
        ("rtt > \"50ms\"", 7, "with a duration, not with a string"),
        ("rtt > 0.1ns", 7, "`0.1ns` is none"),
        ("status = 200", 8, "did you mean `==`?"),
        (
            "status contains 2",
            8,
            "compared with == != < <= > >= in, not with `contains`",
        ),
        ("name < x", 6, "== != contains in"),
        ("status == ok", 11, "a number, and `ok` is none"),
        ("mac == okay", 8, "did you mean `ok`?"),
        ("mac == \"okay\"", 8, "a MAC state"),
        ("notes == notise", 10, "did you mean `notice`?"),
        ("status", 7, "status is compared with nothing"),
        ("status ==", 10, "a value is missing; write 400"),
        ("status in 4", 11, "a set is missing"),
        ("status in {4", 13, "the set is not closed"),
        ("status in {4,}", 14, "a value is missing"),
        ("status in {9..4}", 12, "a number"),
        ("status == 4..9", 11, "a number"),
        (
            "(status == 4",
            13,
            "the parenthesis of column 1 is not closed",
        ),
        ("status == 4)", 12, "closes nothing"),
        ("conn == 1 seq == 2", 11, "the expression is over here"),
        ("conn == 1 & seq == 2", 11, "did you mean `&&`?"),
        ("conn == 1 | seq == 2", 11, "did you mean `||`?"),
        ("conn == 1 &&", 13, "a condition is missing"),
        ("name == \"é", 9, "not closed"),
        ("name == \"é\\q\"", 11, "this escape is not known"),
        ("name == \"é\\xg0\"", 11, "this escape is not known"),
        ("name == \"é\\u{d800}\"", 11, "this escape is not known"),
        ("name == é && staus == 1", 14, "did you mean `status`?"),
        ("client == localhost", 11, "an address"),
        ("seq == 18446744073709551616", 8, "a number"),
        ("payload.len > 99999999999999GB", 15, "a size"),
    ] {
        let error = Filter::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
}

#[test]
fn a_caret_stands_under_the_place() {
    let text = "name == \"\u{1b}\" && staus > 1";
    let shown = Filter::parse(text).unwrap_err().pointed(text);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], r#"name == "\u{1b}" && staus > 1"#);
    assert_eq!(lines[1].find('^'), lines[0].find("staus"));
    assert_eq!(
        lines[2],
        "there is no field `staus`; did you mean `status`?"
    );
}

#[test]
fn length_and_depth_are_bounded() {
    let levels = |count: u32| {
        format!(
            "{0}conn == 1{1}",
            "(".repeat(count as usize),
            ")".repeat(count as usize)
        )
    };
    assert!(Filter::parse(&levels(DEPTH_MAX)).is_ok());
    let error = Filter::parse(&levels(DEPTH_MAX + 1)).unwrap_err();
    assert!(error.message.contains("nested too deeply"), "{error}");
    assert!(Filter::parse(&"!".repeat(LEN_MAX)).is_err());
    let error = Filter::parse(&" ".repeat(LEN_MAX + 1)).unwrap_err();
    assert!(error.message.contains("4096 are allowed"), "{error}");
    let long = vec!["seq == 1"; 300].join(" && ");
    assert_eq!(parse(&long).to_string(), long);
}

#[test]
fn the_canonical_form_reads_back() {
    for (text, canonical) in [
        ("(a_) || b", None),
        (
            "((conn==1)) and not (seq!=2 or rtt)",
            Some("conn == 1 && !(seq != 2 || rtt)"),
        ),
        ("not not complete", Some("complete")),
        (r"name=='a\x00\u{1b}'", Some(r#"name == "a\0\u{1b}""#)),
        ("rtt in {0.0015s,2s..3s}", Some("rtt in {1500us, 2s..3s}")),
        ("payload.len > 4096", Some("payload.len > 4KiB")),
        (
            "client in {:80,[::1]:80,1.2.3.4}",
            Some("client in {:80, [::1]:80, 1.2.3.4}"),
        ),
        (
            "'x' && payload contains 7b:22",
            Some(r#""x" && payload contains "{\"""#),
        ),
        ("rtt > 0", Some("rtt > 0ns")),
    ] {
        let filter = Filter::parse(text).ok().map(|filter| filter.to_string());
        assert_eq!(filter.as_deref(), canonical, "{text}");
    }
}

/// An exchange whose payloads are elsewhere.
struct Row(Exchange);

impl Subject for Row {
    fn connection(&self) -> u32 {
        self.0.connection
    }
    fn sequence(&self) -> u32 {
        self.0.sequence()
    }
    fn client(&self) -> SocketAddr {
        self.0.client
    }
    fn server(&self) -> SocketAddr {
        self.0.server
    }
    fn name(&self) -> &[u8] {
        self.0.name()
    }
    fn rtt_ns(&self) -> Option<u64> {
        self.0.rtt_ns()
    }
    fn is_complete(&self) -> bool {
        self.0.is_complete()
    }
    fn part(&self, side: Side) -> Option<Part<'_>> {
        self.0.part(side)
    }
    fn notes(&self) -> &[Note] {
        &self.0.notes
    }
    fn each_gap(&self, see: &mut dyn FnMut(Side, Gap)) {
        self.0.each_gap(see);
    }
    fn payload(&self, _: Side) -> Option<Payload<'_>> {
        None
    }
}

#[test]
fn payloads_are_asked_for_only_where_they_decide() {
    let row = Row(login());
    for (text, known) in [
        ("payload contains tok", None),
        ("!(payload contains tok)", None),
        ("status == 400 && payload contains tok", Some(false)),
        ("status == 200 && payload contains tok", None),
        ("status == 200 || payload contains tok", Some(true)),
        ("payload contains tok || status == 400", None),
        (r#""login""#, Some(true)),
        (r#""tok""#, None),
    ] {
        assert_eq!(parse(text).judge(&row), known, "{text}");
        assert!(parse(text).needs_payload(), "{text}");
    }
    let unanswered = Row(exchange(Some(message(0, b"x", b"y", 0)), None));
    assert_eq!(
        parse("response.payload == ''").judge(&unanswered),
        Some(false)
    );
    assert!(!parse("payload.len > 1 && name == x").needs_payload());
}

#[test]
fn fields_are_unique_and_completed() {
    let found: Vec<_> = completions("request.mac").collect();
    assert_eq!(
        found,
        ["request.mac", "request.mac.state", "request.mac.key"]
    );
    assert_eq!(completions("stat").collect::<Vec<_>>(), ["status"]);
    for field in fields() {
        assert_eq!(completions(field.name).next(), Some(field.name));
        assert!(field.fact != Fact::Anywhere && !field.doc.is_empty());
    }
}

#[test]
fn words_are_those_of_the_json() {
    let states = [
        MacState::None,
        MacState::Ok("k".into()),
        MacState::Bad,
        MacState::NoKey,
        MacState::Unchecked,
    ];
    assert_eq!(states.each_ref().map(MacState::as_str), MacState::WORDS);
    let causes = [
        GapCause::Lost,
        GapCause::Unacknowledged,
        GapCause::SnapLength,
        GapCause::OverLimit,
        GapCause::Limit,
        GapCause::ConnectionEnded,
        GapCause::CaptureEnded,
    ];
    assert_eq!(causes.map(GapCause::as_str), GapCause::WORDS);
    for note in broken().notes {
        assert!(Note::KINDS.contains(&note.kind()));
    }
}

/// Words that make up expressions, right and wrong.
fn expression() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => prop::sample::select(vec!["&&", "||", "!", "(", ")", "in", "{", "}", ",", "==", "<", "contains", "!="]),
        4 => prop::sample::select(fields().iter().map(|field| field.name).collect::<Vec<_>>()),
        4 => prop::sample::select(vec!["200", "5ms", "1.5s", "4KiB", "ok", "lost", "notice", "true", "::1", ":80", "7b:22", "1..2", "'a\\xff'", "\"\\u{1b}\""]),
    ];
    let conditions = prop::sample::select(vec![
        "status >= 400",
        "rtt in {1ms..2ms, 7ns}",
        "mac != ok",
        "name contains 'x\\\\'",
        "complete",
        "payload contains 7b:22",
        "client == 1.2.3.4:5",
        "gaps.cause in {lost}",
    ]);
    let tree = conditions
        .prop_map(str::to_owned)
        .prop_recursive(6, 40, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || {b}")),
                inner.prop_map(|a| format!("not({a})")),
            ]
        });
    prop_oneof![
        prop::collection::vec(word, 0..20).prop_map(|words| words.join(" ")),
        tree,
        ".{0,40}",
    ]
}

proptest! {
    #[test]
    fn whatever_reads_is_shown_so_that_it_reads_the_same(text in expression()) {
        match Filter::parse(&text) {
            Ok(filter) => {
                let shown = filter.to_string();
                let again = Filter::parse(&shown);
                prop_assert_eq!(again.as_ref(), Ok(&filter), "{}", shown);
                for exchange in [login(), broken()] {
                    let answer = filter.matches(&exchange);
                    if let Some(known) = filter.judge(&Row(exchange)) {
                        prop_assert_eq!(known, answer);
                    }
                }
            }
            Err(error) => {
                prop_assert!(error.column >= 1 && error.column <= text.chars().count() + 1);
                prop_assert_eq!(error.pointed(&text).lines().count(), 3);
            }
        }
    }
}
