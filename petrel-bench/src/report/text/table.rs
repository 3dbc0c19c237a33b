//! A table of short words, which becomes a list where it does not fit.

use anstyle::Style;
use petrel_cli::{Look, output};

/// Columns between two cells, the first that fits.
const GAPS: [usize; 2] = [2, 1];

/// A cell: it is as wide as its text, unless it lies over several columns.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    columns: usize,
    style: Style,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: output::one_line(&text.into()),
            columns: 1,
            style: Style::new(),
        }
    }

    /// Lies over so many columns, at their right end.
    pub(super) fn over(mut self, columns: usize) -> Self {
        self.columns = columns;
        self
    }

    pub(super) fn in_style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// A table: what its columns are called, and its rows. The first column is to the left, the others to
/// the right.
#[derive(Debug)]
pub(super) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn new(head: Vec<&'static str>) -> Self {
        Self {
            head,
            rows: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(
            row.iter().map(|cell| cell.columns).sum::<usize>(),
            self.head.len(),
            "a row has all columns"
        );
        self.rows.push(row);
    }

    /// The lines, none wider than the terminal.
    pub(super) fn render(&self, look: Look) -> String {
        let widths = self.widths();
        let total: usize = widths.iter().sum();
        let fits = |gap: &usize| total + gap * widths.len().saturating_sub(1) <= look.width;
        match GAPS.into_iter().find(fits) {
            Some(gap) => self.as_table(look, &widths, gap),
            None => self.as_list(look),
        }
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|name| columns(name)).collect();
        for row in &self.rows {
            let mut at = 0;
            for cell in row {
                // A cell over several columns takes the room that they have together.
                if let (1, Some(width)) = (cell.columns, widths.get_mut(at)) {
                    *width = columns(&cell.text).max(*width);
                }
                at += cell.columns;
            }
        }
        widths
    }

    fn as_table(&self, look: Look, widths: &[usize], gap: usize) -> String {
        let dimmed = Style::new().dimmed();
        let head = self
            .head
            .iter()
            .map(|name| Cell::new(*name).in_style(dimmed));
        let head: Vec<Cell> = head.collect();
        let mut text = String::new();
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::new();
            let mut at = 0;
            for cell in row {
                let inside = widths.get(at..at + cell.columns).unwrap_or_default();
                let width = inside.iter().sum::<usize>() + gap * (cell.columns - 1);
                let pad = " ".repeat(width.saturating_sub(columns(&cell.text)));
                let painted = if cell.text.is_empty() {
                    String::new()
                } else {
                    look.paint(cell.style, &cell.text)
                };
                line += &if at == 0 {
                    format!("{painted}{pad}")
                } else {
                    format!("{:gap$}{pad}{painted}", "")
                };
                at += cell.columns;
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    /// Each row as a paragraph that names every column.
    fn as_list(&self, look: Look) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let mut parts: Vec<String> = Vec::new();
            let mut at = 0;
            for cell in row {
                let name = self.head.get(at).copied().unwrap_or_default();
                at += cell.columns;
                if at == cell.columns || name.is_empty() {
                    parts.push(cell.text.clone());
                } else if !cell.text.is_empty() {
                    // A value stays on the line of its name.
                    parts.push(format!("{name} {}", cell.text).replace(' ', "\u{a0}"));
                }
            }
            parts.retain(|part| !part.is_empty());
            let (label, values) = parts.split_first().map_or_else(
                || (String::new(), String::new()),
                |(label, values)| (label.clone(), values.join(", ")),
            );
            let lines = output::paragraph(&format!("{label}: {values}"), look.width, "", "    ");
            text += &lines.replace('\u{a0}', " ");
        }
        text
    }
}

/// Columns that a text takes; it holds nothing but single characters of one column.
fn columns(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(vec!["", "p50", "p90", "count"]);
        let cells = ["response", "1.00 ms", "2.00 ms", "400"];
        table.push(cells.map(Cell::new).to_vec());
        table.push(vec![
            Cell::new("connect"),
            Cell::new("n/a (needs 20)").over(2),
            Cell::new("4"),
        ]);
        table
    }

    fn at(width: usize) -> Look {
        Look {
            width,
            color: false,
        }
    }

    #[test]
    fn a_cell_over_columns_takes_their_room() {
        assert_eq!(
            table().render(at(80)),
            "              p50      p90  count\n\
             response  1.00 ms  2.00 ms    400\n\
             connect     n/a (needs 20)      4\n"
        );
    }

    #[test]
    fn a_table_that_does_not_fit_becomes_closer_and_then_a_list() {
        assert!(
            table()
                .render(at(30))
                .contains("\nresponse 1.00 ms 2.00 ms   400\n")
        );
        assert_eq!(
            table().render(at(28)),
            "response: p50 1.00 ms,\n    p90 2.00 ms, count 400\n\
             connect: p50 n/a (needs 20),\n    count 4\n"
        );
    }
}
