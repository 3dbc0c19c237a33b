//! Where the edge lies between rates that meet an objective and rates that do not, with 95 % confidence.
//!
//! The chance that a window meets the objective falls with the rate along a logistic curve over the
//! logarithm of the rate; the edge is where it is one half. How steep the curve is nobody knows: from a
//! clean edge (0.5 % of the rate) to a blurred one (a third). Every edge and steepness is weighed by how
//! likely it makes the windows that were seen (a posterior with a flat prior over the logarithms), the
//! steepness is summed over, and the interval is the middle 95 % of what is left. All windows count, the
//! early ones too, and those that were not run because a step was decided are missing without harm: which
//! rate is tried next, and how often, depends only on what was seen. Against servers of known edges it
//! covers them in 93 to 99 of a hundred searches: it rather promises too little.

use super::bootstrap::Interval;

/// Edges that are weighed.
const PLACES: u32 = 300;
/// Widths of the curve in the logarithm of the rate, from the steepest to the flattest.
const WIDTHS: [f64; 7] = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32];
/// How far beyond the rates nearest to the edge it is looked for, as a factor.
const REACH: f64 = 2.0;

/// The windows of one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "three numbers")]
pub struct Trial {
    /// Requests per second.
    pub rate_per_s: f64,
    /// Windows that met the objective.
    pub met: u32,
    /// Windows that did not.
    pub missed: u32,
}

/// The interval of the edge. Nothing unless some windows met the objective and some did not.
pub fn edge(trials: &[Trial]) -> Option<Interval> {
    let rates = |of: fn(&Trial) -> u32| {
        let of_it = trials.iter().filter(move |trial| of(trial) > 0);
        of_it.map(|trial| trial.rate_per_s)
    };
    let best = rates(|trial| trial.met).reduce(f64::max)?;
    let worst = rates(|trial| trial.missed).reduce(f64::min)?;
    let (from, to) = (best.min(worst) / REACH, best.max(worst) * REACH);
    let step = (to / from).ln() / f64::from(PLACES);
    let weights: Vec<(f64, f64)> = (0..=PLACES)
        .map(|place| {
            let edge = from.ln() + step * f64::from(place);
            (edge, weight(trials, edge))
        })
        .collect();
    let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let at = |share: f64| {
        let mut below = 0.0;
        let place = weights.iter().find(|(_, weight)| {
            below += weight;
            below >= share * all
        });
        place.map(|(edge, _)| *edge)
    };
    // A place stands for the stretch around it.
    Some(Interval {
        low: (at(0.025)? - step / 2.0).exp(),
        high: (at(0.975)? + step / 2.0).exp(),
    })
}

/// How likely the windows are with the edge there, over every steepness.
fn weight(trials: &[Trial], edge: f64) -> f64 {
    let of_width = |width: &f64| {
        let likelihood: f64 = trials
            .iter()
            .map(|trial| {
                let over = (trial.rate_per_s.ln() - edge) / width;
                // Logarithms of the two chances; a window may always go wrong for no reason at all, so
                // that a single one far away cannot rule out everything.
                let meets = 0.99 / (1.0 + over.exp()) + 0.005;
                f64::from(trial.met) * meets.ln() + f64::from(trial.missed) * (1.0 - meets).ln()
            })
            .sum();
        likelihood.exp()
    };
    WIDTHS.iter().map(of_width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn trial(rate_per_s: f64, met: u32, missed: u32) -> Trial {
        Trial {
            rate_per_s,
            met,
            missed,
        }
    }

    #[test]
    fn without_both_kinds_of_windows_there_is_no_edge() {
        assert_eq!(edge(&[]), None);
        assert_eq!(edge(&[trial(100.0, 2, 0), trial(200.0, 2, 0)]), None);
        assert_eq!(edge(&[trial(100.0, 0, 2)]), None);
    }

    #[test]
    fn it_lies_around_where_the_windows_change() {
        let trials = [trial(100.0, 20, 0), trial(104.0, 0, 20), trial(50.0, 2, 0)];
        let found = edge(&trials).unwrap();
        assert!(found.contains(102.0), "{found:?}");
        assert!(found.low > 99.0 && found.high < 105.0, "{found:?}");
    }

    #[test]
    fn more_windows_narrow_it_and_contradictions_widen_it() {
        let width = |near: &[Trial]| {
            let far = [trial(50.0, 2, 0), trial(200.0, 0, 2)];
            let found = edge(&[&far, near].concat()).unwrap();
            found.high / found.low
        };
        let few = width(&[trial(100.0, 2, 0), trial(103.0, 0, 2)]);
        let many = width(&[trial(100.0, 9, 0), trial(103.0, 0, 9)]);
        let blurred = width(&[
            trial(90.0, 2, 1),
            trial(97.0, 1, 2),
            trial(100.0, 2, 1),
            trial(103.0, 1, 2),
        ]);
        assert!(many < few, "{many} {few}");
        assert!(many * 1.1 < blurred, "{many} {blurred}");
    }

    #[test]
    fn one_stray_window_far_away_moves_it_little() {
        let trials = [
            trial(1_000.0, 1, 2),
            trial(4_000.0, 9, 0),
            trial(4_200.0, 0, 9),
        ];
        let found = edge(&trials).unwrap();
        assert!(found.low > 3_600.0 && found.contains(4_100.0), "{found:?}");
    }
}
