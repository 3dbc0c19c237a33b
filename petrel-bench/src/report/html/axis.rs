//! Scales and their ticks: where on an axis a value lies, and which values are written beside it.

/// Ticks that an axis has at the most, as far as its steps can be chosen.
const TICKS_MAX: f64 = 6.0;

/// How values are spread over an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spacing {
    /// Equal distances are equal differences.
    Linear,
    /// Equal distances are equal factors.
    Log,
    /// As [`Spacing::Log`], but with room for zero: of one more than the value.
    Counts,
    /// Equal distances divide what is left of 1 by equal factors: 0.9, 0.99, 0.999.
    Tail,
}

impl Spacing {
    fn of(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.max(f64::MIN_POSITIVE).log10(),
            Self::Counts => (value.max(0.0) + 1.0).log10(),
            Self::Tail => -(1.0 - value).max(f64::EPSILON).log10(),
        }
    }
}

/// An axis from one value to another.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) label: String,
    spacing: Spacing,
    from: f64,
    to: f64,
    /// Values with what is written at them, in rising order.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From zero to the first round number that is not below `max`.
    pub(super) fn from_zero(label: &str, max: f64, show: fn(f64) -> String) -> Self {
        let step = step_for(max);
        let to = step * (max / step - 1e-9).ceil().max(1.0);
        Self::linear(label, (0.0, to), step, show)
    }

    /// From zero to exactly `to`.
    pub(super) fn up_to(label: &str, to: f64, show: fn(f64) -> String) -> Self {
        Self::linear(label, (0.0, to), step_for(to), show)
    }

    /// Whole numbers from 1 to `last`, with half a step of room on both sides.
    pub(super) fn ordinal(label: &str, last: usize, show: fn(f64) -> String) -> Self {
        let last = last.max(1) as f64;
        let step = step_for(last).max(1.0);
        let mut axis = Self::linear(label, (0.5, last + 0.5), step, show);
        if step > 1.0 {
            axis.ticks.insert(0, (1.0, show(1.0)));
        }
        axis
    }

    fn linear(label: &str, (from, to): (f64, f64), step: f64, show: fn(f64) -> String) -> Self {
        let mut ticks = Vec::new();
        let mut at = (from / step).ceil();
        while at * step <= to * (1.0 + 1e-9) {
            ticks.push((at * step, show(at * step)));
            at += 1.0;
        }
        Self {
            label: label.to_owned(),
            spacing: Spacing::Linear,
            from,
            to,
            ticks,
        }
    }

    /// A logarithmic axis around all `values` that are positive, which ends at 1, 2 or 5 of a decade.
    pub(super) fn log(
        label: &str,
        values: impl IntoIterator<Item = f64>,
        show: fn(f64) -> String,
    ) -> Self {
        let (mut min, mut max) = (f64::INFINITY, 0.0_f64);
        for value in values {
            if value.is_finite() && value > 0.0 {
                (min, max) = (min.min(value), max.max(value));
            }
        }
        if max == 0.0 {
            (min, max) = (1.0, 10.0);
        }
        let (from, mut to) = (
            round_to_tick(min, f64::floor),
            round_to_tick(max, f64::ceil),
        );
        if to <= from {
            to = from * 10.0;
        }
        let factors: &[f64] = if to / from > 300.0 {
            &[1.0]
        } else {
            &[1.0, 2.0, 5.0]
        };
        let mut ticks = Vec::new();
        let mut decade = 10_f64.powf(from.log10().floor());
        while decade <= to * 1.001 {
            for factor in factors {
                let tick = decade * factor;
                if (from * 0.999..=to * 1.001).contains(&tick) {
                    ticks.push((tick, show(tick)));
                }
            }
            decade *= 10.0;
        }
        Self {
            label: label.to_owned(),
            spacing: Spacing::Log,
            from,
            to,
            ticks,
        }
    }

    /// A logarithmic axis with a tick at each of `values` and some room around them.
    pub(super) fn log_at(label: &str, values: &[f64], show: fn(f64) -> String) -> Self {
        let mut axis = Self::log(label, values.iter().copied(), show);
        let mut values: Vec<f64> = values.iter().copied().filter(|each| *each > 0.0).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        if let (Some(first), Some(last)) = (values.first(), values.last()) {
            (axis.from, axis.to) = (first / 1.2, last * 1.2);
            axis.ticks = values.iter().map(|each| (*each, show(*each))).collect();
        }
        axis
    }

    /// A logarithmic axis of counts, with zero at its beginning.
    pub(super) fn counts(label: &str, max: f64, show: fn(f64) -> String) -> Self {
        let to = 10_f64.powf(max.max(9.0).log10().ceil());
        let mut ticks = vec![(0.0, show(0.0))];
        let mut tick = 1.0;
        while tick <= to * 1.001 {
            ticks.push((tick, show(tick)));
            tick *= 10.0;
        }
        Self {
            label: label.to_owned(),
            spacing: Spacing::Counts,
            from: 0.0,
            to,
            ticks,
        }
    }

    /// Shares from none to as many nines as so many samples can fill.
    pub(super) fn tail(label: &str, samples: u64) -> Self {
        let to = 1.0 - 1.0 / (samples.max(10) as f64 * 1.2);
        let all = [
            (0.0, "0"),
            (0.5, "50"),
            (0.9, "90"),
            (0.99, "99"),
            (0.999, "99.9"),
            (0.9999, "99.99"),
            (0.99999, "99.999"),
            (0.999_999, "99.9999"),
            (0.999_999_9, "99.99999"),
        ];
        let inside = all.iter().filter(|(share, _)| *share <= to);
        Self {
            label: label.to_owned(),
            spacing: Spacing::Tail,
            from: 0.0,
            to,
            ticks: inside
                .map(|(share, name)| (*share, (*name).to_owned()))
                .collect(),
        }
    }

    /// Where a value lies: 0 at the beginning of the axis, 1 at its end, and never beyond.
    pub(super) fn place(&self, value: f64) -> f64 {
        let (from, to) = (self.spacing.of(self.from), self.spacing.of(self.to));
        ((self.spacing.of(value) - from) / (to - from)).clamp(0.0, 1.0)
    }

    /// The value at its beginning and the one at its end.
    pub(super) const fn ends(&self) -> (f64, f64) {
        (self.from, self.to)
    }
}

/// A round step that divides `max` into a few.
fn step_for(max: f64) -> f64 {
    if !max.is_finite() || max <= 0.0 {
        return 1.0;
    }
    let rough = max / TICKS_MAX;
    let decade = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter();
    factor
        .map(|factor| factor * decade)
        .find(|step| *step >= rough * (1.0 - 1e-9))
        .unwrap_or(decade * 10.0)
}

/// The 1, 2 or 5 of a decade that is next to `value`, below or above it.
fn round_to_tick(value: f64, round: fn(f64) -> f64) -> f64 {
    let decade = 10_f64.powf((value.log10() + 1e-9).floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade);
    let is_up = round(0.5) > 0.5;
    let found = if is_up {
        steps.into_iter().find(|step| *step >= value * (1.0 - 1e-6))
    } else {
        steps
            .into_iter()
            .rev()
            .find(|step| *step <= value * (1.0 + 1e-6))
    };
    found.unwrap_or(decade)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::words::{short, short_micros};

    fn names(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, name)| name.as_str()).collect()
    }

    #[test]
    fn a_linear_axis_ends_at_a_round_number() {
        let axis = Axis::from_zero("", 48_213.0, short);
        assert_eq!(names(&axis), ["0", "10k", "20k", "30k", "40k", "50k"]);
        assert!((axis.place(25_000.0) - 0.5).abs() < 1e-9);
        assert_eq!((axis.place(-1.0), axis.place(1e9)), (0.0, 1.0));
        assert_eq!(names(&Axis::from_zero("", 0.0, short)), ["0", "1"]);
        assert_eq!(names(&Axis::up_to("", 0.5, short)).last(), Some(&"0.5"));
        assert_eq!(
            names(&Axis::up_to("", 29.0, short)),
            ["0", "5", "10", "15", "20", "25"]
        );
    }

    #[test]
    fn a_logarithmic_axis_ends_at_1_2_or_5() {
        let axis = Axis::log("", [130.0, 1_900.0], short_micros);
        assert_eq!(names(&axis), ["100 µs", "200 µs", "500 µs", "1 ms", "2 ms"]);
        let axis = Axis::log("", [1.0, 10_000.0, f64::NAN, 0.0], short_micros);
        assert_eq!(names(&axis), ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms"]);
        assert!((axis.place(100.0) - 0.5).abs() < 1e-9);
        assert_eq!(names(&Axis::log("", [], short)), ["1", "2", "5", "10"]);
        assert_eq!(names(&Axis::log("", [5.0], short)), ["5", "10", "20", "50"]);
    }

    #[test]
    fn the_tail_gives_every_nine_the_same_room() {
        let axis = Axis::tail("", 9_999);
        assert_eq!(names(&axis), ["0", "50", "90", "99", "99.9", "99.99"]);
        let nine = axis.place(0.99) - axis.place(0.9);
        assert!((axis.place(0.999) - axis.place(0.99) - nine).abs() < 1e-9);
        assert_eq!(axis.place(1.0), 1.0);
    }

    #[test]
    fn counts_begin_at_zero_and_steps_at_one() {
        let axis = Axis::counts("", 230.0, short);
        assert_eq!(names(&axis), ["0", "1", "10", "100", "1k"]);
        assert_eq!(axis.place(0.0), 0.0);
        let axis = Axis::ordinal("", 12, short);
        assert_eq!(names(&axis), ["1", "2", "4", "6", "8", "10", "12"]);
        let axis = Axis::log_at("", &[4.0, 1.0, 4.0], short);
        assert_eq!(names(&axis), ["1", "4"]);
        assert!(axis.place(1.0) > 0.0 && axis.place(4.0) < 1.0);
    }
}
