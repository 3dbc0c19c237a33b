//! The vertical scale of a chart: where a value lies, and which values are named.

/// A scale from its least to its greatest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// From nought to this.
    Linear { high: f64 },
    /// Powers of ten are at equal distances.
    Log { low: f64, high: f64 },
}

/// Tops of linear scales; their quarters are short numbers.
const TOPS: [f64; 10] = [1.0, 1.2, 1.6, 2.0, 2.4, 3.0, 4.0, 6.0, 8.0, 10.0];
/// Ends of logarithmic scales.
const ENDS: [f64; 3] = [1.0, 2.0, 5.0];
/// No duration below this is worth a place, in microseconds.
const LEAST: f64 = 0.01;

impl Scale {
    /// From nought to a round number that is not below any of the values.
    pub(super) fn linear(values: impl Iterator<Item = f64>) -> Self {
        let most = usable(values).fold(0.0, f64::max).max(1.0);
        let unit = decade(most);
        let top = TOPS.into_iter().find(|top| top * unit >= most);
        Self::Linear {
            high: top.unwrap_or(10.0) * unit,
        }
    }

    /// Between round numbers that all the values lie between.
    pub(super) fn log(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, LEAST);
        for value in usable(values) {
            least = least.min(value.max(LEAST));
            most = most.max(value);
        }
        if least > most {
            (least, most) = (100.0, 1_000.0);
        }
        let low = ENDS.map(|end| end * decade(least));
        let low = low.into_iter().rev().find(|&low| low <= least);
        let high = ENDS.map(|end| end * decade(most));
        let high = high.into_iter().find(|&high| high >= most);
        let low = low.unwrap_or_else(|| decade(least));
        let high = high.unwrap_or_else(|| decade(most) * 10.0);
        Self::Log {
            low,
            high: high.max(low * 2.0),
        }
    }

    /// Where the value lies: 0 at the bottom, 1 at the top. What lies beyond is put at the edge.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = match *self {
            Self::Linear { high } => value / high,
            Self::Log { low, high } => (value.max(low) / low).log10() / (high / low).log10(),
        };
        if place.is_nan() {
            0.0
        } else {
            place.clamp(0.0, 1.0)
        }
    }

    /// The row from the top that the value lies in.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place lies between 0 and 1"
    )]
    pub(super) fn row(&self, value: f64, rows: u16) -> u16 {
        let last = f64::from(rows.saturating_sub(1));
        ((1.0 - self.place(value)) * last).round() as u16
    }

    /// The values that are named, each with its row; there is a row free between two of them.
    pub(super) fn ticks(&self, rows: u16) -> Vec<(u16, f64)> {
        let mut ticks: Vec<(u16, f64)> = Vec::new();
        for value in self.candidates(rows) {
            let row = self.row(value, rows);
            if ticks.iter().all(|(taken, _)| taken.abs_diff(row) > 1) {
                ticks.push((row, value));
            }
        }
        ticks
    }

    /// Values worth a name, the most important first.
    fn candidates(&self, rows: u16) -> Vec<f64> {
        match *self {
            Self::Linear { high } => match rows {
                0..4 => vec![high],
                4..9 => vec![0.0, high, high / 2.0],
                _ => [0.0, 4.0, 2.0, 1.0, 3.0]
                    .map(|part| high * part / 4.0)
                    .to_vec(),
            },
            Self::Log { low, high } => {
                let mut decades = vec![];
                let mut between = vec![];
                let mut unit = decade(low);
                while unit <= high {
                    for end in ENDS {
                        let value = end * unit;
                        if value < low * 0.999 || value > high * 1.001 {
                            continue;
                        }
                        let list = if end == 1.0 {
                            &mut decades
                        } else {
                            &mut between
                        };
                        list.push(value);
                    }
                    unit *= 10.0;
                }
                if decades.len() < 3 {
                    decades.append(&mut between);
                }
                decades
            }
        }
    }
}

/// The power of ten that is not above the value.
fn decade(value: f64) -> f64 {
    10f64.powi(exponent(value))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the exponents of floating-point numbers are below 400"
)]
fn exponent(value: f64) -> i32 {
    value.log10().floor() as i32
}

fn usable(values: impl Iterator<Item = f64>) -> impl Iterator<Item = f64> {
    // Above this something is wrong, and sums and steps would lose their meaning.
    values.filter(|value| (0.0..1e18).contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_scale_ends_at_a_round_number() {
        for (most, high) in [
            (0.0, 1.0),
            (9_998.0, 10_000.0),
            (10_003.0, 12_000.0),
            (61.0, 80.0),
        ] {
            let scale = Scale::linear([most, f64::NAN, f64::INFINITY].into_iter());
            assert_eq!(scale, Scale::Linear { high });
        }
        let ticks = Scale::Linear { high: 12.0 }.ticks(9);
        assert_eq!(ticks, [(8, 0.0), (0, 12.0), (4, 6.0), (6, 3.0), (2, 9.0)]);
    }

    #[test]
    fn a_logarithmic_scale_holds_all_values() {
        let scale = Scale::log([123.0, 45_000.0, -1.0].into_iter());
        assert_eq!(
            scale,
            Scale::Log {
                low: 100.0,
                high: 50_000.0
            }
        );
        assert!(scale.place(100.0) < 1e-9);
        assert!((scale.place(50_000.0) - 1.0).abs() < 1e-9);
        let values: Vec<f64> = scale
            .ticks(12)
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        assert_eq!(values, [100.0, 1_000.0, 10_000.0]);
        // One value, or none, makes a scale as well.
        assert_eq!(
            Scale::log([100.0].into_iter()),
            Scale::Log {
                low: 100.0,
                high: 200.0
            }
        );
        assert!(matches!(Scale::log([].into_iter()), Scale::Log { .. }));
    }

    #[test]
    fn named_values_never_touch() {
        for rows in 0..40 {
            let scale = Scale::log([3.0, 9e6].into_iter());
            let mut taken: Vec<u16> = scale.ticks(rows).iter().map(|(row, _)| *row).collect();
            taken.sort_unstable();
            assert!(
                taken.windows(2).all(|pair| pair[1] - pair[0] > 1),
                "{taken:?}"
            );
        }
    }
}
