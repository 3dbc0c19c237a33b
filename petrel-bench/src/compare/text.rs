//! A comparison for people.

use super::record::{CompareRecord, Conclusion, FigureRecord, FigureVerdict, SideRecord};
use crate::{latency::show_micros, stats::median};
use anstyle::{AnsiColor, Style};
use petrel_cli::{Look, output};

impl CompareRecord {
    /// As a table, with what comes of it last.
    pub fn text(&self, look: Look) -> String {
        let mut text = String::new();
        for (name, side) in [("a  ", &self.a), ("b  ", &self.b)] {
            text += &line(look, name, &side_line(side));
        }
        for remark in &self.remarks {
            text += &line(look, "note: ", remark);
        }
        text += &format!(
            "\n{:15}{:27}{:>11}{:>11}  {}\n",
            "", "", "a", "b", "change, 95 % confidence"
        );
        for figure in &self.figures {
            text += &row(look, figure);
        }
        text += &line(
            look,
            "",
            "a and b are medians; the change is of the geometric means, so that the two can differ.",
        );
        text.push('\n');
        let style = match self.conclusion {
            Conclusion::Regression => colored(AnsiColor::Red),
            Conclusion::NoRegression => colored(AnsiColor::Green),
            Conclusion::NoVerdict => colored(AnsiColor::Yellow),
        };
        let word = match self.conclusion {
            Conclusion::Regression => "regression",
            Conclusion::NoRegression => "no regression",
            Conclusion::NoVerdict => "no verdict",
        };
        let last = format!("{word}: {} (margin {})", self.reason, percent(self.margin));
        let last = output::paragraph(&output::one_line(&last), look.width, "", "  ");
        text + &last.replacen(word, &look.paint(style.bold(), word), 1)
    }
}

fn side_line(side: &SideRecord) -> String {
    let runs = match side.started.len() {
        1 => "1 run".to_owned(),
        runs => format!("{runs} runs"),
    };
    let first = side.started.first().map_or("", String::as_str);
    format!(
        "{runs} of {}, the first at {first}",
        side.targets.join(", ")
    )
}

fn row(look: Look, figure: &FigureRecord) -> String {
    let style = match figure.verdict {
        FigureVerdict::Slower => colored(AnsiColor::Red),
        FigureVerdict::Faster => colored(AnsiColor::Green),
        FigureVerdict::Inconclusive => colored(AnsiColor::Yellow),
        FigureVerdict::Equivalent => Style::new(),
        FigureVerdict::NotCompared => Style::new().dimmed(),
    };
    let verdict = format!("{:13}", figure.verdict.word());
    let change = match (figure.ratio, figure.interval) {
        (Some(ratio), Some([low, high])) => {
            format!("{} ({} to {})", signed(ratio), signed(low), signed(high))
        }
        (Some(ratio), None) => signed(ratio),
        (None, _) => String::new(),
    };
    let line = format!(
        "  {}{:27}{:>11}{:>11}  {change}",
        look.paint(style, &verdict),
        figure.name,
        middle(figure, &figure.a),
        middle(figure, &figure.b),
    );
    let mut text = line.trim_end().to_owned() + "\n";
    let mut words: Vec<String> = figure.reason.iter().cloned().collect();
    if figure.verdict == FigureVerdict::Inconclusive {
        let detectable = figure.detectable.map(percent);
        words.extend(
            detectable.map(|change| format!("these runs would show a change of {change} or more")),
        );
        words.extend(
            figure
                .runs_needed
                .map(|runs| format!("about {runs} runs a side would decide")),
        );
    }
    if !words.is_empty() {
        let indent = " ".repeat(15);
        let words = output::one_line(&words.join("; "));
        text += &output::paragraph(&words, look.width, &indent, &indent);
    }
    text
}

/// The median run.
fn middle(figure: &FigureRecord, values: &[Option<f64>]) -> String {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    match median(&known) {
        _ if known.len() < values.len() => "n/a".to_owned(),
        Some(value) if figure.more_is_better => format!("{value:.0} /s"),
        Some(value) => show_micros(value),
        None => "n/a".to_owned(),
    }
}

fn signed(ratio: f64) -> String {
    format!("{:+.1} %", (ratio - 1.0) * 100.0)
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = usize::from(percent < 9.95 && (percent - percent.round()).abs() > 0.05);
    format!("{percent:.digits$} %")
}

fn line(look: Look, first: &str, line: &str) -> String {
    output::paragraph(&output::one_line(line), look.width, first, "    ")
}

const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}
