//! The line that says how it stands with the traffic.

use super::{super::paint::Look, Traffic};
use ratatui::text::{Line, Span};

/// What there is to say, the most important first.
pub(in super::super) fn status(traffic: &Traffic, look: Look) -> Vec<Line<'static>> {
    let mut things = vec![exchanges(traffic, look)];
    let mut add = |text: String, style| things.push(Line::from(Span::styled(text, style)));
    if let Some(read) = traffic.source.under_way() {
        add(format!("reading {read}"), look.strong());
    }
    if let Some(judged) = traffic.filtering.under_way(&traffic.index) {
        let all = u64::from(traffic.index.len()).max(1);
        add(
            format!("filtering {} %", u64::from(judged) * 100 / all),
            look.strong(),
        );
    }
    if traffic.search.is_under_way() {
        add("searching".to_owned(), look.strong());
    }
    if traffic.is_following {
        add("following".to_owned(), look.good());
    }
    if let Some(ending) = traffic.source.ending() {
        add(ending, look.wrong());
    }
    let index = &traffic.index;
    let [ok, bad] = index.macs();
    if bad > 0 {
        add(format!("MAC bad {bad}"), look.wrong());
    }
    if index.gaps() > 0 {
        add(count(index.gaps(), "gap"), look.wrong());
    }
    if ok > 0 {
        add(format!("MAC ok {ok} (payload only)"), look.good());
    }
    add(count(index.connections(), "connection"), look.quiet());
    if !traffic.marks.is_empty() {
        let marks = u32::try_from(traffic.marks.len()).unwrap_or(u32::MAX);
        add(count(marks, "mark"), look.quiet());
    }
    if let Some(totals) = &traffic.source.totals {
        let skipped: u64 = totals.skipped_packets.values().sum();
        if skipped > 0 {
            add(format!("{skipped} packets skipped"), look.quiet());
        }
    }
    things
}

fn exchanges(traffic: &Traffic, look: Look) -> Line<'static> {
    let (shown, all) = (traffic.len(), traffic.index.len());
    let place = if shown == 0 {
        0
    } else {
        traffic.position() + 1
    };
    let mut spans = vec![
        Span::styled(place.to_string(), look.strong()),
        Span::raw(format!("/{shown}")),
    ];
    if traffic.filtering.rows().is_some() {
        spans.push(Span::styled(format!(" of {all}"), look.quiet()));
    }
    Line::from(spans)
}

fn count(number: u32, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}
