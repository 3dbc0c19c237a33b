//! When a load has warmed up.
//!
//! It has when the last three windows agree: the highest and the lowest throughput differ by at most 10 %,
//! and so do the medians of the responses. Windows with few answers differ by chance: the tolerance grows
//! to what three counts of that size differ by in nineteen of twenty cases (3.3 standard deviations, one
//! over the square root of the count each).

use std::collections::VecDeque;

/// Windows that must agree.
const WINDOWS: usize = 3;
/// By how much they may differ.
const TOLERANCE: f64 = 0.10;
/// The range of three normal deviates, exceeded once in twenty times.
const RANGE_OF_THREE: f64 = 3.3;

/// A short stretch of a load that is not measured yet.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "three numbers")]
pub struct WarmupWindow {
    /// Expected answers.
    pub answers: u64,
    /// Expected answers per second.
    pub throughput_per_s: f64,
    /// The median of the responses, if there were any.
    pub response_p50: Option<f64>,
}

/// Watches windows until they agree.
#[derive(Clone, Debug, Default)]
pub struct Stability(VecDeque<WarmupWindow>);

impl Stability {
    /// Takes a window, and says whether the load is stable now.
    pub fn push(&mut self, window: WarmupWindow) -> bool {
        self.0.push_back(window);
        if self.0.len() > WINDOWS {
            self.0.pop_front();
        }
        self.is_stable()
    }

    /// Whether the last windows agree.
    pub fn is_stable(&self) -> bool {
        let fewest = self
            .0
            .iter()
            .map(|window| window.answers)
            .min()
            .unwrap_or(0);
        if self.0.len() < WINDOWS || fewest == 0 {
            return false;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of a short stretch")]
        let by_chance = RANGE_OF_THREE / (fewest as f64).sqrt();
        let tolerance = TOLERANCE.max(by_chance);
        let throughputs = self.0.iter().map(|window| Some(window.throughput_per_s));
        let medians = self.0.iter().map(|window| window.response_p50);
        agree(throughputs, tolerance) && agree(medians, tolerance)
    }
}

/// Whether all values are there and the highest is at most so much more than the lowest.
fn agree(values: impl Iterator<Item = Option<f64>>, tolerance: f64) -> bool {
    let values: Option<Vec<f64>> = values.collect();
    values.is_some_and(|values| {
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(0.0, f64::max);
        highest <= lowest * (1.0 + tolerance)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(answers: u32, p50: f64) -> WarmupWindow {
        WarmupWindow {
            answers: answers.into(),
            throughput_per_s: f64::from(answers) * 5.0,
            response_p50: Some(p50),
        }
    }

    /// After which window it is stable.
    fn stable_after(windows: &[(u32, f64)]) -> Option<usize> {
        let mut stability = Stability::default();
        let mut windows = windows.iter();
        windows.position(|(answers, p50)| stability.push(window(*answers, *p50)))
    }

    #[test]
    fn three_windows_that_agree_are_enough_and_two_are_not() {
        assert_eq!(stable_after(&[(9_000, 50.0), (9_100, 51.0)]), None);
        assert_eq!(
            stable_after(&[(9_000, 50.0), (9_100, 51.0), (9_050, 49.0)]),
            Some(2)
        );
    }

    #[test]
    fn a_load_that_still_changes_is_not_stable() {
        let rising = [
            (5_000, 90.0),
            (7_000, 70.0),
            (8_500, 60.0),
            (9_000, 55.0),
            (9_100, 52.0),
        ];
        assert_eq!(stable_after(&rising), None, "the medians still fall");
        let settled = [(5_000, 90.0), (8_900, 52.0), (9_000, 51.0), (9_100, 50.0)];
        assert_eq!(stable_after(&settled), Some(3));
    }

    #[test]
    fn few_answers_may_differ_by_chance_and_none_prove_nothing() {
        assert_eq!(stable_after(&[(20, 50.0), (26, 70.0), (18, 60.0)]), Some(2));
        assert_eq!(stable_after(&[(0, 50.0), (0, 50.0), (0, 50.0)]), None);
        let mut stability = Stability::default();
        let silent = WarmupWindow {
            response_p50: None,
            ..window(9_000, 0.0)
        };
        assert!(!(0..5).any(|_| stability.push(silent)));
    }
}
