//! A chart of curves over time: the newest at the right edge, each curve named where it ends.

use super::{
    paint::{Palette, headed, row},
    scale::Scale,
};
use crate::figures::span;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
    symbols::Marker,
    text::{Line, Span},
    widgets::{
        Widget,
        canvas::{self, Canvas, Context},
    },
};

/// Time that a chart shows at the least.
const SPAN_MIN_S: f64 = 30.0;

/// Values over time.
#[derive(Debug)]
pub(super) struct Curve {
    /// Its name.
    pub(super) name: &'static str,
    /// Its colour, where there are any.
    pub(super) color: Color,
    /// Whether it is a line; else it is dots.
    pub(super) is_line: bool,
    /// When, in seconds, and how much; nothing where nothing is known.
    pub(super) points: Vec<(f64, Option<f64>)>,
}

/// Curves on one scale.
#[derive(Debug)]
pub(super) struct Chart<'a> {
    /// What is shown.
    pub(super) title: Line<'a>,
    /// The scale of all curves.
    pub(super) scale: Scale,
    /// The curves, the most important last.
    pub(super) curves: Vec<Curve>,
    /// How a value of the scale is written.
    pub(super) written: fn(f64) -> String,
}

impl Curve {
    /// Every value there is.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().filter_map(|(_, value)| *value)
    }
}

impl Chart<'_> {
    /// Draws it with its title.
    pub(super) fn draw(self, area: Rect, buf: &mut Buffer, palette: Palette) {
        let area = headed(area, buf, self.title.clone(), palette);
        let ticks: Vec<(u16, String)> = {
            let named = self.scale.ticks(area.height.saturating_sub(1));
            let written = |(row, value)| (row, (self.written)(value));
            named.into_iter().map(written).collect()
        };
        let width_of = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let left = width_of(&mut ticks.iter().map(|(_, text)| Span::raw(text).width())) + 2;
        let right = width_of(&mut self.curves.iter().map(|curve| curve.name.len())) + 1;
        let (left, right) = (narrow(left), narrow(right));
        if area.width < left + right + 4 || area.height < 3 {
            return;
        }
        let plot = Rect {
            x: area.x + left,
            y: area.y,
            width: area.width - left - right,
            height: area.height - 1,
        };
        self.draw_axes(area, plot, &ticks, buf, palette);
        let times = || self.curves.iter().flat_map(|curve| &curve.points);
        let newest_s = times()
            .map(|(at_s, _)| *at_s)
            .fold(f64::NEG_INFINITY, f64::max);
        let oldest_s = times().map(|(at_s, _)| *at_s).fold(f64::INFINITY, f64::min);
        if !self
            .curves
            .iter()
            .any(|curve| curve.values().next().is_some())
        {
            let text = Line::styled("nothing yet", palette.quiet()).centered();
            text.render(row(plot, plot.height / 2), buf);
            return;
        }
        let span_s = (newest_s - oldest_s).clamp(SPAN_MIN_S, 1e9);
        self.draw_times(plot, span_s, buf, palette);
        Canvas::default()
            .marker(Marker::Braille)
            .x_bounds([-span_s, 0.0])
            .y_bounds([0.0, 1.0])
            .paint(|context| {
                for curve in &self.curves {
                    self.paint_curve(curve, newest_s, context, palette);
                    context.layer();
                }
            })
            .render(plot, buf);
        self.draw_names(plot, right, buf, palette);
    }

    fn draw_axes(
        &self,
        area: Rect,
        plot: Rect,
        ticks: &[(u16, String)],
        buf: &mut Buffer,
        palette: Palette,
    ) {
        for index in 0..plot.height {
            let named = ticks.iter().find(|(row, _)| *row == index);
            let (text, axis) = named.map_or(("", "│"), |(_, text)| (text.as_str(), "┤"));
            let width = usize::from(plot.x - area.x - 1);
            let text = format!("{text:>width$}{axis}");
            buf.set_string(area.x, plot.y + index, text, palette.quiet());
        }
        let rule = format!("└{}", "─".repeat(plot.width.into()));
        buf.set_string(plot.x - 1, plot.bottom(), rule, palette.quiet());
    }

    /// What the time axis begins and ends with, in the axis itself.
    fn draw_times(&self, plot: Rect, span_s: f64, buf: &mut Buffer, palette: Palette) {
        let axis = row(
            Rect {
                height: plot.height + 1,
                ..plot
            },
            plot.height,
        );
        let ago = format!(" {} ago ", span(span_s));
        if ago.len() + 8 > usize::from(axis.width) {
            return;
        }
        buf.set_string(axis.x + 1, axis.y, ago, palette.quiet());
        let now = " now";
        buf.set_string(
            axis.right() - narrow(now.len()),
            axis.y,
            now,
            palette.quiet(),
        );
    }

    fn paint_curve(
        &self,
        curve: &Curve,
        newest_s: f64,
        context: &mut Context<'_>,
        palette: Palette,
    ) {
        let color = palette.color(curve.color);
        context.marker(if curve.is_line {
            Marker::Braille
        } else {
            Marker::Custom('·')
        });
        let mut before: Option<(f64, f64)> = None;
        for &(at_s, value) in &curve.points {
            let Some(value) = value.filter(|value| value.is_finite() && at_s.is_finite()) else {
                before = None;
                continue;
            };
            let (x, y) = (at_s - newest_s, self.scale.place(value));
            match before {
                Some((x1, y1)) if curve.is_line => {
                    context.draw(&canvas::Line::new(x1, y1, x, y, color));
                }
                _ => context.draw(&canvas::Points::new(&[(x, y)], color)),
            }
            before = Some((x, y));
        }
    }

    /// Names each curve where it ends. Names that would lie on each other move apart.
    fn draw_names(&self, plot: Rect, width: u16, buf: &mut Buffer, palette: Palette) {
        let mut names: Vec<(u16, &Curve)> = self
            .curves
            .iter()
            .filter_map(|curve| {
                let last = curve.values().last()?;
                Some((self.scale.row(last, plot.height), curve))
            })
            .collect();
        names.sort_by_key(|(row, _)| *row);
        for index in 1..names.len() {
            names[index].0 = names[index].0.max(names[index - 1].0 + 1);
        }
        let mut free = plot.height;
        for (row, curve) in names.into_iter().rev() {
            if free == 0 {
                return;
            }
            let row = row.min(free - 1);
            free = row;
            let style = Style::new().fg(palette.color(curve.color));
            let text = format!(" {}", curve.name);
            buf.set_stringn(plot.right(), plot.y + row, text, width.into(), style);
        }
    }
}

/// Widths of short texts.
fn narrow(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX / 4)
}
