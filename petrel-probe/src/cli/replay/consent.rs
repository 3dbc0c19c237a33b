//! Asking before requests go to another machine.

use crate::{replay::Recording, report::text::counted};
use petrel::wire::Escaped;
use petrel_cli::{Exit, Failure, output::one_line};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
};

/// Names that are listed.
const NAMES_MAX: usize = 40;

/// More of an answer is not read.
const ANSWER_MAX: u64 = 256;

/// Says what would be sent, and asks whether it may be.
///
/// # Errors
/// Without a terminal nobody can be asked, and nothing is sent; nor if the answer is not yes.
pub(super) fn ask(recording: &Recording, target: &str) -> Result<(), Failure> {
    let Some(mut terminal) = terminal() else {
        return Err(Failure::usage(format!(
            "{} is not on this machine, and there is no terminal to ask whether {} may be sent there: \
             say so with --yes",
            one_line(target),
            counted(recording.len(), "request")
        )));
    };
    let unreadable = |error: io::Error| {
        let message = format!("cannot ask on the terminal: {error}");
        Failure::new(Exit::Unreachable, message)
    };
    io::stderr()
        .write_all(question(recording, target).as_bytes())
        .map_err(unreadable)?;
    let mut answer = String::new();
    terminal.read_line(&mut answer).map_err(unreadable)?;
    match answer.trim() {
        "y" | "Y" | "yes" | "Yes" | "YES" => Ok(()),
        _ => Err(Failure::new(Exit::NoVerdict, "nothing was sent")),
    }
}

/// What is asked.
fn question(recording: &Recording, target: &str) -> String {
    let mut text = format!(
        "{} is not on this machine. {} on {} would be sent there:\n",
        one_line(target),
        counted(recording.len(), "request"),
        counted(recording.connections() as u64, "connection")
    );
    let names = recording.names();
    for (name, count) in names.iter().take(NAMES_MAX) {
        text.push_str(&format!("{count:>10} × \"{}\"\n", Escaped(name)));
    }
    let more = names.len().saturating_sub(NAMES_MAX);
    let others = names.iter().skip(NAMES_MAX).map(|(_, count)| count);
    let others = others.sum::<u64>() + recording.other_names();
    if more > 0 {
        text.push_str(&format!("{others:>10} × others, of {more} names or more\n"));
    }
    text.push_str("Send them? [y/N] ");
    text
}

/// Where the user answers: standard input, or the terminal behind it if the capture comes there.
fn terminal() -> Option<Box<dyn BufRead>> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Some(Box::new(BufReader::new(stdin.take(ANSWER_MAX))));
    }
    let terminal = File::open("/dev/tty").ok()?;
    Some(Box::new(BufReader::new(terminal.take(ANSWER_MAX))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange::sample::{exchange, message},
        index::Stores,
    };

    #[test]
    fn the_question_lists_the_names_and_escapes_them() {
        let mut recording = Recording::new(Stores::new());
        for (name, count) in [(&b"rare\x1b"[..], 1), (b"often", 3)] {
            let asked = exchange(Some(message(0, name, b"", 0)), None);
            for _ in 0..count {
                recording.take(&asked, true).unwrap();
            }
        }
        let expected =
            "host:1 is not on this machine. 4 requests on 1 connection would be sent there:
         3 × \"often\"
         1 × \"rare\\u{1b}\"
Send them? [y/N] ";
        assert_eq!(question(&recording, "host:1"), expected);
        for n in 0..50 {
            let name = format!("name{n}");
            let asked = exchange(Some(message(0, name.as_bytes(), b"", 0)), None);
            recording.take(&asked, true).unwrap();
        }
        let question = question(&recording, "host:1");
        assert!(
            question.contains("        12 × others, of 12 names or more\n"),
            "{question}"
        );
    }
}
