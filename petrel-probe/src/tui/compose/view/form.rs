//! The request as it is typed.

use super::{
    super::{
        super::{
            input,
            paint::{Look, cut},
        },
        fields::Field,
        pager::draw,
        state::{Compose, Link},
    },
    answer::brief,
    payload::{view_forms, view_payload},
};
use crate::report::text::duration;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

/// Columns of what stands before a value: a pointer and the name.
const LABEL_COLUMNS: u16 = 9;

/// From here on MAC, timeout and repeat are on one line.
const OPTIONS_COLUMNS: u16 = 54;

/// A line of the form, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Target,
    Link,
    Name,
    Form,
    Payload,
    Options,
    Mac,
    Timeout,
    Repeat,
    Send,
}

impl Row {
    fn holds(self, field: Field) -> bool {
        match self {
            Self::Target => field == Field::Target,
            Self::Name => field == Field::Name,
            Self::Form => field == Field::Form,
            Self::Payload => field == Field::Payload,
            Self::Options => matches!(field, Field::Mac | Field::Timeout | Field::Repeat),
            Self::Mac => field == Field::Mac,
            Self::Timeout => field == Field::Timeout,
            Self::Repeat => field == Field::Repeat,
            Self::Send => !field.is_of_request() || field == Field::Send,
            Self::Link => false,
        }
    }
}

/// Draws it. What could be completed may lie over all of `bounds`.
pub(super) fn view(compose: &Compose, area: Rect, bounds: Rect, buf: &mut Buffer, look: Look) {
    let placed = placed(compose, area);
    let shows_link = placed.iter().any(|(row, _)| *row == Row::Link);
    for (row, area) in &placed {
        view_row(compose, *row, *area, shows_link, buf, look);
    }
    let offers = [(Row::Target, Field::Target), (Row::Name, Field::Name)];
    for (row, field) in offers {
        let line = placed.iter().find(|(placed, _)| *placed == row);
        if let Some((_, line)) = line.filter(|_| compose.field == field) {
            compose.completion.view(value_of(*line), bounds, buf, look);
        }
    }
}

/// Where the rows are drawn. On little room it is those around the one that has the keys, and the last.
fn placed(compose: &Compose, area: Rect) -> Vec<(Row, Rect)> {
    let mut rows = vec![Row::Target, Row::Link, Row::Name, Row::Form, Row::Payload];
    if area.width >= OPTIONS_COLUMNS {
        rows.push(Row::Options);
    } else {
        rows.extend([Row::Mac, Row::Timeout, Row::Repeat]);
    }
    rows.push(Row::Send);
    let height = usize::from(area.height);
    let mut payload_height = 1;
    if rows.len() > height {
        rows.retain(|row| *row != Row::Link);
    }
    if rows.len() > height {
        rows.pop();
        let room = height.saturating_sub(1);
        let focused = rows.iter().position(|row| row.holds(compose.field));
        let first = match focused {
            Some(at) => at
                .saturating_sub(room / 2)
                .min(rows.len().saturating_sub(room)),
            None => rows.len().saturating_sub(room),
        };
        rows = rows.into_iter().skip(first).take(room).collect();
        // Where it is typed, a payload gets all that there is.
        if compose.field == Field::Payload && room > 0 {
            rows = vec![Row::Payload];
            payload_height = room;
        }
        rows.push(Row::Send);
    } else {
        payload_height = height + 1 - rows.len();
    }
    let mut y = area.y;
    let place = |row| {
        let height = if row == Row::Payload {
            payload_height
        } else {
            1
        };
        let height = u16::try_from(height).unwrap_or(u16::MAX);
        let placed = Rect { y, height, ..area }.intersection(area);
        y = y.saturating_add(height);
        (row, placed)
    };
    rows.into_iter().map(place).collect()
}

/// Where the value of a field is drawn.
pub(super) fn value_of(row: Rect) -> Rect {
    let columns = LABEL_COLUMNS.min(row.width);
    Rect {
        x: row.x + columns,
        width: row.width - columns,
        ..row
    }
}

fn view_row(
    compose: &Compose,
    row: Row,
    area: Rect,
    shows_link: bool,
    buf: &mut Buffer,
    look: Look,
) {
    match row {
        Row::Target => view_input(compose, Field::Target, &compose.target, area, buf, look),
        Row::Name => view_input(compose, Field::Name, &compose.name, area, buf, look),
        Row::Timeout => view_input(compose, Field::Timeout, &compose.timeout, area, buf, look),
        Row::Repeat => view_input(compose, Field::Repeat, &compose.repeat, area, buf, look),
        Row::Mac => view_mac(compose, area, buf, look),
        Row::Link => {
            let (text, style) = link(compose, look);
            draw(&text, value_of(area), buf, look, style);
        }
        Row::Form => view_forms(compose, area, buf, look),
        Row::Payload => view_payload(compose, area, buf, look),
        Row::Options => {
            let side = Rect {
                x: area.right().saturating_sub(33),
                width: 18,
                ..area
            };
            let last = Rect {
                x: area.right().saturating_sub(15),
                width: 15,
                ..area
            };
            let first = Rect {
                width: area.width.saturating_sub(34),
                ..area
            };
            view_mac(compose, first, buf, look);
            view_input(compose, Field::Timeout, &compose.timeout, side, buf, look);
            view_input(compose, Field::Repeat, &compose.repeat, last, buf, look);
        }
        Row::Send => view_send(compose, area, shows_link, buf, look),
    }
}

/// Draws what stands before a value.
pub(super) fn view_label(
    compose: &Compose,
    field: Field,
    name: &str,
    area: Rect,
    buf: &mut Buffer,
    look: Look,
) {
    let has_focus = compose.field == field;
    let pointer = if has_focus { look.pointer() } else { " " };
    let style = if has_focus {
        look.strong()
    } else {
        look.quiet()
    };
    let width = usize::from(LABEL_COLUMNS.min(area.width).saturating_sub(1));
    buf.set_stringn(area.x, area.y, format!("{pointer}{name}"), width, style);
}

fn view_input(
    compose: &Compose,
    field: Field,
    input: &input::Input,
    area: Rect,
    buf: &mut Buffer,
    look: Look,
) {
    let name = match field {
        Field::Target => "target",
        Field::Name => "name",
        Field::Timeout => "timeout",
        _ => "repeat",
    };
    view_label(compose, field, name, area, buf, look);
    let has_focus = compose.field == field;
    if input.text().is_empty() && !has_focus && field == Field::Target {
        draw(
            "host:port, tls://…, unix:/…, embedded",
            value_of(area),
            buf,
            look,
            look.quiet(),
        );
    }
    input::view(input, value_of(area), buf, look, has_focus);
}

fn view_mac(compose: &Compose, area: Rect, buf: &mut Buffer, look: Look) {
    view_label(compose, Field::Mac, "MAC", area, buf, look);
    let has_focus = compose.field == Field::Mac;
    let label = compose.key.and_then(|key| compose.keys.labels.get(key));
    let (text, style) = match label {
        Some(label) => (look.text(label.as_bytes()), Style::new()),
        None if compose.keys.labels.is_empty() => ("no key".to_owned(), look.quiet()),
        None => ("off".to_owned(), look.doubtful()),
    };
    let text = cut(&text, value_of(area).width.into(), look);
    let style = if has_focus {
        style.patch(look.selected(true))
    } else {
        style
    };
    draw(&text, value_of(area), buf, look, style);
}

/// The connection in words.
fn link(compose: &Compose, look: Look) -> (String, Style) {
    let route = compose.route().ok();
    match &compose.link {
        Link::None => ("not connected".to_owned(), look.quiet()),
        Link::Opening(route) => (format!("connecting to {}", route.target), look.doubtful()),
        Link::Refused(why) => (why.clone(), look.wrong()),
        Link::Lost(why) => (format!("connection lost: {why}"), look.wrong()),
        Link::Open(took) if route.as_ref() != Some(&took.route) => {
            let text = format!("connected to {}; sending connects anew", took.route.target);
            (text, look.doubtful())
        }
        Link::Open(took) => {
            let mut text = format!("connected in {}", duration(took.connect));
            for (name, time) in [("TLS", took.tls), ("protocol check", took.check)] {
                if let Some(time) = time {
                    text.push_str(&format!(", {name} {}", duration(time)));
                }
            }
            let text = if look.is_ascii {
                text.replace('µ', "u")
            } else {
                text
            };
            (text, look.good())
        }
    }
}

/// The button, and what happened last.
fn view_send(compose: &Compose, area: Rect, shows_link: bool, buf: &mut Buffer, look: Look) {
    let has_focus = compose.field == Field::Send;
    let style = if has_focus {
        look.selected(true).add_modifier(Modifier::BOLD)
    } else {
        look.strong()
    };
    let x = draw(" [Send] ", area, buf, look, style).saturating_add(1);
    let rest = Rect {
        x,
        width: area.right().saturating_sub(x),
        ..area
    };
    let (text, style) = match (
        &compose.said,
        &compose.work,
        compose.answers.iter().next_back(),
    ) {
        (Some(said), ..) if said.is_wrong => (said.text.clone(), look.wrong()),
        (Some(said), ..) => (said.text.clone(), look.strong()),
        (None, Some(work), _) if work.of > 1 => {
            let text = format!("{} of {} answered; Esc stops", work.answered, work.of);
            (text, look.doubtful())
        }
        (None, Some(_), _) => (
            "waiting for the answer; Esc stops".to_owned(),
            look.doubtful(),
        ),
        // An answer of before would look like that of what could not be sent.
        _ if matches!(compose.link, Link::Refused(_) | Link::Lost(_)) => link(compose, look),
        _ if !shows_link && !matches!(compose.link, Link::Open(_) | Link::None) => {
            link(compose, look)
        }
        (None, None, Some(answer)) => brief(answer, look),
        (None, None, None) if !shows_link => link(compose, look),
        (None, None, None) => ("Ctrl-S sends".to_owned(), look.quiet()),
    };
    draw(&text, rest, buf, look, style);
}
