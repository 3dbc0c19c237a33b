//! A replay for people: differences as they come, and what they add up to.

use super::{Head, Report, Summary};
use crate::{
    exchange::{Exchange, Message},
    replay::{Comparison, Macs, Outcome, Sign, Verdict, difference},
    report::text::{byte_count, counted},
};
use anstyle::{AnsiColor, Style};
use petrel::wire::Escaped;
use petrel_cli::{Look, output::one_line};
use std::io::{self, Write};

/// Lines of a difference that are shown.
const LINES_MAX: usize = 24;

const THEN: Style = AnsiColor::Red.on_default();
const NOW: Style = AnsiColor::Green.on_default();
const ABOUT: Style = AnsiColor::Cyan.on_default();
const AMISS: Style = AnsiColor::Red.on_default().bold();

/// Writes differences, at most so many, and the counts of everything.
#[derive(Debug)]
pub struct Text<W> {
    sink: W,
    look: Look,
    head: Head,
    comparison: Comparison,
    show_max: u64,
    differences: u64,
}

impl<W: Write> Text<W> {
    /// Shows the first `show_max` differences.
    pub const fn new(
        sink: W,
        look: Look,
        head: Head,
        comparison: Comparison,
        show_max: u64,
    ) -> Self {
        Self {
            sink,
            look,
            head,
            comparison,
            show_max,
            differences: 0,
        }
    }

    fn changes(&mut self, recorded: &Exchange, now: &Message) -> io::Result<()> {
        let Some(then) = &recorded.response else {
            return Ok(());
        };
        let room = self.look.width.saturating_sub(5).max(20);
        for line in difference(then, now, &self.comparison, LINES_MAX) {
            let style = match line.sign {
                Sign::Then => THEN,
                Sign::Now => NOW,
                Sign::About => ABOUT,
                Sign::Both => Style::new(),
            };
            let text = shortened(&line.text, room);
            let text = format!("{}{text}", line.sign.as_char());
            let text = self.look.paint(style, text.trim_end());
            writeln!(self.sink, "    {text}")?;
        }
        Ok(())
    }
}

impl<W: Write> Report for Text<W> {
    fn outcome(&mut self, outcome: &Outcome) -> io::Result<()> {
        if !outcome.verdict.is_difference() {
            return Ok(());
        }
        self.differences += 1;
        if self.differences > self.show_max {
            return Ok(());
        }
        let recorded = &outcome.recorded;
        let title = format!(
            "connection {} #{} {}",
            recorded.connection,
            recorded.sequence(),
            Escaped(recorded.name())
        );
        let title = self.look.paint(Style::new().bold(), &title);
        let verdict = self.look.paint(AMISS, outcome.verdict.describe());
        writeln!(self.sink, "{title}: {verdict}")?;
        if let Some(error) = &outcome.error {
            writeln!(self.sink, "    {}", one_line(error))?;
        }
        let answer = |exchange: &Exchange| exchange.response.clone();
        let now = outcome.now.as_deref().and_then(answer);
        if matches!(
            outcome.verdict,
            Verdict::Status | Verdict::Payload | Verdict::Missing | Verdict::Extra
        ) {
            let then = said(outcome.recorded.response.as_ref());
            writeln!(self.sink, "    then {then}")?;
            writeln!(self.sink, "    now  {}", said(now.as_ref()))?;
        }
        if let (Verdict::Status | Verdict::Payload, Some(now)) = (outcome.verdict, &now)
            && recorded
                .response
                .as_ref()
                .is_some_and(|then| then.payload() != now.payload())
        {
            self.changes(recorded, now)?;
        }
        writeln!(self.sink)?;
        self.sink.flush()
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let hidden = self.differences.saturating_sub(self.show_max);
        if hidden > 0 {
            writeln!(
                self.sink,
                "{} not shown; --show N shows more, --format json all\n",
                counted(hidden, "more difference")
            )?;
        }
        let tally = &summary.tally;
        let macs = match self.head.macs {
            Macs::Resign => ", MACs made anew",
            Macs::Keep if summary.has_macs => ", MACs as recorded",
            Macs::Strip if summary.has_macs => ", MACs left out",
            Macs::Keep | Macs::Strip => "",
        };
        writeln!(
            self.sink,
            "{} of {} on {} replayed to {} ({}{macs})",
            tally.total(),
            counted(summary.requests, "request"),
            counted(summary.connections, "connection"),
            one_line(&self.head.target),
            self.head.pace.as_str(),
        )?;
        for verdict in Verdict::ALL {
            let count = tally.of(verdict);
            // That nothing is the same is worth a line.
            if count == 0 && verdict != Verdict::Same {
                continue;
            }
            let mut line = format!("{count:>8}  {}", verdict.describe());
            if verdict == Verdict::Same && tally.in_part() > 0 {
                let part = tally.in_part();
                line.push_str(&format!(
                    ", {part} of them as far as the answer was captured"
                ));
            }
            let style = match verdict.is_difference() {
                true => AMISS,
                false => Style::new(),
            };
            writeln!(self.sink, "{}", self.look.paint(style, &line))?;
        }
        let mut title = "not sent";
        for (reason, count) in &summary.skipped {
            writeln!(self.sink, "{title:8}  {count} {}", reason.describe())?;
            title = "";
        }
        if summary.interrupted {
            writeln!(self.sink, "interrupted: this is what was found so far")?;
        }
        self.sink.flush()
    }
}

/// An answer on a line.
fn said(answer: Option<&Message>) -> String {
    match answer {
        None => "no answer".to_owned(),
        Some(answer) => format!(
            "{}, {}",
            answer.header.status,
            byte_count(answer.header.payload_len.into())
        ),
    }
}

fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => {
            let shown: String = text.chars().take(max.saturating_sub(1)).collect();
            shown + "…"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange::sample::{exchange, message},
        replay::{Pace, Tally},
    };

    fn text(outcomes: &[Outcome], show_max: u64) -> String {
        let look = Look {
            width: 80,
            color: false,
        };
        let head = Head {
            target: "127.0.0.1:1".to_owned(),
            pace: Pace::Lockstep,
            macs: Macs::Keep,
        };
        let mut sink = Vec::new();
        let mut report = Text::new(&mut sink, look, head, Comparison::default(), show_max);
        let mut tally = Tally::default();
        for outcome in outcomes {
            tally.add(outcome);
            report.outcome(outcome).unwrap();
        }
        let summary = Summary {
            requests: outcomes.len() as u64,
            connections: 1,
            has_macs: true,
            skipped: [(crate::replay::Skip::ProtocolCheck, 2)].into(),
            tally,
            interrupted: false,
        };
        report.finish(&summary).unwrap();
        String::from_utf8(sink).unwrap()
    }

    fn outcome(verdict: Verdict, now: Option<Message>) -> Outcome {
        let request = || Some(message(0, b"log\x1b", b"", 0));
        let then = message(200, b"log\x1b", br#"{"a":1}"#, 0);
        Outcome {
            recorded: Box::new(exchange(request(), Some(then))),
            now: Some(Box::new(exchange(request(), now))),
            verdict,
            in_part: false,
            error: None,
        }
    }

    #[test]
    fn a_difference_is_shown_with_both_answers() {
        let now = message(400, b"log\x1b", br#"{"a":2}"#, 0);
        let shown = text(&[outcome(Verdict::Status, Some(now))], 10);
        let expected = r#"connection 1 #7 log\u{1b}: another status
    then 200 success, 7 B
    now  400 handler not found, 7 B
     {
    -  "a": 1
    +  "a": 2
     }

1 of 1 request on 1 connection replayed to 127.0.0.1:1 (lockstep, MACs as recorded)
       0  same
       1  another status
not sent  2 protocol checks (every connection begins with its own)
"#;
        assert_eq!(shown, expected);
    }

    #[test]
    fn no_more_is_shown_than_was_asked_for_and_all_is_counted() {
        let outcomes = vec![outcome(Verdict::Missing, None); 5];
        let shown = text(&outcomes, 2);
        assert_eq!(shown.matches("now  no answer").count(), 2);
        assert!(shown.contains("\n3 more differences not shown"), "{shown}");
        assert!(
            shown.contains("       5  answered then, not now\n"),
            "{shown}"
        );
        assert!(!text(&outcomes, 5).contains(" not shown"));
    }
}
