//! Charts as SVG: values in, markup out.

use super::{
    axis::Axis,
    series::{Series, Shape},
};
use petrel_cli::output::html as esc;

/// The drawing and what lies around the plot: a user unit is a pixel in a column of the page.
const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 46.0;
/// About as wide is a character of a tick, on wide pages and on narrow ones.
const CHAR_WIDE: f64 = 7.0;
const CHAR_NARROW: f64 = 12.0;
/// So far apart are the lines of two ticks at the least, on wide pages and on narrow ones.
const LINE_WIDE: f64 = 14.0;
const LINE_NARROW: f64 = 19.0;
/// Points of a path that are nearer to each other than this are one.
const NEAR: f64 = 0.6;

/// A chart: later series lie over earlier ones.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) heading: &'static str,
    /// What it says, for whoever cannot see it.
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
    /// What one must know to read it; may be empty.
    pub(super) note: String,
}

impl Chart {
    /// The chart with its heading, its legend and its note.
    pub(super) fn figure(&self) -> String {
        let mut text = format!("<figure>\n<figcaption>{}</figcaption>\n", esc(self.heading));
        text += &self.legend();
        text += &self.svg();
        if !self.note.is_empty() {
            text += &format!("<p class=\"note\">{}</p>\n", esc(&self.note));
        }
        text + "</figure>\n"
    }

    fn legend(&self) -> String {
        let mut text = "<ul class=\"legend\">".to_owned();
        for series in self.series.iter().filter(|series| series.in_legend) {
            let sample = match series.shape {
                Shape::Line => "<path class=\"line\" d=\"M1 6H23\"/>".to_owned(),
                Shape::Dashed => "<path class=\"line dash\" d=\"M1 6H23\"/>".to_owned(),
                Shape::Dots => {
                    format!("<path class=\"line\" d=\"M1 6H23\"/>{}", dot(12.0, 6.0, ""))
                }
                Shape::Points => dot(12.0, 6.0, ""),
                Shape::Crosses => cross(12.0, 6.0, ""),
                Shape::Area | Shape::Region => {
                    "<path class=\"area\" d=\"M1 1H23V11H1Z\"/>".to_owned()
                }
            };
            text += &format!(
                "<li class=\"{}\"><svg viewBox=\"0 0 24 12\" aria-hidden=\"true\">{sample}</svg>{}</li>",
                series.class,
                esc(&series.name)
            );
        }
        text + "</ul>\n"
    }

    /// The drawing alone.
    pub(super) fn svg(&self) -> String {
        let mut text = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH:.0} {HEIGHT:.0}\" role=\"img\">\n<title>{}</title>\n",
            esc(&self.title)
        );
        text += &self.grid();
        for series in &self.series {
            text += &format!("<g class=\"{}\">{}</g>\n", series.class, self.draw(series));
        }
        text + "</svg>\n"
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (
            LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - self.y.place(y) * (HEIGHT - TOP - BOTTOM),
        )
    }

    /// Lines at the ticks, their words, and the labels of the axes.
    fn grid(&self) -> String {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let mut text = String::new();
        // A tick whose word would run into the one before it has none; fewer have one on a phone.
        let (mut wide_end, mut narrow_end) = (f64::MAX, f64::MAX);
        for (value, name) in &self.y.ticks {
            let (_, y) = self.at((self.x.ends().0, *value));
            text += &format!("<path class=\"grid\" d=\"M{LEFT:.0} {y:.1}H{right:.0}\"/>");
            if y > wide_end - LINE_WIDE {
                continue;
            }
            wide_end = y;
            let class = if y > narrow_end - LINE_NARROW {
                " class=\"wide\""
            } else {
                narrow_end = y;
                ""
            };
            text += &format!(
                "<text{class} x=\"{:.0}\" y=\"{y:.1}\" text-anchor=\"end\" \
                 dominant-baseline=\"middle\">{}</text>\n",
                LEFT - 7.0,
                esc(name)
            );
        }
        let (mut wide_end, mut narrow_end) = (f64::MIN, f64::MIN);
        for (value, name) in &self.x.ticks {
            let (x, _) = self.at((*value, self.y.ends().0));
            text += &format!(
                "<path class=\"grid\" d=\"M{x:.1} {TOP:.0}V{:.0}\"/>",
                bottom + 4.0
            );
            let half = |width: f64| name.chars().count() as f64 * width / 2.0;
            if x - half(CHAR_WIDE) < wide_end {
                continue;
            }
            wide_end = x + half(CHAR_WIDE) + CHAR_WIDE;
            let class = if x - half(CHAR_NARROW) < narrow_end {
                " class=\"wide\""
            } else {
                narrow_end = x + half(CHAR_NARROW) + CHAR_NARROW;
                ""
            };
            text += &format!(
                "<text{class} x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>\n",
                bottom + 20.0,
                esc(name)
            );
        }
        text += &format!("<path class=\"axis\" d=\"M{LEFT:.0} {TOP:.0}V{bottom:.0}H{right:.0}\"/>");
        text += &format!(
            "<text class=\"label\" x=\"{right:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>",
            HEIGHT - 6.0,
            esc(&self.x.label)
        );
        text += &format!(
            "<text class=\"label\" x=\"2\" y=\"11\">{}</text>\n",
            esc(&self.y.label)
        );
        text
    }

    fn draw(&self, series: &Series) -> String {
        let points = &series.points;
        match series.shape {
            Shape::Line => self.line("line", points),
            Shape::Dashed => self.line("line dash", points),
            Shape::Dots => self.line("line", points) + &self.marks(series, dot),
            Shape::Points => self.marks(series, dot),
            Shape::Crosses => self.marks(series, cross),
            Shape::Area => {
                let (Some(first), Some(last)) = (points.first(), points.last()) else {
                    return String::new();
                };
                let floor = self.y.ends().0;
                let mut closed = vec![(first.0, floor)];
                closed.extend(points);
                closed.push((last.0, floor));
                format!("<path class=\"area\" d=\"{}Z\"/>", self.path(&closed))
            }
            Shape::Region => format!("<path class=\"area\" d=\"{}Z\"/>", self.path(points)),
        }
    }

    fn line(&self, class: &str, points: &[(f64, f64)]) -> String {
        let mut text = format!("<path class=\"{class}\" d=\"{}\"/>", self.path(points));
        // A point between two gaps is no line; it is shown all the same.
        let is_number = |at: usize| points.get(at).is_some_and(|point| is_finite(*point));
        for (at, point) in points.iter().enumerate() {
            let is_alone = !is_number(at + 1) && (at == 0 || !is_number(at - 1));
            if is_number(at) && is_alone {
                let (x, y) = self.at(*point);
                text += &dot(x, y, "");
            }
        }
        text
    }

    /// The path through the points, without those that nobody could tell apart.
    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        let mut last: Option<(f64, f64)> = None;
        for (at, point) in points.iter().enumerate() {
            if !is_finite(*point) {
                last = None;
                continue;
            }
            let (x, y) = self.at(*point);
            let is_end = points.get(at + 1).is_none_or(|next| !is_finite(*next));
            match last {
                None => path += &format!("M{x:.1} {y:.1}"),
                Some((x0, y0)) if !is_end && (x - x0).abs() < NEAR && (y - y0).abs() < NEAR => {
                    continue;
                }
                Some(_) => path += &format!("L{x:.1} {y:.1}"),
            }
            last = Some((x, y));
        }
        path
    }

    fn marks(&self, series: &Series, mark: fn(f64, f64, &str) -> String) -> String {
        let finite = series.points.iter().enumerate();
        finite
            .filter(|(_, point)| is_finite(**point))
            .map(|(at, point)| {
                let (x, y) = self.at(*point);
                mark(x, y, series.tips.get(at).map_or("", String::as_str))
            })
            .collect()
    }
}

const fn is_finite((x, y): (f64, f64)) -> bool {
    x.is_finite() && y.is_finite()
}

fn dot(x: f64, y: f64, tip: &str) -> String {
    format!(
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\">{}</circle>",
        title(tip)
    )
}

fn cross(x: f64, y: f64, tip: &str) -> String {
    format!(
        "<path class=\"cross\" d=\"M{:.1} {:.1}l8 8m0 -8l-8 8\">{}</path>",
        x - 4.0,
        y - 4.0,
        title(tip)
    )
}

fn title(tip: &str) -> String {
    if tip.is_empty() {
        String::new()
    } else {
        format!("<title>{}</title>", esc(tip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::words::short;

    fn chart(series: Vec<Series>) -> Chart {
        Chart {
            heading: "a heading",
            title: "what it <says>".into(),
            x: Axis::up_to("seconds", 10.0, short),
            y: Axis::from_zero("answers", 100.0, short),
            series,
            note: String::new(),
        }
    }

    #[test]
    fn a_line_goes_from_corner_to_corner_of_the_plot() {
        let line = Series::new("a", "c1", Shape::Line, vec![(0.0, 0.0), (10.0, 100.0)]);
        let svg = chart(vec![line]).svg();
        assert!(
            svg.contains("<path class=\"line\" d=\"M62.0 254.0L528.0 28.0\"/>"),
            "{svg}"
        );
        assert!(svg.contains("<title>what it &lt;says&gt;</title>"), "{svg}");
        assert!(
            svg.contains(">seconds</text>") && svg.contains(">answers</text>"),
            "{svg}"
        );
    }

    #[test]
    fn a_gap_breaks_the_line_and_a_lone_point_is_a_dot() {
        let gap = (2.0, f64::NAN);
        let points = vec![
            (0.0, 0.0),
            (1.0, 0.0),
            gap,
            (5.0, 50.0),
            gap,
            (9.0, 0.0),
            (10.0, 0.0),
        ];
        let svg = chart(vec![Series::new("a", "c1", Shape::Line, points)]).svg();
        assert!(
            svg.contains("d=\"M62.0 254.0L108.6 254.0M295.0 141.0M481.4 254.0L528.0 254.0\""),
            "{svg}"
        );
        assert_eq!(svg.matches("<circle").count(), 1, "{svg}");
    }

    #[test]
    fn points_that_nobody_can_tell_apart_are_left_out_but_the_last() {
        let points: Vec<(f64, f64)> = (0..=100_000)
            .map(|at| (f64::from(at) / 1e4, 50.0))
            .collect();
        let svg = chart(vec![Series::new("a", "c1", Shape::Line, points)]).svg();
        assert!(svg.len() < 20_000, "{}", svg.len());
        assert!(svg.contains("L528.0 141.0\"/>"), "{svg}");
    }

    #[test]
    fn an_area_reaches_down_and_the_legend_names_what_is_to_be_named() {
        let area = Series::new(
            "noise",
            "floor",
            Shape::Area,
            vec![(0.0, 50.0), (10.0, 50.0)],
        );
        let more = Series::new("more", "c1", Shape::Dashed, vec![(0.0, 1.0)]).without_legend();
        let figure = chart(vec![area, more]).figure();
        assert!(
            figure.contains("d=\"M62.0 254.0L62.0 141.0L528.0 141.0L528.0 254.0Z\""),
            "{figure}"
        );
        assert!(
            figure.contains("</svg>noise</li>") && !figure.contains("more"),
            "{figure}"
        );
    }

    #[test]
    fn marks_say_what_they_are() {
        let tips = vec!["one & all".to_owned()];
        let dots = Series::new("a", "c1", Shape::Points, vec![(1.0, 1.0), (2.0, f64::NAN)]);
        let svg = chart(vec![dots.with_tips(tips)]).svg();
        assert_eq!(svg.matches("<circle").count(), 1);
        assert!(
            svg.contains("<title>one &amp; all</title></circle>"),
            "{svg}"
        );
    }

    #[test]
    fn words_of_ticks_do_not_run_into_each_other() {
        let mut chart = chart(Vec::new());
        let values: Vec<f64> = (100..200).map(f64::from).collect();
        chart.x = Axis::log_at("value", &values, |value| format!("{value:.0} things"));
        let svg = chart.svg();
        let words = svg.matches(" things</text>").count();
        assert!((3..10).contains(&words), "{words}");
        assert!(
            svg.contains("class=\"wide\""),
            "some are for wide pages only"
        );
    }
}
