//! Where more load stops bringing more throughput, and where up and down do not agree.

use super::order::median;

/// Twice the load brings less than this many times the throughput: beyond the knee.
const GAIN_PER_DOUBLING: f64 = 1.15;
/// How far the loads must reach beyond the knee before it is believed.
const REACH: f64 = 2.0;
/// A difference counts only if it is so many times what the other loads differ by.
const OUTSTANDING: f64 = 3.0;

/// The smallest load from which on throughput grows by less than 15 % per doubling of the load, whichever
/// of the higher loads it is compared with. Nothing if that is never seen over at least one doubling.
///
/// `points` are loads and throughputs in any order, several of one load count as their median. One noisy
/// point does no harm: each is replaced by the median of itself and its neighbours first.
pub fn knee(points: &[(f64, f64)]) -> Option<f64> {
    let points = smooth(&by_load(points));
    let (last, _) = *points.last()?;
    let is_knee = |index: usize| {
        let (load, throughput) = points[index];
        last >= load * REACH
            && points[index + 1..].iter().all(|(more, of_more)| {
                let doublings = (more / load).log2();
                *of_more < throughput * GAIN_PER_DOUBLING.powf(doublings)
            })
    };
    (0..points.len())
        .find(|index| is_knee(*index))
        .map(|index| points[index].0)
}

/// One point per load, in rising order; what cannot be a point on a logarithmic axis is left out.
fn by_load(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<_> = (points.iter().copied())
        .filter(|(load, throughput)| *load > 0.0 && *throughput > 0.0)
        .collect();
    sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let of_one_load = sorted.chunk_by(|(a, _), (b, _)| a.total_cmp(b).is_eq());
    of_one_load
        .filter_map(|group| {
            let throughputs: Vec<f64> = group.iter().map(|(_, throughput)| *throughput).collect();
            Some((group[0].0, median(&throughputs)?))
        })
        .collect()
}

/// Running medians of three. The ends, which have one neighbour, become the median of themselves, the
/// neighbour, and where the line through the next two would have them (Tukey's rule).
fn smooth(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let count = points.len();
    if count < 4 {
        return points.to_vec();
    }
    let mut smooth = points.to_vec();
    for index in 1..count - 1 {
        let near = [points[index - 1].1, points[index].1, points[index + 1].1];
        smooth[index].1 = median(&near).unwrap_or(points[index].1);
    }
    for (end, one, two) in [(0, 1, 2), (count - 1, count - 2, count - 3)] {
        // The line is one in logarithms: loads and throughputs are spread by factors.
        let slope = (smooth[one].1 / smooth[two].1).ln() / (smooth[one].0 / smooth[two].0).ln();
        let line = smooth[one].1 * (slope * (points[end].0 / smooth[one].0).ln()).exp();
        let near = [points[end].1, smooth[one].1, line];
        smooth[end].1 = median(&near).unwrap_or(points[end].1);
    }
    smooth
}

/// The loads at which the run on the way up and the one on the way down differ: by more than `margin`
/// (0.05 is 5 %) of their mean, and by more than three times what the other loads differ by at the median,
/// which is what the machine's noise explains. `pairs` are loads with both values.
pub fn hysteresis(pairs: &[(f64, f64, f64)], margin: f64) -> Vec<f64> {
    let differences: Vec<f64> = (pairs.iter())
        .map(|(_, up, down)| {
            let mean = f64::midpoint(*up, *down).abs();
            if mean > 0.0 {
                (up - down).abs() / mean
            } else {
                0.0
            }
        })
        .collect();
    let others = |index: usize| -> Vec<f64> {
        let all = differences.iter().enumerate();
        all.filter(|(other, _)| *other != index)
            .map(|(_, difference)| *difference)
            .collect()
    };
    (pairs.iter().enumerate())
        .filter(|(index, _)| {
            // With nothing beside it, nobody knows what is noise here.
            let noise = median(&others(*index)).unwrap_or(f64::INFINITY);
            differences[*index] > margin && differences[*index] > OUTSTANDING * noise
        })
        .map(|(_, (load, ..))| *load)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;

    const LOADS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

    /// A server that does one request of each connection at a time, up to `most`.
    fn curve(most: f64) -> Vec<(f64, f64)> {
        LOADS
            .map(|load| (load, (load * 1_000.0).min(most)))
            .to_vec()
    }

    #[test]
    fn it_is_where_doubling_stops_to_bring_anything() {
        assert_eq!(knee(&curve(16_000.0)), Some(16.0));
        assert_eq!(knee(&curve(20_000.0)), Some(32.0));
        assert_eq!(knee(&curve(900.0)), Some(1.0), "full from the beginning");
    }

    #[test]
    fn a_curve_that_rises_to_the_end_or_just_stopped_has_none() {
        assert_eq!(knee(&curve(1e9)), None);
        assert_eq!(knee(&curve(256_000.0)), None, "nothing was tried beyond");
        assert_eq!(knee(&[]), None);
        assert_eq!(knee(&[(1.0, 5.0)]), None);
    }

    #[test]
    fn throughput_that_falls_again_has_its_knee_at_the_top() {
        let falls = LOADS.map(|load| {
            let throughput = if load <= 16.0 {
                load
            } else {
                16.0 * (16.0 / load).powf(0.2)
            };
            (load, throughput)
        });
        assert_eq!(knee(&falls), Some(16.0));
    }

    #[test]
    fn one_noisy_point_moves_it_by_a_step_at_the_most() {
        for index in 0..LOADS.len() {
            for factor in [0.4, 0.7, 1.4] {
                let mut points = curve(16_000.0);
                points[index].1 *= factor;
                let found = knee(&points).unwrap_or(0.0);
                assert!(
                    (8.0..=32.0).contains(&found),
                    "{factor} at {index}: {found}"
                );
            }
        }
    }

    #[test]
    fn noise_of_some_percent_and_any_order_change_nothing() {
        let mut rng = Rng::with_seed(3);
        for _ in 0..100 {
            let mut points: Vec<_> = (curve(16_000.0).into_iter().chain(curve(16_000.0)))
                .map(|(load, throughput)| (load, throughput * (0.96 + 0.08 * rng.f64())))
                .collect();
            rng.shuffle(&mut points);
            assert_eq!(knee(&points), Some(16.0));
        }
    }

    #[test]
    fn up_and_down_differ_where_they_differ_more_than_elsewhere() {
        let pairs = [
            (1.0, 100.0, 101.0),
            (2.0, 200.0, 198.0),
            (4.0, 400.0, 300.0),
            (8.0, 500.0, 495.0),
        ];
        assert_eq!(hysteresis(&pairs, 0.05), [4.0]);
        assert_eq!(hysteresis(&pairs, 0.5), [0.0; 0], "within the margin");
        let noisy =
            pairs.map(|(load, up, _)| (load, up, up * if load == 4.0 { 0.75 } else { 1.2 }));
        assert_eq!(
            hysteresis(&noisy, 0.05),
            [0.0; 0],
            "everything differs here"
        );
        assert_eq!(
            hysteresis(&pairs[2..3], 0.05),
            [0.0; 0],
            "nothing to compare with"
        );
    }
}
