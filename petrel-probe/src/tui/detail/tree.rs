//! The fields of an exchange as a tree, flat: items with their depth.

use super::{body::Body, fields};
use crate::exchange::{Exchange, Side};
use std::ops::Range;

/// Items in the order in which they are shown. What is folded away is none of them.
#[derive(Debug, Default)]
pub(super) struct Tree(Vec<Item>);

/// A line of the tree.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) depth: u16,
    /// What it is; empty for a line of a payload.
    pub(super) label: &'static str,
    /// What there is to say of it, fit to be drawn.
    pub(super) value: String,
    pub(super) tone: Tone,
    /// Its bytes.
    range: Option<Range<u64>>,
    /// Whether it is folded; none where there is nothing to fold.
    pub(super) is_folded: Option<bool>,
}

/// Which item of the tree. The same kind of item is found again in another exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Exchange,
    Connection,
    Client,
    Server,
    Rtt,
    Note(usize),
    Message(Side),
    Captured(Side),
    Status(Side),
    Sequence(Side),
    NameLength(Side),
    PayloadLength(Side),
    Name(Side),
    Payload(Side),
    PayloadLine(Side, usize),
    PayloadRest(Side),
    Mac(Side),
    Gap(Side, usize),
}

/// How an item is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Heading,
    Name,
    Good,
    Doubtful,
    Wrong,
    Quiet,
}

/// The bytes of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) side: Side,
    pub(super) range: Range<u64>,
}

/// What is folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folds {
    pub(super) exchange: bool,
    messages: [bool; 2],
    payloads: [bool; 2],
}

impl Default for Folds {
    /// Payloads are folded, so that request and answer are seen together.
    fn default() -> Self {
        Self {
            exchange: false,
            messages: [false; 2],
            payloads: [true; 2],
        }
    }
}

impl Folds {
    /// The fold of an item, if it has one.
    pub(super) const fn of(&mut self, kind: Kind) -> Option<&mut bool> {
        let [request, response] = &mut self.messages;
        let [request_payload, response_payload] = &mut self.payloads;
        match kind {
            Kind::Exchange => Some(&mut self.exchange),
            Kind::Message(Side::Client) => Some(request),
            Kind::Message(Side::Server) => Some(response),
            Kind::Payload(Side::Client) => Some(request_payload),
            Kind::Payload(Side::Server) => Some(response_payload),
            _ => None,
        }
    }

    /// Everything folded, or nothing.
    pub(super) const fn all(is_folded: bool) -> Self {
        Self {
            exchange: is_folded,
            messages: [is_folded; 2],
            payloads: [is_folded; 2],
        }
    }

    pub(super) const fn message(&self, side: Side) -> bool {
        let [request, response] = self.messages;
        match side {
            Side::Client => request,
            Side::Server => response,
        }
    }

    pub(super) const fn payload(&self, side: Side) -> bool {
        let [request, response] = self.payloads;
        match side {
            Side::Client => request,
            Side::Server => response,
        }
    }
}

impl Kind {
    /// Whose message it belongs to.
    pub(super) const fn side(self) -> Option<Side> {
        match self {
            Self::Exchange
            | Self::Connection
            | Self::Client
            | Self::Server
            | Self::Rtt
            | Self::Note(_) => None,
            Self::Message(side)
            | Self::Captured(side)
            | Self::Status(side)
            | Self::Sequence(side)
            | Self::NameLength(side)
            | Self::PayloadLength(side)
            | Self::Name(side)
            | Self::Payload(side)
            | Self::PayloadLine(side, _)
            | Self::PayloadRest(side)
            | Self::Mac(side)
            | Self::Gap(side, _) => Some(side),
        }
    }

    /// The same item of a message of this side.
    pub(super) const fn of(self, side: Side) -> Self {
        match self {
            Self::Captured(_) => Self::Captured(side),
            Self::Status(_) => Self::Status(side),
            Self::Sequence(_) => Self::Sequence(side),
            Self::NameLength(_) => Self::NameLength(side),
            Self::PayloadLength(_) => Self::PayloadLength(side),
            Self::Name(_) => Self::Name(side),
            Self::Payload(_) | Self::PayloadLine(..) | Self::PayloadRest(_) => Self::Payload(side),
            Self::Mac(_) => Self::Mac(side),
            _ => Self::Message(side),
        }
    }
}

impl Item {
    pub(super) fn new(depth: u16, kind: Kind, label: &'static str, value: String) -> Self {
        Self {
            kind,
            depth,
            label,
            value,
            tone: Tone::Plain,
            range: None,
            is_folded: None,
        }
    }

    pub(super) const fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    pub(super) fn bytes(mut self, range: Range<u64>) -> Self {
        self.range = Some(range);
        self
    }

    pub(super) const fn folded(mut self, is_folded: bool) -> Self {
        self.is_folded = Some(is_folded);
        self
    }

    /// The bytes it stands for.
    pub(super) fn target(&self) -> Option<Target> {
        Some(Target {
            side: self.kind.side()?,
            range: self.range.clone()?,
        })
    }
}

impl Tree {
    pub(super) fn of(exchange: &Exchange, bodies: &[Option<Body>; 2], folds: &Folds) -> Self {
        Self(fields::items(exchange, bodies, folds))
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.0
    }

    pub(super) fn item(&self, place: usize) -> Option<&Item> {
        self.0.get(place)
    }

    /// Where an item of this kind is.
    pub(super) fn find(&self, kind: Kind) -> Option<usize> {
        self.0.iter().position(|item| item.kind == kind)
    }

    /// The smallest item that holds a byte.
    pub(super) fn find_at(&self, side: Side, offset: u64) -> Option<usize> {
        let holding = self.0.iter().enumerate().filter_map(|(place, item)| {
            let target = item.target()?;
            let holds = target.side == side && target.range.contains(&offset);
            holds.then_some((target.range.end - target.range.start, place))
        });
        // Of two of the same length the later one is the inner one.
        let smallest = holding.min_by_key(|(len, place)| (*len, usize::MAX - place));
        smallest.map(|(_, place)| place)
    }

    /// The item that an item is part of.
    pub(super) fn parent(&self, place: usize) -> Option<usize> {
        let depth = self.item(place)?.depth;
        let before = self.0.get(..place)?;
        before.iter().rposition(|item| item.depth < depth)
    }
}
