//! A small screen: the numbers that matter, as many lines as fit, and charts where there is room.

use super::{
    health::{Strain, measures, overall},
    paint::{Palette, cut, flow, gauge, rows, spark},
    panels::{dotted, errors_in_short},
    state::State,
};
use crate::{
    figures::{achieved_per_s, elapsed, errors_in_all, grouped, rate, span},
    latency::{Latency, Percentile, show_micros},
    progress::Progress,
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Color,
    text::{Line, Span},
};

/// Rows that a chart needs to say something.
const CHART_ROWS: u16 = 8;

/// A line and how much it matters: 0 is the most.
type Ranked = (u8, Line<'static>);

/// Draws the lines that matter the most; gives what room is left for charts.
pub(super) fn draw(area: Rect, buf: &mut Buffer, state: &State, palette: Palette) -> Rect {
    let room = usize::from(area.height);
    let mut lines = lines(area.width, state, palette);
    if lines.len() + usize::from(CHART_ROWS) > room {
        // Too low for charts: a line of them is better than none.
        let at = lines.len().min(RATE_LINE + 1);
        lines.insert(
            at,
            (RANK_SPARKS, sparks(area.width, &state.progress, palette)),
        );
    }
    while lines.len() > room {
        let least = lines.iter().map(|(rank, _)| *rank).max();
        lines.retain(|(rank, _)| Some(*rank) != least);
    }
    let used = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    // The message and the keys stay at the bottom, the charts stand above them.
    let is_foot = |(rank, _): &&Ranked| matches!(*rank, RANK_MESSAGE | RANK_KEYS);
    let at_bottom = u16::try_from(lines.iter().filter(is_foot).count()).unwrap_or(0);
    let top = used - at_bottom;
    let left = area.height - used;
    let mut lines = lines.into_iter().map(|(_, line)| line);
    let above: Vec<Line<'_>> = lines.by_ref().take(top.into()).collect();
    rows(area, buf, above);
    let foot = Rect {
        y: area.bottom() - at_bottom,
        height: at_bottom,
        ..area
    };
    rows(foot, buf, lines);
    Rect {
        y: area.y + top,
        height: if left >= CHART_ROWS { left } else { 0 },
        ..area
    }
}

/// Where the line with the rate stands.
const RATE_LINE: usize = 3;
const RANK_SPARKS: u8 = 12;
const RANK_MESSAGE: u8 = 2;
const RANK_KEYS: u8 = 6;

/// All lines, in the order of the screen; every rank stands once.
fn lines(width: u16, state: &State, palette: Palette) -> Vec<Ranked> {
    let progress = &state.progress;
    let mut lines = vec![
        (
            10,
            Line::styled(cut(&state.target, width.into()), palette.strong()),
        ),
        (0, phase(width, progress, palette)),
        (8, gauge(super::draw::done(progress), width, palette)),
        (1, rates(width, progress, palette)),
    ];
    if width >= 40 {
        lines.push((
            3,
            percentiles(width, "response", &progress.response, palette),
        ));
        lines.push((9, percentiles(width, "service", &progress.service, palette)));
    } else {
        lines.push((5, percentile(Percentile::P50, progress, palette)));
        lines.push((3, percentile(Percentile::P99, progress, palette)));
    }
    lines.push((4, troubles(width, progress, palette)));
    lines.push((7, load(width, progress, palette)));
    if width >= 40 {
        lines.push((11, generator(width, progress, palette)));
    }
    if let Some(message) = state.message() {
        let text = cut(message, width.into());
        lines.push((RANK_MESSAGE, Line::styled(text, palette.strong())));
    }
    lines.push((RANK_KEYS, super::draw::keys(width, progress, palette)));
    lines
}

fn phase(width: u16, progress: &Progress, palette: Palette) -> Line<'static> {
    let name = progress.phase.name();
    let whole = format!("{name}  {}", elapsed(progress));
    let short = format!("{name} {}", span(progress.phase_s));
    let text = if whole.len() <= width.into() {
        whole
    } else {
        short
    };
    Line::styled(cut(&text, width.into()), palette.strong())
}

/// The throughput of the last seconds, against the highest of them.
fn sparks(width: u16, progress: &Progress, palette: Palette) -> Line<'static> {
    let points = &progress.points;
    let shown = &points[points.len().saturating_sub(width.into())..];
    let rates = || shown.iter().map(|point| point.throughput_per_s);
    let most = rates().filter(|rate| rate.is_finite()).fold(1e-9, f64::max);
    let text: String = rates().map(|rate| spark(rate / most)).collect();
    Line::styled(text, palette.color(Color::Green))
}

fn rates(width: u16, progress: &Progress, palette: Palette) -> Line<'static> {
    let achieved = achieved_per_s(progress).map_or_else(|| "-".to_owned(), rate);
    let target = progress.target_per_s.map(rate);
    let target = target.map_or_else(String::new, |target| format!(" of {target}"));
    let text = format!("{achieved}{target}");
    if usize::from(width) >= text.len() + 6 {
        Line::from(vec![
            Span::styled("rate  ", palette.quiet()),
            Span::styled(text, palette.strong()),
        ])
    } else {
        Line::styled(text, palette.strong())
    }
}

fn percentile(percentile: Percentile, progress: &Progress, palette: Palette) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{} ", dotted(percentile)), palette.quiet()),
        Span::raw(progress.response.reading(percentile).to_string()),
    ])
}

/// What is known of a distribution, on one line.
fn percentiles(
    width: u16,
    name: &'static str,
    latency: &Latency,
    palette: Palette,
) -> Line<'static> {
    let value = |name: &'static str, value: String| {
        Line::from(vec![
            Span::styled(format!("{name} "), palette.quiet()),
            Span::raw(value),
        ])
    };
    let mut things = vec![Line::styled(format!("{name:<8}"), palette.quiet())];
    for percentile in [Percentile::P50, Percentile::P99] {
        let reading = latency.reading(percentile);
        things.push(value(
            dotted(percentile),
            // That more samples are needed takes more room than there is.
            match reading.micros {
                None => "n/a".to_owned(),
                Some(_) => reading.to_string(),
            },
        ));
    }
    things.extend(latency.max.map(|max| value("max", show_micros(max))));
    first_line(things, width)
}

/// Errors, and how the generator does.
fn troubles(width: u16, progress: &Progress, palette: Palette) -> Line<'static> {
    let measures = measures(progress);
    let is_wide = width >= 40;
    let mut errors = Line::styled("errors ", palette.quiet());
    errors.push_span(if is_wide {
        errors_in_short(progress, palette)
    } else {
        Span::raw(grouped(errors_in_all(progress)))
    });
    let mut things = vec![errors];
    if let Some(worst) = overall(&measures) {
        let name = if is_wide { "generator " } else { "gen " };
        let generator = Line::from(vec![
            Span::styled(name, palette.quiet()),
            Span::styled(worst.strain.word(), palette.strain(worst.strain)),
        ]);
        // Where there may be no room for both, trouble goes first.
        let is_first = !is_wide && worst.strain > Strain::Ok;
        things.insert(if is_first { 0 } else { 1 }, generator);
    }
    first_line(things, width)
}

fn load(width: u16, progress: &Progress, palette: Palette) -> Line<'static> {
    first_line(facts(progress, palette), width)
}

/// How much is under way.
pub(super) fn facts(progress: &Progress, palette: Palette) -> Vec<Line<'static>> {
    let fact = |name: &str, value: String| {
        Line::from(vec![
            Span::styled(format!("{name} "), palette.quiet()),
            Span::raw(value),
        ])
    };
    let (open, wanted) = progress.connections;
    let connections = format!("{}/{}", grouped(open.into()), grouped(wanted.into()));
    vec![
        fact("in flight", grouped(progress.in_flight)),
        fact("backlog", grouped(progress.backlog)),
        fact("connections", connections),
        fact("answered", grouped(progress.ok)),
        fact("due", grouped(progress.requests)),
    ]
}

fn generator(width: u16, progress: &Progress, palette: Palette) -> Line<'static> {
    let things = measures(progress).into_iter().map(|measure| {
        Line::from(vec![
            Span::styled(format!("{} ", measure.name), palette.quiet()),
            Span::styled(measure.value, palette.strain(measure.strain)),
        ])
    });
    first_line(things.collect(), width)
}

fn first_line(things: Vec<Line<'static>>, width: u16) -> Line<'static> {
    let mut lines = flow(things, width, 1);
    lines.pop().unwrap_or_default()
}
