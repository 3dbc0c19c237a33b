//! The tables of mutants: a fault, its name, and the clauses it breaks.

/// One wrong peer: the right model with one fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mutant<F: 'static> {
    /// Unique within its role.
    pub(crate) name: &'static str,
    pub(crate) fault: F,
    /// The clauses of SPEC.md it breaks, the plainest first.
    pub(crate) breaks: &'static [&'static str],
    /// What it does, in one line.
    pub(crate) about: &'static str,
}

/// Declares faults and their table in one place, so that none lacks a name, a clause or a text.
macro_rules! faults {
    (
        $(#[$meta:meta])*
        $kind:ident $({ $(#[$shared_meta:meta])* $shared:ident($inner:ty) })? in $table:ident:
        $($fault:ident $name:literal [$($clause:literal)+] $about:literal;)+
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $kind {
            $($(#[$shared_meta])* $shared($inner),)?
            $(#[doc = $about] $fault,)+
        }

        pub(super) const $table: &[$crate::mutants::table::Mutant<$kind>] = &[
            $($crate::mutants::table::Mutant {
                name: $name,
                fault: $kind::$fault,
                breaks: &[$($clause),+],
                about: $about,
            },)+
        ];
    };
}

/// The faults of one role behind those of both, as one table.
macro_rules! joined {
    ($kind:ident, $shared:ident, $own:ident) => {{
        const LEN: usize = $shared.len() + $own.len();
        const ALL: [Mutant<$kind>; LEN] = {
            let mut all = [$own[0]; LEN];
            let mut at = 0;
            while at < LEN {
                all[at] = if at < $shared.len() {
                    let shared = $shared[at];
                    Mutant {
                        name: shared.name,
                        fault: $kind::Wire(shared.fault),
                        breaks: shared.breaks,
                        about: shared.about,
                    }
                } else {
                    $own[at - $shared.len()]
                };
                at += 1;
            }
            all
        };
        &ALL
    }};
}

pub(super) use {faults, joined};

#[cfg(test)]
mod tests {
    use crate::{
        mutants::{CLIENT_MUTANTS, SERVER_MUTANTS},
        spec::clauses,
    };
    use std::collections::BTreeSet;

    /// What no server can break where anybody would see it, and why.
    const BEYOND_SERVERS: &[(&str, &str)] = &[(
        "P-008",
        "advises on request text, which a server only repeats",
    )];

    #[test]
    fn names_are_unique_and_clauses_exist() {
        let ids: BTreeSet<&str> = clauses().iter().map(|clause| clause.id).collect();
        for table in [names_of(SERVER_MUTANTS), names_of(CLIENT_MUTANTS)] {
            let mut names = BTreeSet::new();
            for (name, breaks) in table {
                assert!(names.insert(name), "two mutants are called {name}");
                let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                assert!(name.chars().all(is_kebab), "{name}");
                for clause in breaks {
                    assert!(
                        ids.contains(clause),
                        "{name} breaks {clause}, which is not there"
                    );
                }
            }
        }
    }

    #[test]
    fn every_clause_that_can_be_seen_is_broken() {
        let server = broken(names_of(SERVER_MUTANTS));
        let client = broken(names_of(CLIENT_MUTANTS));
        let mut missing = Vec::new();
        for clause in clauses() {
            if clause.proof != "wire" || clause.level == "MAY" {
                continue;
            }
            let binds = clause.binds();
            let is_beyond = BEYOND_SERVERS.iter().any(|(id, _)| *id == clause.id);
            if binds != "client" && !server.contains(clause.id) && !is_beyond {
                missing.push(format!("{} by no server", clause.id));
            }
            let is_servers = matches!(binds, "server" | "fixture");
            if !is_servers && !client.contains(clause.id) {
                missing.push(format!("{} by no client", clause.id));
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn a_mutant_breaks_clauses_of_its_role() {
        for clause in clauses() {
            let of = |table: Vec<(&'static str, &'static [&'static str])>, role: &str| {
                for (name, breaks) in table {
                    assert!(
                        !breaks.contains(&clause.id),
                        "{name} is a {role} and cannot break {}, which binds a {}",
                        clause.id,
                        clause.binds()
                    );
                }
            };
            match clause.binds() {
                "client" => of(names_of(SERVER_MUTANTS), "server"),
                "server" | "fixture" => of(names_of(CLIENT_MUTANTS), "client"),
                _ => {}
            }
        }
    }

    type Named = (&'static str, &'static [&'static str]);

    fn names_of<F>(table: &'static [super::Mutant<F>]) -> Vec<Named> {
        let named = table.iter().map(|mutant| (mutant.name, mutant.breaks));
        named.collect()
    }

    fn broken(table: Vec<Named>) -> BTreeSet<&'static str> {
        let breaks = table.into_iter().flat_map(|(_, breaks)| breaks);
        breaks.copied().collect()
    }
}
