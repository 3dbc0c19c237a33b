//! `selftest`: the suite judges peers whose faults are known.

use crate::{
    case::Case,
    selftest::{Kill, SelfTest, selftest},
};
use petrel_cli::{
    Exit, Failure, Look,
    output::{self, Format},
};
use std::{collections::BTreeMap, fmt::Write};

/// Prints the kill matrix; exit code 1 if the suite is not as good as it has to be.
pub(super) fn execute(cases: &[Case], format: Format) -> Result<Exit, Failure> {
    let test = selftest(cases, super::processors());
    match format {
        Format::Json => output::print_json(&test)?,
        _ => output::print(&text(&test, Look::of_stdout().width))?,
    }
    Ok(if test.is_good() { Exit::Done } else { Exit::No })
}

fn text(test: &SelfTest, width: usize) -> String {
    let mut text = String::new();
    for role in ["server", "client"] {
        let _ = writeln!(text, "{role}");
        for kill in test.mutants.iter().filter(|kill| kill.role == role) {
            text += &row(kill, width);
        }
        text.push('\n');
    }
    let mut complaints: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut complain = |what: &'static str, whom: Vec<String>| {
        if !whom.is_empty() {
            complaints.insert(what, whom);
        }
    };
    let named = |kill: &Kill| format!("{} {}", kill.role, kill.mutant);
    complain(
        "mutants that no case catches",
        test.survivors().map(named).collect(),
    );
    let wrong = |wrong: &crate::selftest::Wrong| {
        format!(
            "{}: {} {} ({})",
            wrong.peer,
            wrong.verdict.as_str(),
            wrong.result,
            wrong.reason
        )
    };
    complain(
        "mutants that are called equivalent, and that a case catches",
        test.caught_in_vain().map(named).collect(),
    );
    complain(
        "peers judged wrongly",
        test.wrongs.iter().map(wrong).collect(),
    );
    complain(
        "MUSTs that no mutant breaks",
        test.unbroken.iter().map(ToString::to_string).collect(),
    );
    complain(
        "cases that catch no mutant alone and do not say why they stay",
        test.idle.clone(),
    );
    complain(
        "cases that say why they stay, and catch a mutant alone",
        test.excused_in_vain.clone(),
    );
    for (what, whom) in complaints {
        let _ = writeln!(text, "{what}:");
        for each in whom {
            text += &output::paragraph(&each, width, "  ", "    ");
        }
        text.push('\n');
    }
    let caught = test
        .mutants
        .iter()
        .filter(|kill| !kill.killed_by.is_empty())
        .count();
    let equivalent = test
        .mutants
        .iter()
        .filter(|kill| kill.equivalent.is_some())
        .count();
    let seconds = std::time::Duration::from_micros(test.elapsed_us).as_secs_f64();
    let verdict = if test.is_good() { "good" } else { "not good" };
    let _ = writeln!(
        text,
        "{verdict}: {caught} of {} mutants caught and {equivalent} equivalent, {} lawful and {} null peers, {} of them judged \
         wrongly ({seconds:.1} s)",
        test.mutants.len(),
        test.lawful,
        test.null,
        test.wrongs.len()
    );
    text
}

/// One mutant: what it does, what it breaks, and who catches it.
fn row(kill: &Kill, width: usize) -> String {
    let breaks = kill.breaks.join(" ");
    let by = match kill.killed_by.as_slice() {
        [] if kill.equivalent.is_some() => {
            format!("no case can tell: {}", kill.equivalent.unwrap_or_default())
        }
        [] => "caught by nobody".to_owned(),
        [first, second, rest @ ..] if rest.len() > 1 => {
            format!("caught by {first} {second} and {} more", rest.len())
        }
        few => format!("caught by {}", few.join(" ")),
    };
    let line = format!("{}: {} ({breaks}), {by}", kill.mutant, kill.about);
    output::paragraph(&line, width, "  ", "      ")
}
