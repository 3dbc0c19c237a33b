//! Records made by hand, for the tests of everything that is made from one.

use crate::{
    record::{CaseRecord, Record, ResultRecord, SCHEMA, TargetRecord, WireEvent, WireKind},
    spec, tally,
    verdict::Verdict,
};
use std::fmt::Write as _;

/// What nobody wants on a terminal, in a document or in a page.
pub(crate) const HOSTILE: &str =
    "<script>alert(1)</script> \u{1b}[2J \u{202e} & ]]> ``` | \"'\n::error::x \u{0} \u{fffe}";

/// A case by its id; it quotes the clause with the same number.
pub(crate) fn case(id: &str) -> CaseRecord {
    let clauses = spec::clauses();
    let number = id.trim_start_matches("PC-").parse().unwrap_or(1);
    let clause = &clauses[(number - 1_usize) % clauses.len()];
    CaseRecord {
        id: id.into(),
        group: clause.chapter.to_lowercase(),
        title: format!("The words of {} hold", clause.id),
        role: "server".into(),
        clause: clause.id.into(),
        level: clause.level.into(),
        also: Vec::new(),
        offers: "blind".into(),
        ours: clause.is_ours(),
    }
}

/// A result by its name, such as `PC-0042@mac/bytes`.
pub(crate) fn result(name: &str, verdict: Verdict) -> ResultRecord {
    let (case, rest) = name.split_once('@').expect("a case and a variant");
    let (variant, segmentation) = rest.split_once('/').expect("a variant and a segmentation");
    ResultRecord {
        name: name.into(),
        case: case.into(),
        variant: variant.into(),
        segmentation: segmentation.into(),
        verdict,
        reason: (verdict != Verdict::Pass).then(|| format!("because of {}", verdict.as_str())),
        excused: None,
        step: None,
        expected: Vec::new(),
        observed: Vec::new(),
        wire: Vec::new(),
        stderr: Vec::new(),
        case_file: None,
        elapsed_us: 1234,
    }
}

/// A failing result with everything that can stand in one.
pub(crate) fn failure(name: &str, verdict: Verdict) -> ResultRecord {
    let mut sent = event(WireKind::Sent, 213, &frame(0, 1, b"PROTOCHECK", &[0]));
    sent.cuts = vec![11, 21];
    let mut answer = event(
        WireKind::Received,
        431,
        &frame(400, 1, b"PROTOCHECK", b"\x1b[2J no"),
    );
    answer.text = "MAC ok (payload only)".into();
    let mut end = event(WireKind::Note, 1_000_431, &[]);
    end.text = "the connection is reset".into();
    ResultRecord {
        step: Some(2),
        expected: vec!["answer 200, sequence 1, payload \"\\x00\" (best)".into()],
        observed: vec!["answer 400, sequence 1, payload \"\\x1b[2J no\"".into()],
        wire: vec![sent, answer, end],
        stderr: match verdict {
            Verdict::Crash => vec!["thread 'main' panicked at \u{1b}[31msrc/main.rs".into()],
            _ => Vec::new(),
        },
        ..result(name, verdict)
    }
}

/// Bytes that went one way on the first connection, as a frame if there is a header.
pub(crate) fn event(kind: WireKind, at_us: u64, bytes: &[u8]) -> WireEvent {
    let mut hex = String::new();
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    WireEvent {
        at_us,
        connection: "main".into(),
        kind,
        text: String::new(),
        hex,
        length: (!bytes.is_empty()).then_some(bytes.len()),
        is_frame: bytes.len() >= 11,
        with_mac: false,
        cuts: Vec::new(),
    }
}

/// A frame as it goes over the wire.
pub(crate) fn frame(status: u16, sequence: u32, name: &[u8], payload: &[u8]) -> Vec<u8> {
    let name_len = u8::try_from(name.len()).expect("a short name");
    let payload_len = u32::try_from(payload.len()).expect("a short payload");
    let mut bytes = status.to_le_bytes().to_vec();
    bytes.extend(sequence.to_le_bytes());
    bytes.push(name_len);
    bytes.extend(payload_len.to_le_bytes());
    [&bytes, name, payload].concat()
}

/// A run that found these results.
pub(crate) fn record(results: Vec<ResultRecord>) -> Record {
    let mut ids: Vec<&str> = results.iter().map(|result| result.case.as_str()).collect();
    ids.dedup();
    let mut target = TargetRecord {
        name: "127.0.0.1:60606".into(),
        offers: "echo".into(),
        ..TargetRecord::default()
    };
    for result in &results {
        let address = "127.0.0.1:60606".into();
        target.variants.insert(result.variant.clone(), address);
    }
    let mut record = Record {
        schema: SCHEMA.into(),
        version: "0.1.0".into(),
        corpus: "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8".into(),
        role: "server".into(),
        target,
        command: "petrel-conformance server 127.0.0.1:60606 --echo 'my echo'".into(),
        started: "2026-03-01T12:00:00Z".into(),
        round_trip_us: 41,
        elapsed_us: 2_345_678,
        interrupted: false,
        narrowed: Vec::new(),
        problems: Vec::new(),
        exit_code: 0,
        counts: tally::counts(&results),
        cases: ids.into_iter().map(case).collect(),
        results,
    };
    record.exit_code = tally::exit(&record, &[]).code();
    record
}

/// One case for each of the first clauses, each verdict in turn, in two variants and five ways to
/// cut the bytes: more than any real run holds.
pub(crate) fn everything(cases: usize) -> Record {
    let mut results = Vec::new();
    for number in 1..=cases {
        for variant in ["plain", "mac"] {
            for segmentation in ["whole", "header", "fields", "bytes", "joined"] {
                let name = format!("PC-{number:04}@{variant}/{segmentation}");
                let verdict = Verdict::ALL[number % Verdict::ALL.len()];
                let mut each = failure(&name, verdict);
                if verdict == Verdict::Pass {
                    (each.expected, each.observed) = (Vec::new(), Vec::new());
                }
                if number % 14 == 2 {
                    each.excused = Some("known since the beginning".into());
                }
                results.push(each);
            }
        }
    }
    record(results)
}

/// A record in which every text is hostile.
pub(crate) fn hostile() -> Record {
    let mut failed = failure("PC-0001@plain/whole", Verdict::Crash);
    failed.reason = Some(HOSTILE.into());
    failed.expected = vec![HOSTILE.into()];
    failed.observed = vec![HOSTILE.into()];
    failed.stderr = vec![HOSTILE.into()];
    for event in &mut failed.wire {
        (event.text, event.connection) = (HOSTILE.into(), HOSTILE.into());
    }
    failed.wire.push(event(
        WireKind::Received,
        9,
        &frame(200, 1, HOSTILE.as_bytes(), HOSTILE.as_bytes()),
    ));
    let mut results = vec![failed];
    for (verdict, number) in Verdict::ALL.into_iter().zip(2..) {
        let mut each = result(&format!("PC-{number:04}@plain/whole"), verdict);
        each.reason = Some(HOSTILE.into());
        results.push(each);
    }
    let mut excused = result("PC-0020@plain/whole", Verdict::Fail);
    excused.excused = Some(HOSTILE.into());
    let mut odd = result("PC-0021@plain/whole", Verdict::Fail);
    (odd.variant, odd.segmentation) = (HOSTILE.into(), HOSTILE.into());
    odd.name = format!("PC-0021@{HOSTILE}");
    results.extend([excused, odd]);
    let mut record = record(results);
    for case in &mut record.cases {
        (case.title, case.group) = (HOSTILE.into(), HOSTILE.into());
        (case.level, case.offers) = (HOSTILE.into(), HOSTILE.into());
        case.also.push(HOSTILE.into());
    }
    let texts = [
        &mut record.target.name,
        &mut record.target.offers,
        &mut record.version,
        &mut record.corpus,
        &mut record.role,
        &mut record.command,
        &mut record.started,
    ];
    for text in texts {
        *text = HOSTILE.into();
    }
    let variants = [(HOSTILE.to_owned(), HOSTILE.to_owned())];
    record.target.variants.extend(variants);
    record
}
