//! The case files are complete, their ids permanent, their clauses those of SPEC.md, and no clause that
//! can be tested is left out.

use petrel_conformance::{
    Case, FILES, Level, Role, load,
    spec::{self, SpecClause},
};
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
        let clause = clause(&clauses, &case, &case.clause.id);
        assert_eq!(case.clause.level.as_str(), clause.level, "{}", case.id);
        assert_eq!(
            words(&case.clause.quote),
            words(clause.text),
            "{}: quote {} verbatim",
            case.id,
            clause.id
        );
        assert_eq!(case.ours, clause.is_ours(), "{}: `ours`", case.id);
        for id in case.proves() {
            let clause = self::clause(&clauses, &case, id);
            assert_eq!(
                clause.proof, "wire",
                "{}: {id} is not proved on the wire",
                case.id
            );
            assert!(
                binds(case.role).contains(&clause.binds()),
                "{}: {id} binds a {}",
                case.id,
                clause.binds()
            );
        }
        for id in case.clause_ids() {
            self::clause(&clauses, &case, id);
        }
    }
}

#[test]
fn every_must_that_can_be_tested_has_a_case() {
    let cases = cases();
    let mut open = Vec::new();
    for clause in spec::clauses() {
        if clause.proof != "wire" || !clause.is_must() {
            continue;
        }
        for role in [Role::Server, Role::Client] {
            let of_role =
                |case: &&Case| case.role == role && case.proves().any(|id| id == clause.id);
            if binds(role).contains(&clause.binds()) && !cases.iter().any(|case| of_role(&case)) {
                open.push(format!("{} for a {}", clause.id, role.as_str()));
            }
        }
    }
    let known: Vec<String> = ELSEWHERE
        .iter()
        .map(|(open, _)| (*open).to_owned())
        .collect();
    assert_eq!(
        open, known,
        "a clause without a case: add one, or say in ELSEWHERE where it is proved"
    );
}

/// Clauses that no case of a role proves, and where they are proved instead.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "P-017 for a server",
        "the key is the user's: golden frames and the client's cases have keys over 64 bytes",
    ),
    (
        "P-040 for a client",
        "a limit of 4 MiB is the default that golden frames are decoded with",
    ),
];

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
            "{}: a case that sends what no honest peer sends ends with `fresh = true`",
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
fn titles_describe_and_demand_nothing() {
    for case in cases() {
        for word in ["MUST", "SHOULD", "MAY"] {
            assert!(
                !case.title.contains(word),
                "{}: the clause demands, the title says what happens",
                case.id
            );
        }
        assert!(
            case.title.chars().count() <= 50,
            "{}: a title fits a line of a table",
            case.id
        );
    }
}

fn cases() -> Vec<Case> {
    load().unwrap_or_else(|error| panic!("{error}"))
}

/// Whom the clauses bind that cases of a role can prove.
fn binds(role: Role) -> &'static [&'static str] {
    match role {
        Role::Client => &["sender", "receiver", "peer", "client"],
        _ => &["sender", "receiver", "peer", "server", "fixture"],
    }
}

fn is_id(text: &str) -> bool {
    text.strip_prefix("PC-")
        .is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn clauses() -> BTreeMap<&'static str, SpecClause> {
    spec::clauses()
        .into_iter()
        .map(|clause| (clause.id, clause))
        .collect()
}

fn clause<'c>(
    clauses: &'c BTreeMap<&'static str, SpecClause>,
    case: &Case,
    id: &str,
) -> &'c SpecClause {
    clauses
        .get(id)
        .unwrap_or_else(|| panic!("{}: SPEC.md has no clause {id}", case.id))
}
