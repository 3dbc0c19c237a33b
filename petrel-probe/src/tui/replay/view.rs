//! A replay drawn.

use super::{
    super::{
        input,
        paint::{Look, cut, rows, window},
    },
    Plan, Replay, Stage, What,
};
use crate::replay::Verdict;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Widget,
};

/// Lines above the results, and one below.
const LINES_AROUND: u16 = 3;

/// A line of the results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) kind: Kind,
    /// Escaped.
    pub(super) text: String,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An exchange that is as it was.
    Same,
    /// One that is not.
    Different,
    /// What was recorded.
    Then,
    /// What came now.
    Now,
    /// What is in both.
    Both,
    /// What is to be said about the lines around.
    About,
}

/// How many lines of results fit on a screen.
pub(in super::super) fn lines(height: u16) -> usize {
    usize::from(height.saturating_sub(LINES_AROUND + 2))
}

/// Draws it.
pub(in super::super) fn view(replay: &Replay, area: Rect, buf: &mut Buffer, look: Look) {
    let title = match replay.what {
        What::Exchange(_) => "replay the exchange",
        What::Connection(_) => "replay the connection",
    };
    let size = match replay.stage {
        Stage::Asking { .. } | Stage::Planning { .. } => (64, 4),
        _ => (area.width, area.height),
    };
    let inner = window(area, buf, title, size, look);
    let width = usize::from(inner.width);
    let line = |text: &str, style: Style| Line::styled(cut(text, width, look), style);
    let foot = match &replay.stage {
        Stage::Asking { input, wrong } => {
            rows(
                inner,
                buf,
                [line(
                    "Where to? A server that may be changed by it:",
                    look.quiet(),
                )],
            );
            let typed = Rect {
                y: inner.y.saturating_add(1),
                height: inner.height.saturating_sub(1).min(1),
                ..inner
            };
            input::view(input, typed, buf, look, true);
            if let Some(wrong) = wrong {
                let below = Rect {
                    y: inner.y.saturating_add(2),
                    height: inner.height.saturating_sub(2),
                    ..inner
                };
                rows(below, buf, [line(wrong, look.wrong())]);
            }
            "Enter go on   Esc close"
        }
        Stage::Planning { target } => {
            let text = format!("{target}: finding out what would be sent");
            rows(inner, buf, [line(&text, look.strong())]);
            "Esc stop"
        }
        Stage::Confirming(plan) => {
            rows(inner, buf, question(plan, width, look));
            "y send it   Esc close"
        }
        Stage::Running(plan) => {
            let text = format!(
                "{}: {} of {}",
                plan.target,
                replay.tally.total(),
                requests(plan.requests)
            );
            results(replay, line(&text, look.strong()), inner, buf, look);
            "Esc stop"
        }
        Stage::Over { failure } => {
            let head = match failure {
                Some(failure) => line(failure, look.wrong()),
                None if replay.tally.differences() > 0 => line("different", look.wrong()),
                None => line("the same", look.good()),
            };
            results(replay, head, inner, buf, look);
            "j k move   Esc close"
        }
    };
    let below = Rect {
        y: inner.bottom().saturating_sub(1),
        height: inner.height.min(1),
        ..inner
    };
    Line::styled(format!("{:width$}", cut(foot, width, look)), look.quiet()).render(below, buf);
}

fn requests(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} request{plural}")
}

fn question(plan: &Plan, width: usize, look: Look) -> Vec<Line<'static>> {
    let text = |text: String, style| Line::styled(cut(&text, width, look), style);
    let mut lines = vec![
        text(
            format!("{} is not this machine.", plan.target),
            look.wrong(),
        ),
        text(
            format!("Send {} there?", requests(plan.requests)),
            look.strong(),
        ),
    ];
    for (name, count) in &plan.names {
        lines.push(Line::from(vec![
            Span::raw(format!("{count:>8}  ")),
            Span::styled(cut(name, width.saturating_sub(10), look), look.name()),
        ]));
    }
    let skipped = plan.skipped.iter();
    lines.extend(skipped.map(|skipped| text(format!("not sent: {skipped}"), look.quiet())));
    lines
}

/// A line on how it stands, the counts, and what came of each.
fn results(replay: &Replay, head: Line<'static>, area: Rect, buf: &mut Buffer, look: Look) {
    let counts = Verdict::ALL.iter().filter_map(|verdict| {
        let count = replay.tally.of(*verdict);
        let style = match (verdict.is_difference(), verdict) {
            (true, _) => look.wrong(),
            (false, Verdict::Same) => look.good(),
            (false, _) => look.doubtful(),
        };
        (count > 0).then(|| Line::styled(format!("{} {count}", verdict.as_str()), style))
    });
    let counts = super::super::paint::flow(counts, area.width);
    let width = usize::from(area.width);
    let lines = replay.lines.iter().skip(replay.top);
    let lines = lines.map(|line| {
        let style = match line.kind {
            Kind::Same | Kind::Both => Style::new(),
            Kind::Different => look.wrong(),
            Kind::Then => look.color(ratatui::style::Color::Red),
            Kind::Now => look.good(),
            Kind::About => look.quiet(),
        };
        Line::styled(cut(&look.text_line(&line.text), width, look), style)
    });
    rows(
        area,
        buf,
        [head, counts, Line::default()].into_iter().chain(lines),
    );
}
