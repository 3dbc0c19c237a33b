//! Statistics for people.

use super::{Entry, Stats};
use crate::{
    exchange::{Connection, Exchange},
    report::{
        Report, Summary,
        text::{byte_count, duration, ending_text, skipped_text},
    },
};
use anstyle::Style;
use petrel::wire::Escaped;
use petrel_cli::Look;
use std::{
    io::{self, Write},
    time::Duration,
};

/// So many names are shown; JSON has them all.
const ROWS_MAX: usize = 50;

/// Most columns that a name takes.
const NAME_WIDTH_MAX: usize = 32;

/// A column of the table.
struct Column {
    head: &'static str,
    width: usize,
    /// Of columns that do not fit, those with the greatest number are left out first.
    rank: u8,
    cell: fn(&Entry) -> String,
}

static COLUMNS: [Column; 10] = [
    Column::new("count", 9, 0, |entry| entry.count.to_string()),
    Column::new("errors", 7, 0, |entry| entry.errors.to_string()),
    Column::new("app", 7, 5, |entry| entry.application.to_string()),
    Column::new("no answer", 9, 4, |entry| entry.unanswered.to_string()),
    Column::new("p50", 8, 1, |entry| shown(entry.percentile(50.0))),
    Column::new("p90", 8, 3, |entry| shown(entry.percentile(90.0))),
    Column::new("p99", 8, 2, |entry| shown(entry.percentile(99.0))),
    Column::new("max", 8, 2, |entry| shown(entry.max())),
    Column::new("sent", 9, 6, |entry| byte_count(entry.request_bytes)),
    Column::new("received", 9, 6, |entry| byte_count(entry.response_bytes)),
];

impl Column {
    const fn new(head: &'static str, width: usize, rank: u8, cell: fn(&Entry) -> String) -> Self {
        Self {
            head,
            width,
            rank,
            cell,
        }
    }
}

/// The columns that fit into so many, the most important ones in any case.
fn columns(room: usize) -> Vec<&'static Column> {
    let up_to = |rank| COLUMNS.iter().filter(move |column| column.rank <= rank);
    let fits = |rank: &u8| up_to(*rank).map(|column| column.width + 1).sum::<usize>() <= room;
    let rank = (0..=6).rev().find(fits).unwrap_or(0);
    up_to(rank).collect()
}

/// A table of names, then what was captured and what was not understood.
#[derive(Debug)]
pub struct Text<W> {
    sink: W,
    look: Look,
    stats: Stats,
}

impl<W: Write> Text<W> {
    /// Prints to `sink` when all was told.
    pub fn new(sink: W, look: Look) -> Self {
        let stats = Stats::new();
        Self { sink, look, stats }
    }

    fn table(&mut self) -> io::Result<()> {
        let ranked = self.stats.ranked();
        let hidden = ranked.len().saturating_sub(ROWS_MAX);
        let mut rows: Vec<(String, &Entry)> = Vec::new();
        for (name, entry) in ranked.into_iter().take(ROWS_MAX) {
            rows.push((shortened(&Escaped(name).to_string()), entry));
        }
        if let Some(other) = &self.stats.other {
            rows.push(("(other names)".to_owned(), other));
        }
        if rows.len() != 1 {
            rows.push(("(all)".to_owned(), &self.stats.all));
        }
        let names = rows.iter().map(|(name, _)| name.chars().count());
        let name_width = names.max().unwrap_or(0).max(4);
        let columns = columns(self.look.width.saturating_sub(name_width));
        let line = |name: &str, cell: &dyn Fn(&Column) -> String| {
            let cells = columns.iter();
            let cells = cells.map(|column| format!(" {:>1$}", cell(column), column.width));
            format!("{name:name_width$}{}", cells.collect::<String>())
        };
        let head = line("name", &|column| column.head.to_owned());
        writeln!(self.sink, "{}", self.look.paint(Style::new().bold(), &head))?;
        for (name, entry) in &rows {
            let row = line(name, &|column| (column.cell)(entry));
            writeln!(self.sink, "{row}")?;
        }
        if hidden > 0 {
            writeln!(
                self.sink,
                "and {hidden} more names; --format json has them all"
            )?;
        }
        writeln!(self.sink)
    }

    fn rest(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        let totals = summary.totals;
        let list = |items: Vec<String>| match items.is_empty() {
            true => "none".to_owned(),
            false => items.join(", "),
        };
        let statuses = self.stats.statuses.iter();
        let statuses = statuses.map(|(status, count)| format!("{count} × {status}"));
        let macs = self.stats.macs.present();
        let macs = macs.map(|(state, count)| format!("{count} {state}"));
        let gaps = self.stats.gaps.iter().map(|(cause, (count, bytes))| {
            format!("{count} {} ({})", cause.as_str(), byte_count(*bytes))
        });
        let mut lines = vec![
            ("statuses", list(statuses.collect())),
            ("MACs", list(macs.collect())),
            (
                "exchanges",
                format!(
                    "{} of {} in {} connections, over {}; {} notices of closing",
                    summary.shown,
                    totals.exchanges,
                    totals.connections,
                    duration(self.stats.span()),
                    totals.notices
                ),
            ),
            (
                "packets",
                format!("{} ({})", totals.packets, byte_count(totals.bytes)),
            ),
            (
                "segments",
                format!(
                    "{}; {} retransmitted, {} out of order, {} bytes in conflict",
                    totals.segments,
                    totals.retransmissions,
                    totals.out_of_order,
                    totals.conflicting_bytes
                ),
            ),
            ("gaps", list(gaps.collect())),
        ];
        if totals.skipped_bytes > 0 {
            let skipped = format!("{}: no frame in them", byte_count(totals.skipped_bytes));
            lines.push(("passed over", skipped));
        }
        lines.extend(skipped_text(totals));
        lines.extend(ending_text(summary).map(|text| ("ending", text)));
        for (label, text) in lines {
            writeln!(self.sink, "{label:<20} {text}")?;
        }
        Ok(())
    }
}

impl<W: Write> Report for Text<W> {
    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        self.stats.exchange(exchange);
        Ok(())
    }

    fn connection(&mut self, connection: &Connection) -> io::Result<()> {
        self.stats.connection(connection);
        Ok(())
    }

    fn finish(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        self.table()?;
        self.rest(summary)?;
        self.sink.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

fn shown(latency: Option<Duration>) -> String {
    latency.map_or_else(|| "-".to_owned(), duration)
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_WIDTH_MAX {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(NAME_WIDTH_MAX - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange::sample::{connection, exchange, login, message},
        totals::Totals,
    };

    fn page(width: usize, exchanges: &[Exchange]) -> String {
        let look = Look {
            width,
            color: false,
        };
        let mut bytes = Vec::new();
        let mut report = Text::new(&mut bytes, look);
        for exchange in exchanges {
            report.exchange(exchange).unwrap();
        }
        report.connection(&connection()).unwrap();
        let mut totals = Totals {
            packets: 12,
            skipped_bytes: 5,
            ..Totals::default()
        };
        totals.skip_packet("ARP");
        report.finish(&Summary::of(&totals)).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn columns_that_do_not_fit_are_left_out() {
        let wide = page(120, &[login()]);
        assert!(
            wide.starts_with("name      count  errors     app no answer      p50"),
            "{wide}"
        );
        for width in [20, 40, 60, 80, 100] {
            let text = page(width, &[login()]);
            let table = text.lines().take(2);
            let longest = table.map(|line| line.chars().count()).max().unwrap();
            assert!(longest <= width.max(23), "{width}: {text}");
            assert!(text.starts_with("name      count  errors"), "{text}");
        }
    }

    #[test]
    fn everything_that_was_skipped_has_its_reason() {
        let hostile = exchange(Some(message(0, b"\x1b[2J\n", b"", 0)), None);
        let text = page(usize::MAX, &[login(), hostile]);
        for line in [
            "statuses             1 × 200",
            "MACs                 1 none, 1 ok, 1 bad",
            "gaps                 1 lost (3 B)",
            "passed over          5 B: no frame in them",
            "skipped packets      1 ARP",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
        }
        assert!(text.contains(r"\u{1b}[2J\n "), "{text}");
        assert!(text.contains("\n(all) "), "{text}");
        assert!(!text.replace('\n', "").contains(char::is_control));
    }
}
