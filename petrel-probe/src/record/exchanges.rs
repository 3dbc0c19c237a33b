//! Exchanges of what is being recorded.

use super::follow::Follower;
use crate::{
    conversation::Conversation,
    exchange::{End, Event, GapCause, Side, Start},
    wire::FramerConfig,
};
use std::{collections::HashMap, fmt, net::SocketAddr};

/// What is told of a recording while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is something, or nothing for now"
)]
pub enum Told {
    /// An exchange or a connection is over.
    Event(Event),
    /// Nothing more is known for the moment: a good time to show what was told.
    Pause,
}

/// A [`Follower`] that pairs requests and answers. Every connection is taken for one of Petrel's; what
/// can be no frame is told as bytes that were passed over.
pub struct Exchanges<F> {
    config: FramerConfig,
    conversations: HashMap<u32, Followed>,
    each: F,
}

struct Followed {
    conversation: Conversation,
    /// Whether the client, and the server, said something that the other side has not spoken after.
    is_unanswered: [bool; 2],
}

impl<F: FnMut(Told) + Send> Exchanges<F> {
    /// Tells `each` of every exchange, read as `config` says.
    pub fn new(config: FramerConfig, each: F) -> Self {
        Self {
            config,
            conversations: HashMap::new(),
            each,
        }
    }

    fn of(&mut self, connection: u32) -> Option<(&mut Followed, impl FnMut(Event) + use<'_, F>)> {
        let each = &mut self.each;
        let followed = self.conversations.get_mut(&connection)?;
        Some((followed, move |event| each(Told::Event(event))))
    }
}

impl<F: FnMut(Told) + Send> Follower for Exchanges<F> {
    fn opened(&mut self, connection: u32, client: SocketAddr, server: SocketAddr, time_ns: u64) {
        let start = Start::Handshake;
        let mut conversation = Conversation::new(connection, client, server, start, &self.config);
        conversation.seen(time_ns);
        let followed = Followed {
            conversation,
            is_unanswered: [false; 2],
        };
        self.conversations.insert(connection, followed);
    }

    fn data(&mut self, connection: u32, side: Side, bytes: &[u8], time_ns: u64) {
        let Some((followed, mut out)) = self.of(connection) else {
            return;
        };
        let [client, server] = &mut followed.is_unanswered;
        let (own, other) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        *own = true;
        let conversation = &mut followed.conversation;
        // Whoever speaks had what was said to it: it was passed on before.
        if std::mem::take(other) {
            conversation.answered(side.other(), &mut out);
        }
        conversation.data(side, bytes, 0, time_ns, &mut out);
    }

    fn missing(&mut self, connection: u32, side: Side, len: u64) {
        if let Some((followed, mut out)) = self.of(connection) {
            let conversation = &mut followed.conversation;
            conversation.gap(side, len, GapCause::Limit, &mut out);
        }
    }

    fn ended(&mut self, connection: u32, side: Side, time_ns: u64) {
        if let Some((followed, mut out)) = self.of(connection) {
            followed.conversation.seen(time_ns);
            followed.conversation.end_of(side, &mut out);
        }
    }

    fn over(&mut self, connection: u32, end: End, time_ns: u64) {
        let each = &mut self.each;
        if let Some(mut followed) = self.conversations.remove(&connection) {
            // Only a reset is a packet of its own.
            if matches!(end, End::Reset(_)) {
                followed.conversation.seen(time_ns);
            }
            let mut out = |event| each(Told::Event(event));
            followed.conversation.finish(end, &mut out);
        }
    }

    fn pause(&mut self) {
        (self.each)(Told::Pause);
    }
}

impl<F> fmt::Debug for Exchanges<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchanges")
            .field("connections", &self.conversations.len())
            .finish_non_exhaustive()
    }
}
