//! The whole picture: what goes where on a screen of any size.

use super::{
    chart::{Chart, Curve},
    compact, help,
    keys::{Action, BINDINGS},
    paint::{Palette, cut, flow, gauge},
    panels::{self, LATENCY_COLUMNS, PANEL_ROWS},
    scale::Scale,
    state::State,
};
use crate::{
    figures::{achieved_per_s, elapsed, rate},
    latency::show_micros,
    progress::Progress,
    record::Point,
};
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::Color,
    text::{Line, Span},
    widgets::Widget,
};

/// A screen smaller than this shows no panels.
const FULL_COLUMNS: u16 = 76;
/// A screen lower than this shows no panels.
const FULL_ROWS: u16 = 19;
/// From here on the panels stand three abreast.
const THREE_PANELS_COLUMNS: u16 = 120;
/// From here on charts stand above each other, because time wants width.
const STACKED_ROWS: u16 = 22;
/// A chart narrower than this says nothing.
const CHART_COLUMNS: u16 = 36;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State, palette: Palette) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    if area.width >= FULL_COLUMNS && area.height >= FULL_ROWS {
        full(area, buf, state, palette);
    } else {
        let left = compact::draw(area, buf, state, palette);
        charts(left, buf, &state.progress, palette);
    }
    if state.help {
        help::draw(area, buf, palette);
    }
}

/// The share of the phase that is over, where that is known.
pub(super) fn done(progress: &Progress) -> Option<f64> {
    let total_s = progress.phase_total_s.filter(|total_s| *total_s > 0.0)?;
    Some(progress.phase_s / total_s)
}

/// The keys that do something now, as many as fit.
pub(super) fn keys(width: u16, progress: &Progress, palette: Palette) -> Line<'static> {
    let is_open = progress.target_per_s.is_some();
    let things = BINDINGS
        .iter()
        // Everybody knows it.
        .filter(|binding| binding.action != Action::Interrupt)
        .filter(|binding| is_open || !matches!(binding.action, Action::Rate(_)))
        .map(|binding| match binding.short {
            (name, _) if binding.action == Action::Pause && progress.paused => {
                key(name, "go on", palette)
            }
            (name, word) => key(name, word, palette),
        });
    let mut lines = flow(things.collect(), width, 1);
    lines.pop().unwrap_or_default()
}

fn key(name: &'static str, word: &'static str, palette: Palette) -> Line<'static> {
    Line::from(vec![
        Span::styled(name, palette.strong()),
        Span::styled(format!(" {word}"), palette.quiet()),
    ])
}

fn full(area: Rect, buf: &mut Buffer, state: &State, palette: Palette) {
    let progress = &state.progress;
    let [title, bar, facts, middle, below, message, foot] = area.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(PANEL_ROWS),
        Constraint::Length(1),
        Constraint::Length(1),
    ]));
    draw_title(title, buf, state, palette);
    gauge(done(progress), bar.width, palette).render(bar, buf);
    let things = flow(compact::facts(progress, palette), facts.width, 1);
    for line in things {
        line.render(facts, buf);
    }
    charts(middle, buf, progress, palette);
    draw_panels(below, buf, progress, palette);
    if let Some(text) = state.message() {
        Line::styled(cut(text, message.width.into()), palette.strong()).render(message, buf);
    }
    keys(foot.width, progress, palette).render(foot, buf);
}

fn draw_title(area: Rect, buf: &mut Buffer, state: &State, palette: Palette) {
    let progress = &state.progress;
    let right = Line::from(vec![
        Span::styled(progress.phase.name(), palette.color(Color::Cyan)),
        Span::raw("  "),
        Span::styled(elapsed(progress), palette.strong()),
    ]);
    let name = "petrel-bench  ";
    let room = usize::from(area.width).saturating_sub(right.width() + name.len() + 2);
    Line::from(vec![
        Span::styled(name, palette.quiet()),
        Span::styled(cut(&state.target, room), palette.strong()),
    ])
    .render(area, buf);
    right.right_aligned().render(area, buf);
}

fn draw_panels(area: Rect, buf: &mut Buffer, progress: &Progress, palette: Palette) {
    let columns = |widths: &[Constraint]| {
        Layout::horizontal(widths.iter().copied())
            .spacing(2)
            .split(area)
    };
    let latency = Constraint::Length(LATENCY_COLUMNS);
    if area.width >= THREE_PANELS_COLUMNS {
        let areas = columns(&[latency, Constraint::Fill(3), Constraint::Fill(2)]);
        panels::latency(areas[0], buf, progress, palette);
        panels::generator(areas[1], buf, progress, palette);
        panels::errors(areas[2], buf, progress, palette);
    } else {
        let areas = columns(&[latency, Constraint::Fill(1)]);
        panels::latency(areas[0], buf, progress, palette);
        let [above, below] = areas[1].layout(&Layout::vertical([
            Constraint::Length(4),
            Constraint::Length(3),
        ]));
        panels::generator(above, buf, progress, palette);
        panels::errors(below, buf, progress, palette);
    }
}

/// As many charts as there is room for, the most important first.
fn charts(area: Rect, buf: &mut Buffer, progress: &Progress, palette: Palette) {
    if area.height < 6 || area.width < 16 {
        return;
    }
    let is_stacked = area.height >= STACKED_ROWS || area.width < 2 * CHART_COLUMNS;
    let room = if is_stacked {
        area.height / (STACKED_ROWS / 2)
    } else {
        area.width / (CHART_COLUMNS + 12)
    };
    let least = if is_stacked { 1 } else { 2 };
    let count = room.clamp(least, 3);
    let mut all = vec![
        rate_chart(progress, palette),
        response_chart(progress, palette),
    ];
    if count == 3 {
        all.push(load_chart(progress, palette));
    }
    all.truncate(count.into());
    let parts = all.iter().map(|_| Constraint::Fill(1));
    let areas = if is_stacked {
        Layout::vertical(parts).split(area)
    } else {
        Layout::horizontal(parts).spacing(2).split(area)
    };
    for (chart, &area) in all.into_iter().zip(areas.iter()) {
        chart.draw(area, buf, palette);
    }
}

fn rate_chart(progress: &Progress, palette: Palette) -> Chart<'static> {
    let curves = vec![
        curve(progress, "wanted", Color::Blue, false, |point| {
            point.target_per_s
        }),
        curve(progress, "got", Color::Green, true, |point| {
            Some(point.throughput_per_s)
        }),
    ];
    let achieved = achieved_per_s(progress).map_or_else(|| "-".to_owned(), rate);
    let mut title = vec![
        Span::styled("rate ", palette.strong()),
        Span::styled(achieved, palette.color(Color::Green)),
    ];
    if let Some(target) = progress.target_per_s {
        title.push(Span::styled(
            format!(" of {}", rate(target)),
            palette.quiet(),
        ));
    }
    Chart {
        title: Line::from(title),
        scale: Scale::linear(curves.iter().flat_map(Curve::values)),
        curves,
        written: in_short,
    }
}

fn response_chart(progress: &Progress, palette: Palette) -> Chart<'static> {
    let curves = vec![
        curve(progress, "max", Color::Red, false, |point| {
            point.response_max_us
        }),
        curve(progress, "p99", Color::Yellow, true, |point| {
            point.response_p99_us
        }),
        curve(progress, "p50", Color::Cyan, true, |point| {
            point.response_p50_us
        }),
    ];
    Chart {
        title: Line::from(vec![
            Span::styled("response", palette.strong()),
            Span::styled(" of each second, log scale", palette.quiet()),
        ]),
        scale: Scale::log(curves.iter().flat_map(Curve::values)),
        curves,
        written: micros_in_short,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a chart shows two or three digits"
)]
fn load_chart(progress: &Progress, palette: Palette) -> Chart<'static> {
    let curves = vec![
        curve(progress, "backlog", Color::Magenta, true, |point| {
            Some(point.backlog as f64)
        }),
        curve(progress, "in flight", Color::Cyan, true, |point| {
            Some(point.in_flight as f64)
        }),
    ];
    Chart {
        title: Line::styled(
            "requests in flight, and waiting to be sent",
            palette.strong(),
        ),
        scale: Scale::linear(curves.iter().flat_map(Curve::values)),
        curves,
        written: in_short,
    }
}

fn curve(
    progress: &Progress,
    name: &'static str,
    color: Color,
    is_line: bool,
    value: impl Fn(&Point) -> Option<f64>,
) -> Curve {
    let points = progress.points.iter();
    Curve {
        name,
        color,
        is_line,
        points: points.map(|point| (point.at_s, value(point))).collect(),
    }
}

/// A number for an axis: `750`, `2.5k`, `12k`, `1.2M`.
fn in_short(number: f64) -> String {
    let (number, unit) = match number {
        ..1e3 => (number, ""),
        ..1e6 => (number / 1e3, "k"),
        ..1e9 => (number / 1e6, "M"),
        ..1e12 => (number / 1e9, "G"),
        _ => return format!("{number:.0e}"),
    };
    // Quarters of round numbers have three digits at the most.
    format!("{}{unit}", (number * 100.0).round() / 100.0)
}

/// A duration for an axis: `200µs`, `5ms`.
fn micros_in_short(micros: f64) -> String {
    if micros < 1.0 {
        return format!("{micros}µs");
    }
    let text = show_micros(micros * 1.000_001);
    match text.split_once(' ') {
        Some((number, unit)) => {
            let number = number.split('.').next().unwrap_or(number);
            format!("{number}{unit}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_an_axis_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (750.0, "750"),
            (2_500.0, "2.5k"),
            (1.2e7, "12M"),
        ] {
            assert_eq!(in_short(number), text);
        }
        for (micros, text) in [
            (0.05, "0.05µs"),
            (1.0, "1µs"),
            (200.0, "200µs"),
            (1_000.0, "1ms"),
            (5e6, "5s"),
            (1e8, "100s"),
        ] {
            assert_eq!(micros_in_short(micros), text);
        }
    }
}
