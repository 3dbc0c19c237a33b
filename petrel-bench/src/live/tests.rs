//! Frames as they are drawn: at known sizes as text, at any size without a panic.

use super::{draw::draw, keys::BINDINGS, paint::Palette, state::State};
use crate::{
    latency::Latency,
    progress::{Health, Phase, Progress},
    record::Point,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use fastrand::Rng;
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::{env, fs, path::Path};

/// Set to anything, the frames of now become the expected ones.
const ACCEPT: &str = "PETREL_ACCEPT_FRAMES";

fn frame(state: &State, (width, height): (u16, u16), palette: Palette) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state, palette)).unwrap();
    terminal.backend().buffer().clone()
}

fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content().chunks(buffer.area.width.into()) {
        let line: String = row.iter().map(Cell::symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn compare(name: &str, state: &State, size: (u16, u16)) {
    let text = text_of(&frame(state, size, Palette::new(true)));
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/live/snapshots")
        .join(format!("{name}-{}x{}.txt", size.0, size.1));
    if env::var_os(ACCEPT).is_some() {
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; {ACCEPT}=1 writes it", path.display()));
    assert!(
        text == expected,
        "{name} was drawn as\n{text}\nand not as\n{expected}\n({ACCEPT}=1 accepts it)"
    );
}

fn point(at_s: u32, rate: f64) -> Point {
    let at_s = f64::from(at_s);
    // A slow second in every twelve.
    let slow = if at_s % 12.0 == 7.0 { 20.0 } else { 1.0 };
    let wave = 1.0 + (at_s / 5.0).sin() / 8.0;
    Point {
        at_s,
        target_per_s: Some(rate),
        throughput_per_s: rate * wave.min(1.0),
        errors: 0,
        in_flight: 12,
        backlog: if slow > 1.0 { 40 } else { 0 },
        response_p50_us: Some(120.0 * wave),
        response_p99_us: Some(700.0 * wave * slow),
        response_max_us: Some(4_000.0 * wave * slow),
        service_p99_us: Some(650.0),
    }
}

fn measuring() -> Progress {
    let response = Latency {
        p50: Some(123.4),
        p90: Some(220.0),
        p99: Some(1_230.0),
        p999: Some(8_900.0),
        max: Some(84_200.0),
        mean: Some(150.0),
        count: 418_337,
        at_least: vec!["p999".to_owned()],
        under_noise: vec![],
    };
    Progress {
        phase: Phase::Measuring,
        phase_s: 42.6,
        phase_total_s: Some(60.0),
        target_per_s: Some(10_000.0),
        paused: false,
        connections: (50, 50),
        requests: 418_349,
        ok: 418_325,
        errors: [("timeout".to_owned(), 9), ("status".to_owned(), 3)].into(),
        in_flight: 12,
        backlog: 0,
        service: Latency {
            p50: Some(111.0),
            under_noise: vec!["p50".to_owned()],
            ..response.clone()
        },
        response,
        points: (0..42).map(|at_s| point(at_s, 10_000.0)).collect(),
        health: Health {
            worker_busy: Some(0.34),
            worker_starved: Some(0.012),
            steal: Some(0.0),
            generator_lag_p99_us: Some(45.0),
            headroom_per_s: Some(42_000.0),
        },
    }
}

fn showing(progress: &Progress) -> State {
    let mut state = State::new("127.0.0.1:60606");
    state.update(progress);
    state
}

fn press(state: &mut State, c: char) {
    state.press(&KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
}

#[test]
fn a_run_at_every_size() {
    let state = showing(&measuring());
    for size in [(20, 5), (40, 12), (80, 24), (120, 40), (200, 60)] {
        compare("run", &state, size);
    }
}

#[test]
fn a_run_that_has_just_begun() {
    let progress = Progress {
        phase: Phase::Connecting,
        connections: (7, 50),
        ..Progress::default()
    };
    compare("begun", &showing(&progress), (80, 24));
}

#[test]
fn a_generator_at_its_limit_is_seen_at_once() {
    let mut progress = measuring();
    progress.health.worker_busy = Some(0.99);
    compare("limit", &showing(&progress), (80, 24));
    compare("limit", &showing(&progress), (40, 12));
}

#[test]
fn the_keys_at_every_size() {
    let mut state = showing(&measuring());
    press(&mut state, '?');
    for size in [(20, 5), (40, 12), (80, 24)] {
        compare("help", &state, size);
    }
    let help = text_of(&frame(&state, (80, 24), Palette::new(false)));
    for binding in BINDINGS {
        assert!(help.contains(binding.shown), "{help}");
        assert!(help.contains(binding.help), "{help}");
    }
}

#[test]
fn a_closed_loop_offers_no_rates() {
    let mut progress = measuring();
    progress.target_per_s = None;
    for point in &mut progress.points {
        point.target_per_s = None;
    }
    let mut state = showing(&progress);
    press(&mut state, '+');
    let text = text_of(&frame(&state, (80, 24), Palette::new(false)));
    assert!(text.contains("a closed loop has no rate"), "{text}");
    assert!(text.ends_with("\nq quit  ? help  space pause\n"), "{text}");
    assert!(!text.contains("wanted"), "{text}");
}

#[test]
fn a_pause_is_seen_and_can_be_ended() {
    let mut state = showing(&measuring());
    press(&mut state, ' ');
    let text = text_of(&frame(&state, (80, 24), Palette::new(false)));
    assert!(text.contains("paused: space goes on"), "{text}");
    assert!(text.contains("space go on"), "{text}");
}

#[test]
fn without_colours_a_limit_still_stands_out() {
    let mut progress = measuring();
    progress.health.worker_busy = Some(0.99);
    // So many that on a narrow screen there is no room for both.
    progress.errors = [("timeout".to_owned(), 123_456)].into();
    let state = showing(&progress);
    for size in [(20, 5), (40, 12), (80, 24), (120, 40)] {
        let plain = frame(&state, size, Palette::new(false));
        let is_plain = |cell: &Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
        assert!(plain.content().iter().all(is_plain), "{size:?}");
        let reversed: String = plain
            .content()
            .iter()
            .filter(|cell| cell.modifier.contains(Modifier::REVERSED))
            .map(Cell::symbol)
            .collect();
        assert!(reversed.starts_with("limit"), "{size:?}: {reversed}");

        let colored = frame(&state, size, Palette::new(true));
        assert!(colored.content().iter().any(|cell| cell.fg == Color::Red));
    }
}

#[test]
fn nothing_that_is_shown_acts_on_a_terminal() {
    let evil = "\u{1b}[2J\u{9b}\u{202e}\r\n\t\u{7}日本語\u{200d}";
    let mut progress = measuring();
    progress.errors = [(evil.to_owned(), 3)].into();
    let mut state = State::new(evil);
    state.update(&progress);
    for size in [(20, 5), (40, 12), (80, 24), (120, 40)] {
        let text = text_of(&frame(&state, size, Palette::new(true)));
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(acts), "{size:?}: {text:?}");
    }
}

/// Numbers of every kind, and some that are none.
fn number(rng: &mut Rng) -> f64 {
    match rng.u8(..10) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -1.0 / 3.0,
        3 => 0.0,
        4 => f64::MAX,
        5 => f64::MIN_POSITIVE,
        6 => rng.f64(),
        _ => rng.f64() * 10f64.powi(rng.i32(0..9)),
    }
}

fn maybe(rng: &mut Rng) -> Option<f64> {
    rng.bool().then(|| number(rng))
}

fn anything(rng: &mut Rng) -> Progress {
    let latency = |rng: &mut Rng| Latency {
        p50: maybe(rng),
        p90: maybe(rng),
        p99: maybe(rng),
        p999: maybe(rng),
        max: maybe(rng),
        ..Latency::default()
    };
    let phases = [
        Phase::Preflight,
        Phase::Connecting,
        Phase::Warmup,
        Phase::Measuring,
        Phase::Draining,
    ];
    let points = (0..rng.usize(..80)).map(|_| Point {
        at_s: number(rng),
        target_per_s: maybe(rng),
        throughput_per_s: number(rng),
        errors: rng.u64(..),
        in_flight: rng.u64(..),
        backlog: rng.u64(..),
        response_p50_us: maybe(rng),
        response_p99_us: maybe(rng),
        response_max_us: maybe(rng),
        service_p99_us: maybe(rng),
    });
    let points = points.collect();
    let kinds = (0..rng.usize(..12)).map(|_| {
        let letters = (0..rng.usize(..40)).map(|_| rng.char('\0'..='\u{2fff}'));
        (letters.collect(), rng.u64(..))
    });
    let errors = kinds.collect();
    Progress {
        phase: phases[rng.usize(..phases.len())],
        phase_s: number(rng),
        phase_total_s: maybe(rng),
        target_per_s: maybe(rng),
        paused: rng.bool(),
        connections: (rng.u32(..), rng.u32(..)),
        requests: rng.u64(..),
        ok: rng.u64(..),
        errors,
        in_flight: rng.u64(..),
        backlog: rng.u64(..),
        response: latency(rng),
        service: latency(rng),
        points,
        health: Health {
            worker_busy: maybe(rng),
            worker_starved: maybe(rng),
            steal: maybe(rng),
            generator_lag_p99_us: maybe(rng),
            headroom_per_s: maybe(rng),
        },
    }
}

#[test]
fn any_keys_at_any_size_with_any_progress_are_drawn() {
    let mut rng = Rng::with_seed(0x5e7e_11fe);
    let codes = [
        "q?+=-<> cx".chars().map(KeyCode::Char).collect::<Vec<_>>(),
        vec![KeyCode::Esc, KeyCode::Up, KeyCode::Down, KeyCode::F(1)],
    ]
    .concat();
    let mut state = State::new("embedded");
    for round in 0..400 {
        if round % 40 == 0 {
            state = State::new("embedded");
        }
        state.update(&anything(&mut rng));
        for _ in 0..rng.usize(..4) {
            let modifiers = [KeyModifiers::NONE, KeyModifiers::CONTROL][rng.usize(..2)];
            let code = codes[rng.usize(..codes.len())];
            state.press(&KeyEvent::new(code, modifiers));
        }
        let size = match rng.u8(..4) {
            0 => (rng.u16(..=20), rng.u16(..=8)),
            1 => (rng.u16(70..=80), rng.u16(16..=24)),
            _ => (rng.u16(..=300), rng.u16(..=100)),
        };
        frame(&state, size, Palette::new(rng.bool()));
    }
}
