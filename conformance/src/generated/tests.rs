//! The model under test: it makes only what SPEC.md allows, and the reference server keeps to it.

use super::{
    Generated, Known,
    case_file::{Head, content},
    conversation::{Ask, Conversation, End, Refusal},
    model, run,
    strategies::conversations,
};
use crate::{
    bench::Running,
    case::{Case, Offers},
    corpus,
    frame::Key,
    plan::{self, Facts},
    run::{About, Options},
    segmentation::Segmentation,
    target::{Address, LIMIT_DEFAULT, Server, Target},
    verdict::{Variant, Verdict},
};
use petrel::wire::MacKey;
use petrel_cli::{Embedded, EmbeddedConfig};
use proptest::strategy::{Strategy, ValueTree};
use std::{collections::BTreeSet, time::Duration};

const KEY: &[u8] = b"a key for tests";
/// A machine under load is no peer that hangs.
const GENEROUS: Duration = Duration::from_secs(30);

fn facts(offers: Offers, ours: bool) -> Facts<'static> {
    Facts {
        offers,
        echo: "echo",
        ours,
        hostile: true,
        is_declared: true,
        limit: LIMIT_DEFAULT,
        tls: false,
    }
}

/// Servers that differ in everything that the strategies ask about.
fn all_facts() -> Vec<Facts<'static>> {
    let plain = facts(Offers::Fixtures, false);
    vec![
        facts(Offers::Blind, false),
        facts(Offers::Echo, false),
        plain,
        facts(Offers::Fixtures, true),
        Facts {
            hostile: false,
            tls: true,
            ..plain
        },
        Facts { limit: 64, ..plain },
        Facts {
            limit: u32::MAX,
            ..plain
        },
    ]
}

/// The first conversations of seed 1, each with its case file.
fn made(known: &Known, count: usize) -> Vec<(Conversation, String)> {
    let strategy = conversations(known, &Segmentation::ALL);
    let mut runner = Generated { count: 1, seed: 1 }.runner();
    let head = Head {
        id: "GEN-1",
        title: "A title",
        clause: "P-029",
        remarks: &[],
    };
    let mut next = || {
        let tree = strategy.new_tree(&mut runner).expect("a conversation");
        let conversation = tree.current();
        let text = model::script(&conversation, known).text(head);
        (conversation, text)
    };
    (0..count).map(|_| next()).collect()
}

fn loaded(text: &str) -> Case {
    let cases = corpus::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let [case] = <[Case; 1]>::try_from(cases).expect("one case");
    case
}

#[test]
fn only_what_the_server_can_be_sent_is_made() {
    for facts in all_facts() {
        for signed in [false, true] {
            let known = Known::new(facts, signed);
            for (conversation, text) in made(&known, 150) {
                let case = loaded(&text);
                assert_eq!(plan::missing(&case, facts), None, "{facts:?}\n{text}");
                assert!(facts.ours || case.has_positive_control(), "{text}");
                assert!(
                    !case.is_hostile() || case.ends_with_fresh_connection(),
                    "{text}"
                );
                assert!(!case.can_warn(), "{text}");
                assert!((1..=40).contains(&conversation.requests.len()), "{text}");
                let is_half_closed = text.contains("shutdown_write");
                assert!(known.half_closes || !is_half_closed, "{text}");
                let is_bad_mac = matches!(
                    conversation.end,
                    End::Refused {
                        refusal: Refusal::BadMac(_),
                        ..
                    }
                );
                assert!(signed || !is_bad_mac, "{text}");
                names_are_foreign(&conversation);
            }
        }
    }
}

/// A name for which the model expects 400 has to be one that nobody registers.
fn names_are_foreign(conversation: &Conversation) {
    for request in &conversation.requests {
        let Ask::Unknown(name, _) = &request.ask else {
            continue;
        };
        let name = name.bytes();
        assert!((1..=255).contains(&name.len()), "{name:?}");
        let fixtures = ["echo", "null", "size", "sleep", "status", "fail", "panic"];
        let others = fixtures.iter().map(|name| name.as_bytes());
        let mut taken = others.chain([&b"PROTOCHECK"[..]]);
        assert!(!taken.any(|taken| taken == name), "{name:?}");
    }
}

#[test]
fn every_clause_that_a_step_names_is_proved_on_the_wire() {
    let clauses = crate::spec::clauses();
    let mut named = BTreeSet::new();
    for facts in all_facts() {
        let known = Known::new(facts, true);
        for (conversation, _) in made(&known, 150) {
            let steps = model::script(&conversation, &known).steps;
            named.extend(steps.iter().map(|step| step.clause));
        }
    }
    for id in &named {
        let clause = clauses.iter().find(|clause| clause.id == *id);
        let clause = clause.unwrap_or_else(|| panic!("SPEC.md has no clause {id}"));
        assert_eq!(clause.proof, "wire", "{id}");
    }
    assert!(named.len() > 20, "{named:?}");
}

#[test]
fn the_whole_range_is_made() {
    let known = Known::new(facts(Offers::Fixtures, true), true);
    let all = made(&known, 1_000);
    let names: BTreeSet<usize> = all
        .iter()
        .flat_map(|(conversation, _)| &conversation.requests)
        .filter_map(|request| match &request.ask {
            Ask::Unknown(name, _) => Some(name.bytes().len()),
            _ => None,
        })
        .collect();
    assert!(names.contains(&1) && names.contains(&255), "{names:?}");
    for part in [
        "shutdown_write",
        "claim = ",
        "mac = \"wrong_key\"",
        "mac = \"non_canonical\"",
        "status = 497",
        "raw = ",
        "not_before_ms",
        "name = \"sleep\"",
        "name = \"fail\"",
        "name = \"protocheck\"",
        "sequence = 4294967295",
    ] {
        assert!(all.iter().any(|(_, text)| text.contains(part)), "{part}");
    }
    let segmentations: BTreeSet<Segmentation> = all.iter().map(|(it, _)| it.segmentation).collect();
    assert_eq!(segmentations.len(), Segmentation::ALL.len());
}

#[test]
fn a_seed_makes_the_same_conversations_again() {
    let known = Known::new(facts(Offers::Fixtures, false), false);
    let texts = || -> Vec<String> { made(&known, 100).into_iter().map(|made| made.1).collect() };
    assert_eq!(texts(), texts());
}

#[test]
fn bytes_are_written_as_they_are_read() {
    for (bytes, text) in [
        (&b""[..], r#""""#),
        (b"plain", r#""plain""#),
        (b"a \"quote\" and a \\", r#""a \"quote\" and a \\""#),
        (b"$echo", "{ hex = \"246563686f\" }"),
        (b"\x1b[2J", "{ hex = \"1b5b324a\" }"),
        (b"\xff", "{ hex = \"ff\" }"),
        (&[b'x'; 24], "{ repeat = { byte = 120, count = 24 } }"),
    ] {
        assert_eq!(content(bytes), text);
    }
}

/// The reference server, without MACs and with them.
struct Reference {
    target: Target,
    _servers: [Embedded; 2],
}

impl Reference {
    fn start() -> Self {
        let started = |key: Option<&[u8]>| {
            let key = key.map(|key| MacKey::new(key).expect("a key"));
            let config = EmbeddedConfig::default().hmac_key(key);
            Embedded::start(config).unwrap_or_else(|error| panic!("{error}"))
        };
        let server = |embedded: &Embedded| {
            let address = Address::look_up(embedded.endpoint());
            Server::new(address.unwrap_or_else(|error| panic!("{error}")))
        };
        let servers = [started(None), started(Some(KEY))];
        let mut target = Target::blind(server(&servers[0]));
        let mut signed = server(&servers[1]);
        signed.key = Some(Key::new(KEY.to_vec()));
        target.mac = Some(signed);
        target.offers = Offers::Fixtures;
        target.ours = true;
        Self {
            target,
            _servers: servers,
        }
    }
}

/// `ours` says whether the model asks for all that binds the reference server, or for no more than
/// of a stranger.
fn reference_passes(count: u32, ours: bool) {
    let mut reference = Reference::start();
    reference.target.ours = ours;
    let target = &reference.target;
    let opponents = [Variant::Plain, Variant::Mac].map(|variant| {
        let facts = target.facts(target.server(variant));
        (variant, Ok(Known::new(facts, variant == Variant::Mac)))
    });
    let options = Options {
        patience: GENEROUS,
        max_time: Duration::from_secs(600),
        ..Options::default()
    };
    let mut bench = Running::new(target.clone());
    let record = run(
        Generated { count, seed: 1 },
        &opponents,
        &mut bench,
        About::default(),
        &options,
        &mut |_, _| {},
    );
    assert_eq!(record.results.len(), 2);
    for result in &record.results {
        let text = result.case_file.as_deref().unwrap_or_default();
        assert_eq!(
            result.verdict,
            Verdict::Pass,
            "{}: {:?}\n{text}",
            result.name,
            result.reason
        );
    }
    assert_eq!(record.exit_code, 0);
}

#[test]
fn the_reference_server_keeps_all_it_promises() {
    reference_passes(200, true);
}

#[test]
fn the_reference_server_is_as_good_as_a_stranger() {
    reference_passes(50, false);
}
