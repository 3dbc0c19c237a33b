//! Groups of runs with known differences.

use super::*;
use crate::{
    invented,
    latency::{Latency, Percentile},
};
use petrel_cli::{Exit, Look};

const OPTIONS: CompareOptions = CompareOptions {
    margin: 0.05,
    seed: 1,
    force: false,
};

const LOOK: Look = Look {
    width: 100,
    color: false,
};

/// Runs of a server `factor` times as slow as the invented one, each with a spread of about 1 %.
fn runs(count: usize, factor: f64, seed: u64) -> Vec<RunRecord> {
    spread(count, factor, seed, 0.02)
}

fn spread(count: usize, factor: f64, seed: u64, spread: f64) -> Vec<RunRecord> {
    let mut rng = Rng::with_seed(seed);
    let mut of = |seed: u64| {
        let mut run = invented::run();
        let mut noisy = |value: f64| Some(value * (1.0 + spread * (rng.f64() + rng.f64() - 1.0)));
        run.plan.seed = seed;
        run.results.throughput_per_s = noisy(2_000.0 / factor).unwrap_or(0.0);
        run.results.response_us = Latency {
            p50: noisy(100.0 * factor),
            p99: noisy(2_000.0 * factor),
            p999: noisy(4_000.0 * factor),
            count: 20_000,
            ..Latency::default()
        };
        run.results.server_cpu_us_per_request = noisy(8.0 * factor);
        run.validity.evidence.generator_cpu_us_per_request = noisy(5.0);
        run
    };
    (0..count as u64)
        .map(|index| of(seed * 1_000 + index))
        .collect()
}

fn of(a: &[RunRecord], b: &[RunRecord]) -> CompareRecord {
    compare(a, b, &OPTIONS).unwrap()
}

fn verdicts(found: &CompareRecord) -> Vec<FigureVerdict> {
    found.figures.iter().map(|figure| figure.verdict).collect()
}

#[test]
fn slower_faster_and_equivalent_are_told_apart() {
    use FigureVerdict::{Equivalent, Faster, Slower};
    for (factor, verdict, conclusion, exit) in [
        (1.25, Slower, Conclusion::Regression, Exit::No),
        (0.8, Faster, Conclusion::NoRegression, Exit::Done),
        (1.0, Equivalent, Conclusion::NoRegression, Exit::Done),
    ] {
        let found = of(&runs(5, 1.0, 1), &runs(5, factor, 2));
        let (generator, server) = found.figures.split_last().unwrap();
        assert!(
            server.iter().all(|figure| figure.verdict == verdict),
            "{found:#?}"
        );
        assert_eq!(generator.verdict, Equivalent);
        assert_eq!(
            (found.conclusion, found.conclusion.exit()),
            (conclusion, exit)
        );
        let ratio = found.figures[1].ratio.unwrap();
        assert!((ratio / factor - 1.0).abs() < 0.02, "{ratio}");
    }
}

#[test]
fn the_same_seed_compares_the_same() {
    let (a, b) = (runs(4, 1.0, 1), runs(4, 1.1, 2));
    assert_eq!(of(&a, &b), of(&a, &b));
    let other = compare(&a, &b, &CompareOptions { seed: 2, ..OPTIONS }).unwrap();
    assert_ne!(other.figures, of(&a, &b).figures);
}

#[test]
fn one_run_proves_nothing_and_the_number_that_would_is_said() {
    let found = of(&runs(1, 1.0, 1), &runs(5, 3.0, 2));
    assert_eq!(verdicts(&found), [FigureVerdict::Inconclusive; 6]);
    assert_eq!(found.conclusion.exit(), Exit::NoVerdict);
    assert_eq!(found.figures[0].runs_needed, Some(5));
    assert!(
        found.remarks[0].starts_with("1 against 5 runs; 5 or more"),
        "{:?}",
        found.remarks
    );
}

#[test]
fn what_noise_hides_is_inconclusive_with_the_effect_that_would_have_shown() {
    let found = of(&spread(4, 1.0, 1, 0.4), &spread(4, 1.02, 4, 0.4));
    let figure = &found.figures[0];
    assert_eq!(figure.verdict, FigureVerdict::Inconclusive);
    assert!(figure.runs_needed.unwrap() > 8, "{figure:?}");
    let text = found.text(LOOK);
    assert!(text.contains("these runs would show a change of"), "{text}");
    assert!(
        text.contains("\nno verdict: inconclusive: throughput, "),
        "{text}"
    );
}

/// Only the median, which is quick enough for many rounds.
fn median_of(a: &[RunRecord], b: &[RunRecord], seed: u64) -> FigureRecord {
    let median = Figure::Response(Percentile::P50);
    median.compare(a, b, OPTIONS.margin, &mut Rng::with_seed(seed))
}

#[test]
fn a_change_as_large_as_is_called_detectable_is_mostly_detected() {
    let (mut detected, rounds) = (0, 40);
    for round in 0..rounds {
        let group = |factor, seed| spread(5, factor, 4 * round + seed, 0.2);
        let equal = median_of(&group(1.0, 0), &group(1.0, 1), round);
        let effect = 1.0 + equal.detectable.unwrap();
        let found = median_of(&group(1.0, 2), &group(effect, 3), round);
        detected += u64::from(found.verdict == FigureVerdict::Slower);
    }
    assert!(detected * 100 >= rounds * 65, "{detected} of {rounds}");
    assert!(detected < rounds, "{detected} of {rounds}");
}

#[test]
fn equal_servers_are_hardly_ever_called_slower_or_faster() {
    let mut alarms = 0;
    for round in 0..60 {
        let group = |seed| spread(3, 1.0, 2 * round + seed, 0.15);
        let found = median_of(&group(0), &group(1), round);
        alarms += u32::from(found.verdict == FigureVerdict::Slower);
        alarms += u32::from(found.verdict == FigureVerdict::Faster);
    }
    assert!(alarms <= 2, "{alarms} of 60");
}

#[test]
fn plans_that_differ_are_refused_by_field_unless_forced() {
    let (a, mut b) = (runs(3, 1.0, 1), runs(3, 1.0, 2));
    b[1].plan.connections = 9;
    b[2].plan.tls = true;
    b[0].plan.target = "127.0.0.1:60607".to_owned();
    let error = compare(&a, &b, &OPTIONS).unwrap_err();
    assert!(
        error.contains("differ in connections, tls;") && error.contains("--force"),
        "{error}"
    );
    let force = CompareOptions {
        force: true,
        ..OPTIONS
    };
    let found = compare(&a, &b, &force).unwrap();
    assert_eq!(
        found.remarks[0],
        "the plans of the runs differ in connections, tls"
    );
    assert_eq!(found.b.targets, ["127.0.0.1:60607", "127.0.0.1:60606"]);
}

#[test]
fn a_run_counts_once() {
    let (a, mut b) = (runs(3, 1.0, 1), runs(3, 1.0, 2));
    b[2] = a[0].clone();
    let error = compare(&a, &b, &OPTIONS).unwrap_err();
    assert!(
        error.starts_with("run 3 of b is the same as run 1 of a"),
        "{error}"
    );
    assert!(compare(&a, &[], &OPTIONS).is_err());
}

#[test]
fn where_the_generator_was_the_limit_only_what_it_cannot_explain_is_proven() {
    let limit = |runs: &mut Vec<RunRecord>| runs[0].validity.verdict = Verdict::LimitedByGenerator;
    for (factor, side, conclusion) in [
        (1.25, "a", Conclusion::Regression),
        (1.25, "b", Conclusion::Regression),
        (1.0, "a", Conclusion::NoVerdict),
        (0.8, "b", Conclusion::NoVerdict),
    ] {
        let (mut a, mut b) = (runs(5, 1.0, 1), runs(5, factor, 2));
        limit(if side == "a" { &mut a } else { &mut b });
        let found = of(&a, &b);
        assert_eq!(found.conclusion, conclusion, "{factor} {side}");
        let is_proven = found.figures[0].verdict == FigureVerdict::Slower;
        assert_eq!(is_proven, (factor, side) == (1.25, "a"));
        // What the server spent is its own, whoever was the limit.
        let spent = &found.figures[4];
        assert_eq!(spent.verdict == FigureVerdict::Slower, factor == 1.25);
    }
}

#[test]
fn percentiles_that_are_not_exact_are_not_compared_as_if_they_were() {
    let with = |change: fn(&mut RunRecord)| {
        let (a, mut b) = (runs(5, 1.0, 1), runs(5, 1.0, 2));
        change(&mut b[3]);
        of(&a, &b)
    };
    let noise = with(|run| run.results.response_us.under_noise = vec!["p99".into(), "p999".into()]);
    assert_eq!(noise.figures[2].verdict, FigureVerdict::Inconclusive);
    assert_eq!(noise.figures[3].verdict, FigureVerdict::NotCompared);
    assert_eq!(noise.figures[2].b[3], None);
    assert_eq!(
        (noise.conclusion.exit(), noise.reason.as_str()),
        (Exit::NoVerdict, "inconclusive: response.p99")
    );

    let few = with(|run| run.results.response_us.p999 = None);
    assert_eq!(few.figures[3].verdict, FigureVerdict::NotCompared);
    assert_eq!(few.conclusion, Conclusion::NoRegression);

    let bound = with(|run| run.results.response_us.at_least = vec!["p99".into()]);
    let why = bound.figures[2].reason.as_ref().unwrap();
    assert!(
        why.starts_with("a run of b does not have it: it is only known to be ≥ "),
        "{why}"
    );

    let noisy = with(|run| run.validity.verdict = Verdict::Noisy);
    assert_eq!(noisy.conclusion, Conclusion::NoVerdict);
    assert_eq!(noisy.figures[0].verdict, FigureVerdict::Equivalent);

    let blind = with(|run| run.results.server_cpu_us_per_request = None);
    assert_eq!(blind.conclusion, Conclusion::NoRegression);
}

#[test]
fn a_proven_regression_outranks_what_is_not_known() {
    let (a, mut b) = (runs(5, 1.0, 1), runs(5, 1.25, 2));
    b[0].results.response_us.under_noise = vec!["p99".into()];
    assert_eq!(of(&a, &b).conclusion, Conclusion::Regression);
}

#[test]
fn the_text_is_a_table_that_fits_and_holds_nothing_foreign() {
    let (a, mut b) = (runs(5, 1.0, 1), runs(5, 1.25, 2));
    b[0].plan.target = "evil\u{1b}[2J".to_owned();
    let text = of(&a, &b).text(LOOK);
    assert!(
        text.contains("b  5 runs of evil\\u{1b}[2J, 127.0.0.1:60606"),
        "{text}"
    );
    assert!(text.contains("  slower       throughput"), "{text}");
    assert!(
        text.contains("\nregression: b is slower: throughput, response.p50, "),
        "{text}"
    );
    assert!(text.ends_with("(margin 5 %)\n"), "{text}");
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{widest:?}\n{text}");
}

#[test]
fn the_document_is_as_its_schema_says() {
    let schema = include_str!("../../schema/compare.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let found = of(&runs(1, 1.0, 1), &runs(5, 1.25, 2));
    for found in [found, of(&runs(5, 1.0, 1), &runs(5, 1.25, 2))] {
        let document = serde_json::to_value(&found).unwrap();
        assert!(validator.is_valid(&document), "{document:#}");
        assert_eq!(
            serde_json::from_value::<CompareRecord>(document.clone()).unwrap(),
            found
        );
        for field in document.as_object().unwrap().keys() {
            let mut less = document.clone();
            less.as_object_mut().unwrap().remove(field);
            assert!(!validator.is_valid(&less), "{field} may be missing");
        }
    }
}

#[test]
fn requests_that_failed_are_told() {
    let (a, mut b) = (runs(5, 1.0, 1), runs(5, 1.0, 2));
    assert!(of(&a, &b).remarks.is_empty());
    b[1].results.ok -= 7;
    let remarks = of(&a, &b).remarks;
    assert!(
        remarks[0].starts_with("requests failed: 0 of 100000 in a, 7 of 100000 in b;"),
        "{remarks:?}"
    );
}
