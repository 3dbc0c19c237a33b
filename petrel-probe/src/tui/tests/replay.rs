//! Requests sent again: what is asked before, and what is shown of it.

use super::{
    super::{
        effect::Effect,
        message::Msg,
        model::Overlay,
        replay::{self, Plan, What},
    },
    samples::{Stage, exchanges},
};
use crate::replay::{Outcome, Verdict};
use crossterm::event::KeyCode;

/// The replay of the selected exchange, its target confirmed.
fn asked(keys: &str) -> Stage {
    let mut stage = Stage::new((100, 24), exchanges());
    stage.type_text(keys);
    stage.press(KeyCode::Enter);
    stage
}

fn plan(is_local: bool, requests: u64) -> Msg {
    Msg::Replay(replay::Msg::Planned {
        generation: 1,
        plan: Ok(Plan {
            target: "10.0.0.9:60606".to_owned(),
            is_local,
            requests,
            names: vec![("user.update".to_owned(), requests)],
            skipped: vec!["1 protocol checks".to_owned()],
        }),
    })
}

fn only_effect(stage: &mut Stage) -> replay::Effect {
    match stage.effects.pop() {
        Some(Effect::Replay(effect)) if stage.effects.is_empty() => effect,
        other => panic!("{other:?} and {:?}", stage.effects),
    }
}

#[test]
fn the_recorded_server_is_offered_and_another_can_be_typed() {
    let mut stage = asked("4Gr");
    let replay::Effect::Plan { what, target, .. } = only_effect(&mut stage) else {
        panic!("no plan is asked for");
    };
    assert_eq!(what, What::Exchange(3));
    assert_eq!(target.to_string(), "10.0.0.9:60606");
    let mut stage = Stage::new((100, 24), exchanges());
    stage.type_text("4GR");
    stage.press_ctrl('u');
    stage.type_text("nowhere");
    stage.press(KeyCode::Enter);
    assert!(stage.effects.is_empty());
    assert!(stage.text().contains("nowhere"), "{}", stage.text());
    stage.press_ctrl('u');
    stage.type_text("embedded");
    stage.press(KeyCode::Enter);
    let replay::Effect::Plan { what, target, .. } = only_effect(&mut stage) else {
        panic!("no plan is asked for");
    };
    assert_eq!(what, What::Connection(1));
    assert_eq!(target.to_string(), "embedded");
}

#[test]
fn nothing_is_sent_to_another_machine_without_a_yes() {
    let mut stage = asked("4Gr");
    stage.effects.clear();
    stage.tell(plan(false, 2));
    let text = stage.text();
    assert!(
        text.contains("10.0.0.9:60606 is not this machine"),
        "{text}"
    );
    assert!(text.contains("2  user.update"), "{text}");
    for code in [KeyCode::Enter, KeyCode::Char('n'), KeyCode::Char('j')] {
        stage.press(code);
        assert!(stage.effects.is_empty(), "{:?}", stage.effects);
    }
    stage.press(KeyCode::Char('y'));
    assert!(matches!(only_effect(&mut stage), replay::Effect::Run));
}

#[test]
fn to_this_machine_it_is_sent_at_once_and_leaving_it_stops_it() {
    let mut stage = asked("4Gr");
    stage.effects.clear();
    stage.tell(plan(true, 1));
    assert!(matches!(only_effect(&mut stage), replay::Effect::Run));
    stage.press(KeyCode::Esc);
    assert!(matches!(only_effect(&mut stage), replay::Effect::Stop));
    assert!(stage.model.overlay.is_none());
    stage.tell(plan(true, 1));
    assert!(stage.effects.is_empty(), "it is no longer wanted");
}

#[test]
fn where_nothing_can_be_sent_it_says_why() {
    let mut stage = asked("1Gr");
    stage.effects.clear();
    stage.tell(plan(true, 0));
    assert!(stage.effects.is_empty());
    assert!(stage.text().contains("nothing to send: 1 protocol checks"));
}

#[test]
fn what_is_different_is_shown() {
    let mut stage = asked("4Gr");
    stage.tell(plan(true, 1));
    let recorded = Box::new(stage.exchanges[3].clone());
    let mut now = recorded.clone();
    let answer = now.response.as_mut().unwrap();
    let end = answer.bytes.len();
    answer.bytes[end - 5..end - 1].copy_from_slice(b"null");
    answer.header.status.0 = 200;
    let outcome = |generation| {
        Msg::Replay(replay::Msg::Outcome {
            generation,
            outcome: Box::new(Outcome {
                recorded: recorded.clone(),
                now: Some(now.clone()),
                verdict: Verdict::Status,
                in_part: false,
                error: None,
            }),
        })
    };
    stage.tell(outcome(0));
    assert!(stage.text().contains("0 of 1 request"), "{}", stage.text());
    stage.tell(outcome(1));
    stage.tell(Msg::Replay(replay::Msg::Over {
        generation: 1,
        failure: None,
    }));
    let text = stage.text();
    for part in ["different", "status 1", "402 -> 200", "- ", "null"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    stage.press(KeyCode::Char('q'));
    assert!(stage.model.overlay.is_none());
    assert!(
        !stage
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Quit))
    );
}

#[test]
fn a_replay_is_drawn_at_any_size() {
    for size in [(20, 5), (40, 8), (60, 15), (300, 100)] {
        let mut stage = asked("4Gr");
        stage.resize(size);
        stage.text();
        stage.tell(plan(false, 3));
        stage.text();
        stage.press(KeyCode::Char('y'));
        stage.text();
        assert!(matches!(stage.model.overlay, Some(Overlay::Replay(_))));
    }
}
