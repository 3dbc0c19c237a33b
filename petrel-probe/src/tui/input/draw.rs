//! How a line that is typed is drawn.

use super::{super::paint::Look, Input, cluster};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// Draws the part of it around the cursor on one line. The cursor is drawn too, if it has the keys.
pub(crate) fn view(input: &Input, area: Rect, buf: &mut Buffer, look: Look, has_focus: bool) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let width = usize::from(area.width);
    let hidden = hidden_columns(input, width, look);
    let mut column = 0;
    for (start, text) in cluster::all(&input.text) {
        let is_under_cursor = has_focus && start == input.cursor;
        let style = if is_under_cursor {
            look.cursor()
        } else {
            Style::new()
        };
        let (shown, len) = cluster::drawn(text, look.is_ascii);
        if column >= hidden {
            let room = width.saturating_sub(column - hidden);
            if len > room && shown.len() == len {
                // What is escaped may be cut; half of a wide character is nothing.
                put(
                    buf,
                    area,
                    column - hidden,
                    &shown[..shown.floor_char_boundary(room)],
                    style,
                );
            } else if len <= room {
                put(buf, area, column - hidden, &shown, style);
            }
        }
        column += len;
        if column >= hidden + width {
            return;
        }
    }
    if has_focus && input.cursor == input.text.len() && column >= hidden {
        put(buf, area, column - hidden, " ", look.cursor());
    }
}

fn put(buf: &mut Buffer, area: Rect, column: usize, text: &str, style: Style) {
    let Ok(column) = u16::try_from(column) else {
        return;
    };
    if column < area.width && !text.is_empty() {
        let room = usize::from(area.width - column);
        buf.set_stringn(area.x + column, area.y, text, room, style);
    }
}

/// How many columns are out of sight on the left: none if the cursor can be seen so, else in steps of
/// half the width, so that the text does not move with every key.
fn hidden_columns(input: &Input, width: usize, look: Look) -> usize {
    let step = (width / 2).max(1);
    let under_cursor = cluster::all(&input.text)
        .find(|(start, _)| *start == input.cursor)
        .map_or(1, |(_, text)| cluster::drawn(text, look.is_ascii).1);
    let end = columns_before_cursor(input, look) + under_cursor.min(width);
    let wanted = end.saturating_sub(width).div_ceil(step) * step;
    // Not within a cluster, of which the rest would be left out.
    let mut column = 0;
    for (_, text) in cluster::all(&input.text) {
        if column >= wanted {
            break;
        }
        column += cluster::drawn(text, look.is_ascii).1;
    }
    column.min(columns_before_cursor(input, look))
}

fn columns_before_cursor(input: &Input, look: Look) -> usize {
    cluster::all(&input.text)
        .take_while(|(start, _)| *start < input.cursor)
        .map(|(_, text)| cluster::drawn(text, look.is_ascii).1)
        .sum()
}
