//! What can have the keys on the Compose screen.

/// A field of the request, or a pane of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    /// Where it goes.
    Target,
    /// Its name.
    #[default]
    Name,
    /// In which form the payload is typed.
    Form,
    /// The payload.
    Payload,
    /// Which key signs.
    Mac,
    /// Time for each answer.
    Timeout,
    /// How often it is sent.
    Repeat,
    /// The button.
    Send,
    /// The answer.
    Answer,
    /// The answers of the session.
    Answers,
}

impl Field {
    pub(super) const ALL: [Self; 10] = [
        Self::Target,
        Self::Name,
        Self::Form,
        Self::Payload,
        Self::Mac,
        Self::Timeout,
        Self::Repeat,
        Self::Send,
        Self::Answer,
        Self::Answers,
    ];

    /// Whether text is typed into it.
    pub(super) const fn is_text(self) -> bool {
        matches!(
            self,
            Self::Target | Self::Name | Self::Payload | Self::Timeout | Self::Repeat
        )
    }

    /// Whether it belongs to the request.
    pub(super) const fn is_of_request(self) -> bool {
        !matches!(self, Self::Answer | Self::Answers)
    }

    /// The next one, or the one before; around the ends.
    pub(super) fn neighbour(self, is_forward: bool) -> Self {
        let len = Self::ALL.len();
        let place = Self::ALL
            .iter()
            .position(|field| *field == self)
            .unwrap_or(0);
        let next = if is_forward {
            place + 1
        } else {
            place + len - 1
        };
        Self::ALL.get(next % len).copied().unwrap_or_default()
    }
}
