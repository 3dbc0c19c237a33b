//! The case files are complete, their ids permanent, and their clauses those of SPEC.md.

use petrel_conformance::{Case, FILES, Level, load};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_case_file_is_embedded() {
    let folder = fs::read_dir(Path::new(ROOT).join("cases")).expect("cases/ is there");
    let names = folder.map(|entry| entry.expect("a file").file_name().into_string());
    let on_disk: BTreeSet<String> = names
        .map(|name| name.expect("a plain name"))
        .filter(|name| name.ends_with(".toml"))
        .collect();
    let embedded: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).into()).collect();
    assert_eq!(
        on_disk, embedded,
        "list each file of cases/ in src/corpus.rs, once"
    );
    for (name, text) in FILES {
        let path = Path::new(ROOT).join("cases").join(name);
        assert_eq!(
            &fs::read_to_string(path).expect("the file is there"),
            text,
            "{name}"
        );
    }
}

#[test]
fn a_case_stands_in_the_file_of_its_group() {
    for case in cases() {
        let (_, text) = FILES
            .iter()
            .find(|(name, _)| name.strip_suffix(".toml") == Some(&case.group))
            .unwrap_or_else(|| panic!("{}: no file {}.toml", case.id, case.group));
        assert!(
            text.contains(&format!("id = \"{}\"", case.id)),
            "{} is elsewhere",
            case.id
        );
    }
}

#[test]
fn ids_are_permanent() {
    let lock = fs::read_to_string(Path::new(ROOT).join("cases/ids.lock")).expect("ids.lock");
    let mut locked: BTreeMap<&str, bool> = BTreeMap::new();
    for line in lock
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let (id, is_retired) = match line.split_once(' ') {
            Some((id, "retired")) => (id, true),
            Some(_) => panic!("`{line}`: write the id alone, or the id and `retired`"),
            None => (line, false),
        };
        assert!(
            locked.insert(id, is_retired).is_none(),
            "{id} stands in ids.lock twice"
        );
    }
    let mut seen = BTreeSet::new();
    for case in cases() {
        assert!(is_id(&case.id), "{}: ids are PC- and four digits", case.id);
        match locked.get(case.id.as_str()) {
            Some(false) => {}
            Some(true) => panic!("{} is retired: give the case a new id", case.id),
            None => panic!("{} is new: add it to cases/ids.lock", case.id),
        }
        assert!(seen.insert(case.id.clone()), "{} is given twice", case.id);
    }
    for (id, is_retired) in locked {
        assert!(
            is_retired || seen.contains(id),
            "{id} has no case: mark it `retired`"
        );
    }
}

#[test]
fn clauses_are_those_of_the_text() {
    let clauses = clauses();
    for case in cases() {
        let Some(clause) = clauses.get(case.clause.id.as_str()) else {
            panic!("{}: SPEC.md has no clause {}", case.id, case.clause.id);
        };
        assert_eq!(
            case.clause.level.as_str(),
            clause.level,
            "{} {}",
            case.id,
            case.clause.id
        );
        assert_eq!(
            words(&case.clause.quote),
            words(&clause.text),
            "{}: quote it verbatim",
            case.id
        );
        assert_eq!(
            case.ours,
            clause.role.starts_with("ours "),
            "{}: `ours`",
            case.id
        );
        assert_eq!(
            clause.proof, "wire",
            "{}: {} is not proved on the wire",
            case.id, case.clause.id
        );
        let binds = clause.role.rsplit(' ').next().expect("a role has words");
        let is_of_server = ["sender", "receiver", "peer", "server", "fixture"].contains(&binds);
        assert!(
            is_of_server,
            "{}: {} binds a {binds}",
            case.id, case.clause.id
        );
        for id in case.clause_ids() {
            assert!(
                clauses.contains_key(id),
                "{}: SPEC.md has no clause {id}",
                case.id
            );
        }
    }
}

#[test]
fn every_case_can_tell_right_from_wrong() {
    for case in cases() {
        assert!(
            case.has_positive_control(),
            "{}: a peer that only closes could pass; add greet, barrier or fresh",
            case.id
        );
        assert!(
            !case.is_hostile() || case.ends_with_fresh_connection(),
            "{}: a case that sends what no honest client sends ends with `fresh = true`",
            case.id
        );
        let is_should = matches!(case.clause.level, Level::Should | Level::ShouldNot);
        assert_eq!(
            case.can_warn() && !case.boundary,
            is_should,
            "{}: a SHOULD that is missed is an outcome graded `warned`, and only that",
            case.id
        );
    }
}

#[test]
fn there_are_cases_for_every_kind_of_peer() {
    let cases = cases();
    let blind = cases
        .iter()
        .filter(|case| case.offers.as_str() == "blind" && !case.ours)
        .count();
    assert!(cases.len() >= 45, "{} cases", cases.len());
    assert!(
        blind >= 45,
        "only {blind} cases judge a peer of which nothing is known"
    );
}

fn cases() -> Vec<Case> {
    load().unwrap_or_else(|error| panic!("{error}"))
}

fn is_id(text: &str) -> bool {
    text.strip_prefix("PC-")
        .is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

struct SpecClause {
    level: String,
    role: String,
    proof: String,
    text: String,
}

/// Reads SPEC.md by the pattern that it states: a line with id, level, role and proof, then the
/// text up to the next empty line.
fn clauses() -> BTreeMap<String, SpecClause> {
    let spec = fs::read_to_string(Path::new(ROOT).join("SPEC.md")).expect("SPEC.md is there");
    let mut clauses = BTreeMap::new();
    for paragraph in spec.split("\n\n") {
        let Some((head, text)) = paragraph.trim_start().split_once("\\\n") else {
            continue;
        };
        let fields: Vec<&str> = head.split(" · ").collect();
        let [id, level, role, proof] = fields[..] else {
            continue;
        };
        let Some(id) = id.strip_prefix("**").and_then(|id| id.strip_suffix("**")) else {
            continue;
        };
        let clause = SpecClause {
            level: level.into(),
            role: role.into(),
            proof: proof.into(),
            text: text.into(),
        };
        clauses.insert(id.into(), clause);
    }
    assert!(
        clauses.len() > 100,
        "SPEC.md was read: {} clauses",
        clauses.len()
    );
    clauses
}
