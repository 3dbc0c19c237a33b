//! Why a result is what it is: expected beside observed, and every byte that went each way.

use super::{
    annotate::{Field, fields, writes},
    mark::Mark,
    summary::{self, time},
};
use crate::{
    describe::count_of_bytes,
    record::{Record, ResultRecord, WireEvent, WireKind},
    verdict::Verdict,
};
use anstyle::Style;
use petrel_cli::{Look, output};

/// Bytes of a field that are shown in hexadecimal.
const HEX_SHOWN: usize = 8;
/// Their columns, with those of the mark that there are more.
const HEX_WIDTH: usize = 26;
/// Columns before the bytes of a field.
const FIELD_INDENT: usize = 6;
/// Events that are shown at the beginning and at the end of a long conversation.
const EVENTS_SHOWN: usize = 6;
/// Lines of standard error that are shown.
const STDERR_SHOWN: usize = 10;

/// What would have been right, and what came instead.
pub(crate) fn expected(look: Look, result: &ResultRecord) -> String {
    labelled(look, "expected", Verdict::Pass, &result.expected)
        + &labelled(look, "observed", Verdict::Fail, &result.observed)
}

fn labelled(look: Look, label: &str, verdict: Verdict, lines: &[String]) -> String {
    let mut text = String::new();
    let rest = " ".repeat(14);
    // A style in the lead would be counted as columns, so it is put in afterwards.
    let mut lead = format!("  {label}  ");
    let painted = format!("  {}  ", look.paint(Mark::Is(verdict).style(), label));
    for line in lines {
        text += &output::paragraph(&output::one_line(line), look.width, &lead, &rest);
        lead = format!("  {:1$}  ", "", label.len());
    }
    match text.strip_prefix(&format!("  {label}  ")) {
        Some(rest) => painted + rest,
        None => text,
    }
}

/// The conversation: when, which way, and the fields of each message.
pub(crate) fn wire(look: Look, result: &ResultRecord) -> String {
    if result.wire.is_empty() {
        return String::new();
    }
    let until = match result.step {
        Some(step) => format!(" until step {step}"),
        None => String::new(),
    };
    let mut text = format!("  what went over the wire{until}:\n");
    let hidden = summary::hidden(result.wire.len(), EVENTS_SHOWN);
    let width = result
        .wire
        .iter()
        .map(|event| time(event.at_us).len())
        .max();
    for (at, event) in result.wire.iter().enumerate() {
        if at == hidden.start && !hidden.is_empty() {
            text += &format!("    … {} more …\n", hidden.len());
        }
        if !hidden.contains(&at) {
            text += &event_lines(look, event, width.unwrap_or(0));
        }
    }
    text
}

/// Some frames field by field, apart from any run.
pub(crate) fn frames(look: Look, events: &[WireEvent]) -> String {
    events
        .iter()
        .map(|event| event_lines(look, event, 0))
        .collect()
}

fn event_lines(look: Look, event: &WireEvent, time_width: usize) -> String {
    let time = time(event.at_us);
    let first = format!("    {time:>time_width$} {} ", arrow(event.kind));
    let rest = " ".repeat(4 + time_width + 3);
    let mut text = output::paragraph(&sentence(event), look.width, &first, &rest);
    for field in fields(event) {
        text += &field_line(look, &field);
    }
    text
}

fn field_line(look: Look, field: &Field) -> String {
    let first = format!("{:FIELD_INDENT$}{:<HEX_WIDTH$}  ", "", field.hex(HEX_SHOWN));
    let rest = " ".repeat(FIELD_INDENT + HEX_WIDTH + 4);
    let text = field.text();
    let mut lines = output::paragraph(&text, look.width, &first, &rest);
    if look.color {
        // Only the bytes are dimmed: what they say is what is read.
        let hex = lines
            .chars()
            .take(first.chars().count())
            .collect::<String>();
        if let Some(words) = lines.strip_prefix(&hex) {
            lines = look.paint(Style::new().dimmed(), &hex) + words;
        }
    }
    lines
}

/// Which way something went.
pub(crate) fn arrow(kind: WireKind) -> &'static str {
    match kind {
        WireKind::Sent => "→",
        WireKind::Received => "←",
        WireKind::Driver => "»",
        WireKind::Note => " ",
    }
}

/// What happened, in words: how many bytes, where, and what is to be remarked.
pub(crate) fn sentence(event: &WireEvent) -> String {
    let verb = match event.kind {
        WireKind::Sent => "sent",
        WireKind::Received => "received",
        WireKind::Driver => "driver",
        WireKind::Note => "",
    };
    let text = output::one_line(&event.text);
    let mut words = match event.length {
        Some(length) => {
            let verb = if verb.is_empty() { "seen" } else { verb };
            let writes = writes(event)
                .map(|how| format!(" {how}"))
                .unwrap_or_default();
            let remark = if text.is_empty() { "" } else { ", " };
            format!("{verb} {}{writes}{remark}{text}", count_of_bytes(length))
        }
        None if event.kind == WireKind::Driver => format!("driver: {text}"),
        None => text,
    };
    if event.connection != "main" && !event.connection.is_empty() {
        words = format!("{}: {words}", output::one_line(&event.connection));
    }
    words
}

/// What the server wrote last before it died.
pub(crate) fn stderr(look: Look, result: &ResultRecord) -> String {
    if result.stderr.is_empty() {
        return String::new();
    }
    let hidden = result.stderr.len().saturating_sub(STDERR_SHOWN);
    let mut text = "  last on its standard error:\n".to_owned();
    for line in &result.stderr[hidden..] {
        text += &output::paragraph(&output::one_line(line), look.width, "    ", "      ");
    }
    text
}

/// The one command that repeats it.
pub(crate) fn again(look: Look, record: &Record, result: &ResultRecord) -> String {
    let line = output::one_line(&record.command);
    let mut words = shell_words(&line);
    let only = format!("--only {}", output::shell_word(&result.name));
    words.push(&only);
    command(look, "  again: ", &words)
}

/// The command that repeats a result, as one line for a shell.
pub(crate) fn command_of(record: &Record, result: &ResultRecord) -> String {
    let only = output::shell_word(&result.name);
    format!("{} --only {only}", output::one_line(&record.command))
}

/// A command line that can be copied as it stands: it continues behind a backslash.
fn command(look: Look, lead: &str, words: &[&str]) -> String {
    let mut text = lead.to_owned();
    let mut column = lead.chars().count();
    for (at, word) in words.iter().enumerate() {
        let length = word.chars().count();
        // Behind the word there may have to be room for the backslash.
        if at > 0 && column + 1 + length + 2 > look.width {
            text += " \\\n    ";
            column = 4;
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        text += word;
        column += length;
    }
    text + "\n"
}

/// The words of a command line as they are written: it may be broken between them, and nowhere else.
fn shell_words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut escaped) = (0, None, false);
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            // In plain quotes a backslash is a backslash; in `$'…'` it escapes.
            (None | Some('$'), '\\') => escaped = true,
            (None, '\'') if before == '$' => quote = Some('$'),
            (None, '\'') => quote = Some('\''),
            (Some(_), '\'') => quote = None,
            (None, ' ') => {
                words.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        before = c;
    }
    words.push(&line[start..]);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{event, result};

    const LOOK: Look = Look {
        width: 80,
        color: false,
    };

    #[test]
    fn a_command_that_is_broken_can_be_copied() {
        let look = Look { width: 40, ..LOOK };
        assert_eq!(
            command(
                look,
                "  again: ",
                &[
                    "petrel-conformance",
                    "server",
                    "localhost:60606",
                    "--only PC-0001"
                ]
            ),
            "  again: petrel-conformance server \\\n    localhost:60606 --only PC-0001\n"
        );
    }

    #[test]
    fn a_command_is_never_broken_inside_quotes() {
        let line = r"a 'b c'  'it'\''s d' $'e\'f g' h";
        assert_eq!(
            shell_words(line),
            ["a", "'b c'", r"'it'\''s d'", r"$'e\'f g'", "h"]
        );
    }

    #[test]
    fn a_long_conversation_shows_its_beginning_and_its_end() {
        let mut long = result("PC-0001@plain/whole", Verdict::Hang);
        long.wire = (0..40).map(|at| event(WireKind::Sent, at, &[7])).collect();
        let text = wire(LOOK, &long);
        assert!(text.contains("\n    … 28 more …\n"), "{text}");
        assert!(text.contains("0.005 ms → sent 1 byte\n"), "{text}");
        assert!(!text.contains("0.006 ms"), "{text}");
        assert!(text.contains("0.034 ms"), "{text}");
    }

    #[test]
    fn another_connection_is_named() {
        let mut other = event(WireKind::Note, 1, &[]);
        (other.connection, other.text) = ("b".into(), "the connection closes".into());
        assert_eq!(sentence(&other), "b: the connection closes");
    }
}
