//! Searches against servers whose edge is known.

use super::*;
use fastrand::Rng;

fn missed(limited_by: LimitedBy) -> Window {
    Window::Missed {
        limited_by,
        reason: "response.p99 was 3 ms".to_owned(),
    }
}

/// Runs a search to its end, and gives what it found with the windows it took.
fn search(options: SearchOptions, mut window: impl FnMut(Step) -> Window) -> (Found, u32) {
    let mut search = Search::new(options).unwrap();
    let mut windows = 0;
    while let Some(step) = search.next() {
        search.tell(window(step));
        windows += 1;
    }
    let found = search.found();
    assert!(
        found.steps.len() <= options.steps_max() as usize,
        "{found:#?}"
    );
    (found, windows)
}

fn sharp(edge: f64) -> impl FnMut(Step) -> Window {
    move |step| {
        if step.rate_per_s <= edge {
            Window::Met
        } else {
            missed(LimitedBy::Latency)
        }
    }
}

#[test]
fn a_sharp_edge_is_found_from_below_and_from_above() {
    for start_per_s in [100.0, 3_000.0, 100_000.0] {
        let options = SearchOptions {
            start_per_s,
            ..SearchOptions::between(100.0, 100_000.0)
        };
        let (found, windows) = search(options, sharp(7_300.0));
        let rate = found.rate_per_s.unwrap();
        assert!(rate <= 7_300.0 && rate * 1.03 >= 7_300.0, "{rate}");
        assert!(
            found.interval_per_s.unwrap().contains(7_300.0),
            "{found:#?}"
        );
        assert_eq!(found.limited_by, LimitedBy::Latency);
        assert!(
            found.reason.ends_with("response.p99 was 3 ms"),
            "{}",
            found.reason
        );
        let steps = &found.steps;
        assert_eq!(
            windows as usize,
            steps.len() * 2,
            "two windows of three decide"
        );
        assert_eq!(steps[0].phase, "bracket");
        assert_eq!(steps.last().unwrap().phase, "confirm");
    }
}

#[test]
fn the_ceiling_is_an_answer_without_an_interval() {
    let (found, _) = search(SearchOptions::between(100.0, 5_000.0), sharp(1e9));
    assert_eq!(found.rate_per_s, Some(5_000.0));
    assert_eq!(
        (found.limited_by, found.interval_per_s),
        (LimitedBy::Ceiling, None)
    );
}

#[test]
fn if_not_even_the_floor_passes_there_is_no_answer() {
    let options = SearchOptions {
        start_per_s: 1_000.0,
        ..SearchOptions::between(100.0, 5_000.0)
    };
    let (found, _) = search(options, sharp(50.0));
    assert_eq!((found.rate_per_s, found.interval_per_s), (None, None));
    assert_eq!(found.limited_by, LimitedBy::Latency);
    assert_eq!(found.steps.last().unwrap().rate_per_s, 100.0);
}

#[test]
fn the_limit_is_what_most_windows_missed_for_at_the_lowest_rate_that_failed() {
    let mut turn = 0;
    let (found, _) = search(SearchOptions::between(100.0, 50_000.0), |step| {
        turn += 1;
        match step.rate_per_s {
            rate if rate <= 1_000.0 => Window::Met,
            rate if rate <= 1_100.0 => missed(LimitedBy::Generator),
            _ => missed(LimitedBy::Errors),
        }
    });
    assert_eq!(found.limited_by, LimitedBy::Generator);
    assert_eq!(
        found.interval_per_s, None,
        "of the server nothing is known beyond it"
    );
}

#[test]
fn one_disturbed_window_decides_nothing() {
    let mut edge = sharp(7_300.0);
    let mut last = 0.0;
    let (found, windows) = search(SearchOptions::between(100.0, 100_000.0), |step| {
        let is_first = std::mem::replace(&mut last, step.rate_per_s) != step.rate_per_s;
        if is_first && step.phase != Phase::Confirm {
            return missed(LimitedBy::Noise);
        }
        edge(step)
    });
    let rate = found.rate_per_s.unwrap();
    assert!(rate <= 7_300.0 && rate * 1.03 >= 7_300.0, "{rate}");
    assert!(windows as usize > found.steps.len() * 2);
}

#[test]
fn an_answer_that_is_not_confirmed_steps_down_and_ends() {
    // A server that became slower once the rate was bisected.
    let slower = |edge: f64| {
        move |step: Step| match step.phase {
            Phase::Confirm => sharp(edge)(step),
            _ => sharp(7_300.0)(step),
        }
    };
    let (found, _) = search(SearchOptions::between(100.0, 100_000.0), slower(6_900.0));
    let rate = found.rate_per_s.unwrap();
    assert!((6_300.0..=6_900.0).contains(&rate), "{rate}");
    assert!(found.interval_per_s.unwrap().contains(rate));

    let (found, _) = search(SearchOptions::between(100.0, 100_000.0), slower(200.0));
    assert_eq!(found.rate_per_s, None);
    assert!(
        found.reason.starts_with("no rate could be confirmed; at"),
        "{}",
        found.reason
    );
    let confirmations = found.steps.iter().filter(|step| step.phase == "confirm");
    assert_eq!(confirmations.count(), CONFIRMATIONS_MAX as usize);
}

#[test]
fn a_search_that_was_left_confirms_nothing() {
    let mut search = Search::new(SearchOptions::between(100.0, 1_000.0)).unwrap();
    search.tell(Window::Met);
    assert_eq!(search.next().unwrap().windows, 2);
    let found = search.found();
    assert_eq!(found.rate_per_s, None);
    assert_eq!(found.reason, "the search did not come to its end");
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let good = SearchOptions::between(100.0, 1_000.0);
    for wrong in [
        SearchOptions {
            floor_per_s: 0.0,
            ..good
        },
        SearchOptions {
            ceiling_per_s: f64::INFINITY,
            ..good
        },
        SearchOptions {
            floor_per_s: f64::NAN,
            ..good
        },
        SearchOptions {
            ceiling_per_s: 50.0,
            ..good
        },
        SearchOptions {
            start_per_s: 5_000.0,
            ..good
        },
        SearchOptions {
            resolution: 0.0,
            ..good
        },
        SearchOptions { windows: 2, ..good },
        SearchOptions { windows: 0, ..good },
    ] {
        assert!(Search::new(wrong).is_err(), "{wrong:?}");
    }
}

/// A server at which a window meets the objective by a chance that falls with the rate: one half at the
/// edge, `width` being how blurred it is.
#[test]
fn the_interval_covers_the_edge_of_a_noisy_server_as_often_as_it_says() {
    for width in [0.01, 0.05, 0.1] {
        let (mut covered, mut near, rounds) = (0, 0, 70);
        for seed in 0..rounds {
            let mut rng = Rng::with_seed(seed);
            let edge: f64 = 5_000.0 * (1.0 + rng.f64());
            let (found, _) = search(SearchOptions::between(100.0, 100_000.0), |step| {
                let over = (step.rate_per_s / edge).ln() / width;
                if rng.f64() < 1.0 / (1.0 + over.exp()) {
                    Window::Met
                } else {
                    missed(LimitedBy::Latency)
                }
            });
            let Some((rate, interval)) = found.rate_per_s.zip(found.interval_per_s) else {
                continue;
            };
            covered += u32::from(interval.contains(edge));
            near += u32::from((rate / edge).ln().abs() < 0.03 + 2.0 * width);
        }
        let share = |count: u32| f64::from(count) / rounds as f64;
        assert!(
            share(covered) > 0.9,
            "width {width}: covered {}",
            share(covered)
        );
        assert!(share(near) >= 0.9, "width {width}: near {}", share(near));
    }
}
