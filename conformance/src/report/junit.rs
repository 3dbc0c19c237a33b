//! The run as JUnit XML, for the machines that build. Jenkins and GitLab read it.

use super::{
    evidence::{self, command_of},
    mark::Mark,
    summary::{self, CaseView},
};
use crate::{
    record::{Record, ResultRecord},
    verdict::Verdict,
};
use petrel_cli::{Look, output};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};
use std::io;

/// How the evidence inside an element is drawn.
const LOOK: Look = Look {
    width: 100,
    color: false,
};

/// The document.
pub(crate) fn report(record: &Record) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // A vector takes every byte, and the texts below are all UTF-8.
    match document(&mut writer, record) {
        Ok(()) => String::from_utf8(writer.into_inner()).unwrap_or_default() + "\n",
        Err(_) => String::new(),
    }
}

type Xml = Writer<Vec<u8>>;

fn document(writer: &mut Xml, record: &Record) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let cases = summary::cases(record);
    let all: Vec<&CaseView<'_>> = cases.iter().collect();
    let element = writer.create_element("testsuites");
    let element = element.with_attribute(("name", "petrel-conformance"));
    let totals = Totals::of(&all);
    let element = element.with_attributes(totals.attributes().iter().map(pair));
    element.write_inner_content(|writer| {
        for group in groups(&cases) {
            suite(writer, record, &group)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// The cases of each group, in the order in which the groups come; each name once.
fn groups<'a>(cases: &'a [CaseView<'a>]) -> Vec<Vec<&'a CaseView<'a>>> {
    let mut groups: Vec<Vec<&CaseView<'_>>> = Vec::new();
    for view in cases.iter().filter(|view| !view.results.is_empty()) {
        let is_same = |group: &&mut Vec<&CaseView<'_>>| group[0].case.group == view.case.group;
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(view),
            None => groups.push(vec![view]),
        }
    }
    groups
}

fn suite(writer: &mut Xml, record: &Record, group: &[&CaseView<'_>]) -> io::Result<()> {
    let Some(first) = group.first() else {
        return Ok(());
    };
    let class = format!("petrel-conformance.{}", output::one_line(&first.case.group));
    let timestamp = output::one_line(record.started.trim_end_matches('Z'));
    let element = writer.create_element("testsuite");
    let element = element
        .with_attribute(("name", class.as_str()))
        .with_attribute(("timestamp", timestamp.as_str()));
    let totals = Totals::of(group);
    let element = element.with_attributes(totals.attributes().iter().map(pair));
    element.write_inner_content(|writer| {
        for view in group {
            for result in &view.results {
                case(writer, record, view, result, &class)?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn case(
    writer: &mut Xml,
    record: &Record,
    view: &CaseView<'_>,
    result: &ResultRecord,
    class: &str,
) -> io::Result<()> {
    let name = format!("{} {}", output::one_line(&result.name), view.title());
    let time = seconds(result.elapsed_us);
    let element = writer
        .create_element("testcase")
        .with_attribute(("classname", class))
        .with_attribute(("name", name.as_str()))
        .with_attribute(("time", time.as_str()));
    let mark = Mark::of(result);
    let reason = output::one_line(result.reason.as_deref().unwrap_or_else(|| mark.word()));
    let said = |writer: &mut Xml, tag: &str, message: &str| {
        let element = writer.create_element(tag.to_owned());
        let element = element.with_attribute(("message", message));
        match tag {
            "skipped" => element.write_empty().map(drop),
            _ => element
                .with_attribute(("type", mark.word()))
                .write_text_content(BytesText::new(&body(record, view, result)))
                .map(drop),
        }
    };
    match mark {
        Mark::Is(Verdict::Pass) => element.write_empty()?,
        Mark::Is(Verdict::Fail) => {
            element.write_inner_content(|writer| said(writer, "failure", &reason))?
        }
        Mark::Is(Verdict::Crash | Verdict::Hang) => {
            element.write_inner_content(|writer| said(writer, "error", &reason))?
        }
        Mark::Is(verdict @ (Verdict::NotRun | Verdict::NotApplicable)) => {
            let message = format!("{}: {reason}", verdict.as_str());
            element.write_inner_content(|writer| said(writer, "skipped", &message))?
        }
        // A machine would turn red for it, and it does not count.
        Mark::Excused(verdict) => {
            let known = output::one_line(result.excused.as_deref().unwrap_or_default());
            let message = format!("known {}: {known}", verdict.as_str());
            element.write_inner_content(|writer| said(writer, "skipped", &message))?
        }
        Mark::Is(Verdict::Warn) => element.write_inner_content(|writer| {
            let element = writer.create_element("system-out");
            let text = format!("warn: {reason}\n");
            element.write_text_content(BytesText::new(&text)).map(drop)
        })?,
    };
    Ok(())
}

/// What a person wants to see beside a red line.
fn body(record: &Record, view: &CaseView<'_>, result: &ResultRecord) -> String {
    let case = view.case;
    let clause = output::one_line(&format!("{} {}", case.clause, case.level));
    let parts = [
        format!("\n  clause    {clause}\n"),
        evidence::expected(LOOK, result),
        evidence::wire(LOOK, result),
        evidence::stderr(LOOK, result),
        format!("  again: {}\n", command_of(record, result)),
    ];
    legal(&parts.concat())
}

/// What a suite, or all of them, add up to.
#[derive(Default)]
struct Totals {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    micros: u64,
}

impl Totals {
    fn of(cases: &[&CaseView<'_>]) -> Self {
        let mut totals = Self::default();
        for result in cases.iter().flat_map(|view| &view.results) {
            totals.tests += 1;
            totals.micros = totals.micros.saturating_add(result.elapsed_us);
            match Mark::of(result) {
                Mark::Is(Verdict::Pass | Verdict::Warn) => {}
                Mark::Is(Verdict::Fail) => totals.failures += 1,
                Mark::Is(Verdict::Crash | Verdict::Hang) => totals.errors += 1,
                Mark::Is(Verdict::NotRun | Verdict::NotApplicable) | Mark::Excused(_) => {
                    totals.skipped += 1;
                }
            }
        }
        totals
    }

    fn attributes(&self) -> [(&'static str, String); 5] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
            ("time", seconds(self.micros)),
        ]
    }
}

fn pair<'a>((name, value): &'a (&'static str, String)) -> (&'a str, &'a str) {
    (name, value)
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// The text without the characters that XML 1.0 forbids, also when they are written as numbers.
fn legal(text: &str) -> String {
    let is_legal =
        |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let mut legal = String::with_capacity(text.len());
    for c in text.chars() {
        if is_legal(c) {
            legal.push(c);
        } else {
            legal.extend(c.escape_unicode());
        }
    }
    legal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, failure, record, result};
    use quick_xml::{Reader, XmlVersion, events::BytesStart};
    use std::collections::{BTreeMap, BTreeSet};

    /// Every element with its attributes and its own text, read back.
    fn read(document: &str) -> Vec<(String, BTreeMap<String, String>, String)> {
        let start = |start: &BytesStart<'_>| {
            let attributes = start.attributes().map(|each| {
                let each = each.expect("an attribute");
                let value = each
                    .normalized_value(XmlVersion::Implicit1_0)
                    .expect("a value")
                    .into_owned();
                (each.key.as_ref().to_owned(), value)
            });
            let name = start.name().as_ref().to_owned();
            (name, attributes.collect(), String::new())
        };
        let mut reader = Reader::from_str(document);
        reader.config_mut().check_end_names = true;
        let mut elements = Vec::new();
        let mut depth = 0;
        loop {
            match reader.read_event().expect("well-formed XML") {
                Event::Start(each) => {
                    depth += 1;
                    elements.push(start(&each));
                }
                Event::Empty(each) => elements.push(start(&each)),
                Event::End(_) => depth -= 1,
                Event::Text(text) => {
                    if let Some((_, _, own)) = elements.last_mut() {
                        own.push_str(&text);
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        elements
    }

    fn number(attributes: &BTreeMap<String, String>, name: &str) -> usize {
        attributes[name].parse().expect("a number")
    }

    #[test]
    fn it_can_be_read_back_and_its_numbers_are_right() {
        let run = sample::everything(40);
        let elements = read(&report(&run));
        let all = |tag: &str| elements.iter().filter(|(name, ..)| name == tag).count();
        let (name, totals, _) = &elements[0];
        assert_eq!(name, "testsuites");
        assert_eq!(number(totals, "tests"), run.results.len());
        assert_eq!(all("testcase"), run.results.len());
        assert_eq!(number(totals, "failures"), all("failure"));
        assert_eq!(number(totals, "errors"), all("error"));
        assert_eq!(number(totals, "skipped"), all("skipped"));
        for tag in ["failure", "error", "skipped", "system-out"] {
            assert!(all(tag) > 0, "{tag}");
        }
        let suites = elements.iter().filter(|(name, ..)| name == "testsuite");
        let tests: usize = suites
            .map(|(_, attributes, _)| number(attributes, "tests"))
            .sum();
        assert_eq!(tests, run.results.len());
    }

    #[test]
    fn no_name_comes_twice() {
        let mut names = BTreeSet::new();
        for (tag, attributes, _) in read(&report(&sample::everything(40))) {
            if tag == "testcase" {
                let name = (attributes["classname"].clone(), attributes["name"].clone());
                assert!(names.insert(name.clone()), "{name:?} comes twice");
            }
        }
        assert_eq!(names.len(), 400);
    }

    #[test]
    fn a_group_that_comes_again_is_one_suite() {
        let mut run = record(
            [1, 2, 3]
                .map(|number| result(&format!("PC-{number:04}@plain/whole"), Verdict::Pass))
                .to_vec(),
        );
        run.cases[1].group = "another".into();
        let suites = report(&run).matches("<testsuite ").count();
        assert_eq!(suites, 2);
    }

    #[test]
    fn what_xml_forbids_is_escaped() {
        let mut run = sample::hostile();
        run.started = "\u{ffff}".into();
        let document = report(&run);
        let is_forbidden = |c: char| (c < ' ' && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
        assert!(!document.contains(is_forbidden), "{document}");
        assert!(!document.contains("<script"), "{document}");
        let elements = read(&document);
        let (_, attributes, _) = elements
            .iter()
            .find(|(name, ..)| name == "error")
            .expect("a crash");
        assert!(attributes["message"].starts_with("<script>alert(1)</script> \\u{1b}[2J"));
    }

    #[test]
    fn a_failure_holds_its_evidence() {
        let document = report(&record(vec![failure("PC-0001@mac/bytes", Verdict::Fail)]));
        for part in [
            "classname=\"petrel-conformance.frame\" name=\"PC-0001@mac/bytes The words of P-001 hold\"",
            "time=\"0.001234\"",
            "status 400",
            "--only PC-0001@mac/bytes",
        ] {
            assert!(
                document.contains(part),
                "`{part}` is missing in:\n{document}"
            );
        }
    }
}
