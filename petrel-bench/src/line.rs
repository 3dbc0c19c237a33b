//! How a run goes, in one line on standard error: where there is a terminal, but no live view.

use crate::{
    figures::{achieved_per_s, elapsed, errors_in_all, grouped, rate},
    latency::Percentile,
    progress::{Order, Progress, Watch},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use petrel_cli::output;

/// Watches a run in one line that is drawn again and again, and is gone when this is dropped. Where
/// standard error is no terminal nothing is shown.
#[derive(Debug)]
pub struct ProgressLine {
    bar: ProgressBar,
}

impl ProgressLine {
    /// On standard error.
    pub fn on_stderr() -> Self {
        Self::on(ProgressDrawTarget::stderr_with_hz(10))
    }

    fn on(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(None, target).with_finish(ProgressFinish::AndClear);
        let style = ProgressStyle::with_template("{wide_msg}").expect("the template is right");
        bar.set_style(style);
        Self { bar }
    }
}

impl Watch for ProgressLine {
    fn show(&mut self, progress: &Progress) -> Vec<Order> {
        if !self.bar.is_hidden() {
            self.bar.set_message(line_of(progress));
        }
        Vec::new()
    }

    fn say(&mut self, line: &str) {
        self.bar.suspend(|| output::note(line));
    }
}

/// The line: phase, time, rate, percentiles, errors. What is not known yet is left out.
fn line_of(progress: &Progress) -> String {
    let mut parts = vec![format!("{} {}", progress.phase.name(), elapsed(progress))];
    if progress.paused {
        parts.push("paused".to_owned());
    }
    let (open, wanted) = progress.connections;
    if open < wanted {
        parts.push(format!("{open} of {wanted} connections"));
    }
    match (achieved_per_s(progress), progress.target_per_s) {
        (Some(achieved), Some(target)) => {
            parts.push(format!("{} of {}", rate(achieved), rate(target)));
        }
        (Some(achieved), None) => parts.push(rate(achieved)),
        (None, _) => (),
    }
    for percentile in [Percentile::P50, Percentile::P99] {
        let reading = progress.response.reading(percentile);
        if reading.micros.is_some() {
            parts.push(format!("{} {reading}", percentile.name()));
        }
    }
    match errors_in_all(progress) {
        0 => (),
        1 => parts.push("1 error".to_owned()),
        errors => parts.push(format!("{} errors", grouped(errors))),
    }
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{latency::Latency, progress::Phase, record::Point};
    use indicatif::TermLike;
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    fn measuring() -> Progress {
        Progress {
            phase: Phase::Measuring,
            phase_s: 12.3,
            phase_total_s: Some(30.0),
            target_per_s: Some(10_000.0),
            connections: (50, 50),
            errors: [("timeout".to_owned(), 2), ("status".to_owned(), 1)].into(),
            response: Latency {
                p50: Some(123.4),
                p99: Some(1_234.0),
                count: 1_000,
                at_least: vec!["p99".to_owned()],
                ..Latency::default()
            },
            points: vec![Point {
                throughput_per_s: 9_998.0,
                ..Point::default()
            }],
            ..Progress::default()
        }
    }

    /// A terminal that keeps what is written to it.
    #[derive(Clone, Debug, Default)]
    struct Paper(Arc<Mutex<Vec<String>>>);

    impl Paper {
        fn note(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push(text.trim().to_owned());
            Ok(())
        }
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.note(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.note(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            self.note("CLEARED")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_line_says_what_is_known() {
        assert_eq!(
            line_of(&measuring()),
            "measuring 12s of 30s  9,998/s of 10,000/s  p50 123 µs  p99 ≥ 1.23 ms  3 errors"
        );
        let early = Progress {
            phase: Phase::Connecting,
            connections: (3, 50),
            paused: true,
            ..Progress::default()
        };
        assert_eq!(
            line_of(&early),
            "connecting 0s  paused  3 of 50 connections"
        );
    }

    #[test]
    fn the_line_is_drawn_and_taken_away() {
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let mut line = ProgressLine::on(target);
        assert_eq!(line.show(&measuring()), []);
        let written = paper.0.lock().unwrap().join("|");
        assert!(written.contains("measuring 12s of 30s"), "{written}");

        drop(line);
        let last = paper
            .0
            .lock()
            .unwrap()
            .iter()
            .rev()
            .find(|text| !text.is_empty())
            .cloned();
        assert_eq!(last.as_deref(), Some("CLEARED"));
    }

    #[test]
    fn without_a_terminal_nothing_is_shown() {
        let mut line = ProgressLine::on(ProgressDrawTarget::hidden());
        line.show(&measuring());
        assert_eq!(line.bar.message(), "");
    }
}
