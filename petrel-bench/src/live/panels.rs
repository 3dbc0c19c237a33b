//! The panels under the charts: latencies, errors, the generator.

use super::{
    health::{Strain, measures, overall, percent},
    paint::{Palette, bar, cut, flow, headed, rows},
};
use crate::{
    figures::{errors_in_all, grouped},
    latency::{Latency, Percentile, show_micros},
    progress::Progress,
};
use petrel_cli::output::one_line;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

/// Rows of every panel, its title included.
pub(super) const PANEL_ROWS: u16 = 7;
/// Columns that the table of latencies takes.
pub(super) const LATENCY_COLUMNS: u16 = 42;

/// Response beside service: where they differ, requests waited before they were sent.
pub(super) fn latency(area: Rect, buf: &mut Buffer, progress: &Progress, palette: Palette) {
    let area = headed(
        area,
        buf,
        Line::styled("latency", palette.strong()),
        palette,
    );
    let heads = Line::styled(
        format!("{:<6}{:>18}{:>18}", "", "response", "service"),
        palette.quiet(),
    );
    let percentiles = Percentile::ALL.into_iter().map(|percentile| {
        let read = |latency: &Latency| latency.reading(percentile).to_string();
        (
            dotted(percentile),
            read(&progress.response),
            read(&progress.service),
        )
    });
    let longest = |latency: &Latency| latency.max.map_or_else(|| "n/a".to_owned(), show_micros);
    let max = (
        "max",
        longest(&progress.response),
        longest(&progress.service),
    );
    let lines = percentiles.chain([max]).map(|(name, response, service)| {
        Line::from(vec![
            Span::styled(format!("{name:<6}"), palette.quiet()),
            Span::styled(format!("{response:>18}"), palette.strong()),
            Span::raw(format!("{service:>18}")),
        ])
    });
    rows(area, buf, [heads].into_iter().chain(lines));
}

/// What went wrong, the most frequent first: a list, or beside each other where there is little room.
pub(super) fn errors(area: Rect, buf: &mut Buffer, progress: &Progress, palette: Palette) {
    let mut kinds: Vec<(&String, u64)> = progress
        .errors
        .iter()
        .map(|(kind, &count)| (kind, count))
        .filter(|(_, count)| *count > 0)
        .collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let title = Line::from(vec![
        Span::styled("errors ", palette.strong()),
        errors_in_short(progress, palette),
    ]);
    let area = headed(area, buf, title, palette);
    let as_list = area.height >= PANEL_ROWS - 1;
    let things = kinds.iter().map(|(kind, count)| {
        let count = grouped(*count);
        let room = usize::from(area.width).saturating_sub(count.len() + 1);
        let kind = cut(&one_line(kind), room);
        Line::from(vec![
            Span::styled(format!("{kind} "), palette.quiet()),
            Span::raw(count),
        ])
    });
    if !as_list {
        rows(area, buf, flow(things.collect(), area.width, area.height));
        return;
    }
    let room = usize::from(area.height);
    if kinds.len() <= room {
        rows(area, buf, things);
    } else {
        let more = format!("and {} kinds more", kinds.len() + 1 - room);
        let more = Line::styled(more, palette.quiet());
        rows(area, buf, things.take(room - 1).chain([more]));
    }
}

/// The number of errors and their share: `none`, `12 (0.01 %)`.
pub(super) fn errors_in_short(progress: &Progress, palette: Palette) -> Span<'static> {
    let errors = errors_in_all(progress);
    if errors == 0 {
        return Span::raw("none");
    }
    let share = share(errors, progress.ok);
    let text = format!("{} ({})", grouped(errors), percent(share));
    Span::styled(text, palette.wrong())
}

/// How the generator does: a bar and a word for all, and each measure with its own where there is room.
pub(super) fn generator(area: Rect, buf: &mut Buffer, progress: &Progress, palette: Palette) {
    let measures = measures(progress);
    let mut title = vec![Span::styled("generator ", palette.strong())];
    match overall(&measures) {
        Some(worst) => {
            let style = palette.strain(worst.strain);
            title.push(Span::styled(worst.strain.word(), style));
            title.push(Span::styled(format!(" {}", bar(worst.level, 8)), style));
        }
        None => title.push(Span::styled("not measured yet", palette.quiet())),
    }
    let area = headed(area, buf, Line::from(title), palette);
    let has_bars = area.height >= PANEL_ROWS - 1 && area.width >= 36;
    if has_bars {
        let cells = (area.width - 32).min(20);
        let lines = measures.iter().map(|measure| {
            let style = palette.strain(measure.strain);
            Line::from(vec![
                Span::styled(format!("{:<9}", measure.name), palette.quiet()),
                Span::raw(format!("{:>9}  ", measure.value)),
                Span::styled(bar(measure.level, cells), style),
                Span::styled(format!("  {}", measure.strain.word()), style),
            ])
        });
        rows(area, buf, lines);
    } else {
        let things = measures.iter().map(|measure| {
            let value_style = match measure.strain {
                Strain::Ok => ratatui::style::Style::new(),
                worse => palette.strain(worse),
            };
            Line::from(vec![
                Span::styled(format!("{} ", measure.name), palette.quiet()),
                Span::styled(measure.value.clone(), value_style),
            ])
        });
        rows(area, buf, flow(things.collect(), area.width, area.height));
    }
}

/// `p99.9`, where JSON says `p999`.
pub(super) const fn dotted(percentile: Percentile) -> &'static str {
    match percentile {
        Percentile::P999 => "p99.9",
        other => other.name(),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share is shown with two digits"
)]
fn share(errors: u64, ok: u64) -> f64 {
    errors as f64 / (errors as f64 + ok as f64)
}
