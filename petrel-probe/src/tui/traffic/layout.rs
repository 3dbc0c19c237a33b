//! Where the panes are, on a screen of any size.

use super::{Focus, Traffic};
use ratatui::layout::Rect;

/// From here on table and detail stand side by side.
const BESIDE_COLUMNS: u16 = 100;
/// From here on they stand above each other; on less they take turns.
const ABOVE_COLUMNS: u16 = 60;
const ABOVE_ROWS: u16 = 16;

/// The panes that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Panes {
    /// The table.
    pub(super) table: Option<Rect>,
    /// The rule between the two, a column or a row.
    pub(super) rule: Option<Rect>,
    /// The detail.
    pub(super) detail: Option<Rect>,
}

impl Traffic {
    /// The panes in an area.
    pub(super) fn panes(&self, area: Rect) -> Panes {
        let only = |table, detail| Panes {
            table,
            rule: None,
            detail,
        };
        if self.is_zoomed {
            only(None, Some(area))
        } else if area.width >= BESIDE_COLUMNS {
            beside(area)
        } else if area.width >= ABOVE_COLUMNS && area.height >= ABOVE_ROWS {
            above(area)
        } else if self.focus == Focus::Detail {
            only(None, Some(area))
        } else {
            only(Some(area), None)
        }
    }

    /// How many rows of the table fit, and whether the detail is shown.
    pub(in super::super) fn room(&self, area: Rect) -> (u32, bool) {
        let panes = self.panes(area);
        let rows = panes.table.map_or(self.page, |table| {
            u32::from(table.height.saturating_sub(heading_rows(table)))
        });
        (rows, panes.detail.is_some())
    }
}

/// The heading of the table, if there is room for it.
pub(super) fn heading_rows(table: Rect) -> u16 {
    u16::from(table.height > 3)
}

fn beside(area: Rect) -> Panes {
    // The table needs a little more than the detail, and beyond some width neither does.
    let width = (u32::from(area.width) * 56 / 100).min(96);
    let width = u16::try_from(width).unwrap_or(area.width);
    Panes {
        table: Some(Rect { width, ..area }),
        rule: Some(Rect {
            x: area.x + width,
            width: 1,
            ..area
        }),
        detail: Some(Rect {
            x: area.x + width + 2,
            width: area.width - width - 2,
            ..area
        }),
    }
}

fn above(area: Rect) -> Panes {
    let height = area.height * 2 / 5;
    Panes {
        table: Some(Rect { height, ..area }),
        rule: Some(Rect {
            y: area.y + height,
            height: 1,
            ..area
        }),
        detail: Some(Rect {
            y: area.y + height + 1,
            height: area.height - height - 1,
            ..area
        }),
    }
}
