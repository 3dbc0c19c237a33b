//! The payload as it is typed.

use super::{
    super::{
        super::{input, paint::Look},
        fields::Field,
        pager::draw,
        payload::{FileState, Kind},
        state::Compose,
    },
    form::{value_of, view_label},
};
use crate::report::text::byte_count;
use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

/// The forms in which a payload is typed, and what is to be said of this one.
pub(super) fn view_forms(compose: &Compose, area: Rect, buf: &mut Buffer, look: Look) {
    view_label(compose, Field::Form, "payload", area, buf, look);
    let area = value_of(area);
    let has_focus = compose.field == Field::Form;
    let mut x = area.x;
    let put = |x: u16, text: &str, buf: &mut Buffer, style: Style| {
        let room = Rect {
            x,
            width: area.right().saturating_sub(x),
            ..area
        };
        draw(text, room, buf, look, style)
    };
    for kind in Kind::ALL {
        let is_selected = kind == compose.payload.kind();
        if !is_selected && area.width < 24 {
            continue;
        }
        let style = if is_selected {
            look.strong().patch(look.selected(has_focus))
        } else {
            look.quiet()
        };
        x = put(x, kind.as_str(), buf, style);
        x = x.saturating_add(1);
    }
    let (text, style) = judgement(compose, look);
    put(x.saturating_add(1), &text, buf, style);
}

fn judgement(compose: &Compose, look: Look) -> (String, Style) {
    let payload = &compose.payload;
    if let (Some((c, line)), Ok(_)) = (payload.unseen(), payload.judged()) {
        let code = u32::from(c);
        return (
            format!("U+{code:04X} in line {line} is not shown"),
            look.doubtful(),
        );
    }
    match (payload.kind(), payload.judged()) {
        (Kind::File, Err(_)) => match payload.file() {
            FileState::Failed(_) => (String::new(), Style::new()),
            FileState::Reading => ("reading".to_owned(), look.quiet()),
            _ => ("read when it is sent".to_owned(), look.quiet()),
        },
        (kind, Ok(len)) => {
            let valid = if kind == Kind::Json {
                look.glyph("✓ ", "valid, ")
            } else {
                ""
            };
            (format!("{valid}{}", byte_count(len as u64)), look.good())
        }
        (_, Err(wrong)) => (wrong.to_owned(), look.wrong()),
    }
}

/// Draws it.
pub(super) fn view_payload(compose: &Compose, area: Rect, buf: &mut Buffer, look: Look) {
    let has_focus = compose.field == Field::Payload;
    let gutter = if has_focus {
        look.strong()
    } else {
        look.quiet()
    };
    for row in area.rows() {
        let glyph = look.glyph("│", "|");
        buf.set_stringn(row.x, row.y, glyph, usize::from(row.width), gutter);
    }
    let area = Rect {
        x: area.x + 2.min(area.width),
        width: area.width.saturating_sub(2),
        ..area
    };
    if area.is_empty() {
        return;
    }
    if compose.payload.kind() != Kind::File {
        compose.payload.editor().render(area, buf);
        if look.is_ascii {
            only_ascii(area, buf);
        }
        return;
    }
    let path = compose.payload.path();
    let first = Rect { height: 1, ..area };
    if path.text().is_empty() && !has_focus {
        draw("the path of a file", first, buf, look, look.quiet());
    }
    input::view(path, first, buf, look, has_focus);
    if let FileState::Failed(why) = compose.payload.file() {
        let second = Rect {
            y: area.y + 1,
            ..first
        };
        draw(why, second.intersection(area), buf, look, look.wrong());
    }
}

/// The editor knows nothing of terminals that show nothing else.
fn only_ascii(area: Rect, buf: &mut Buffer) {
    for position in area.intersection(buf.area).positions() {
        if let Some(cell) = buf.cell_mut(position)
            && !cell.symbol().is_ascii()
        {
            cell.set_symbol("?");
        }
    }
}
