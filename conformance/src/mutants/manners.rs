//! Peers that are right but unlike the model, and peers that are no peers at all.

/// What SPEC.md allows a server, and the model does not do by itself. A server may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerManner {
    /// Answers a request with empty text with 400 (P-094).
    NoNameIs400,
    /// Puts a text into its answers 400 (P-090 only advises against it).
    TextIn400,
    /// Answers 497 to a first request that is no protocol check, and closes (P-053).
    RefusesUnchecked,
    /// Closes on a first request that is no protocol check (P-053).
    ClosesUnchecked,
    /// Keeps the connection after an answer 497, and says nothing more on it (P-051).
    MuteAfterMismatch,
    /// Ends with a reset behind a refusal; the answer still arrives (P-078 is not for all).
    ResetsAfterRefusal,
    /// Ends with a reset behind a refusal, which destroys the answer on its way.
    ResetDestroysRefusal,
    /// Closes instead of answering 402 or 502 (P-098, P-107).
    ClosesInsteadOfRefusing,
    /// Says `EOF` in a notice 198 when the client has ended (P-072).
    SaysFarewell,
    /// Sends a notice 498 where it might have answered 402 or 502, and closes (P-072).
    NoticeForRefusal,
    /// Closes the connection instead of answering 501 (P-103). Where `panic` is offered as a fixture,
    /// P-144 asks for the answer all the same.
    PanicCloses,
    /// Takes no more requests from a client until it has read its answers.
    WaitsUntilRead,
    /// Ends a connection whose client does not read its answers with a reset.
    DropsUnread,
    /// Has a limit of 4 000 000 bytes where it declares none (P-039).
    DecimalLimit,
    /// Takes 50 ms longer for each answer.
    Slow,
    /// Sends its answers byte by byte; long ones in somewhat larger pieces.
    Dribbles,
    /// Sends all answers that are ready at one time in one piece.
    Joins,
}

impl ServerManner {
    /// All of them, in the order above.
    pub(crate) const ALL: &[Self] = &[
        Self::NoNameIs400,
        Self::TextIn400,
        Self::RefusesUnchecked,
        Self::ClosesUnchecked,
        Self::MuteAfterMismatch,
        Self::ResetsAfterRefusal,
        Self::ResetDestroysRefusal,
        Self::ClosesInsteadOfRefusing,
        Self::SaysFarewell,
        Self::NoticeForRefusal,
        Self::PanicCloses,
        Self::WaitsUntilRead,
        Self::DropsUnread,
        Self::DecimalLimit,
        Self::Slow,
        Self::Dribbles,
        Self::Joins,
    ];

    /// Everything at once that the original implementation is known or free to do.
    pub(crate) const ORIGINAL: &[Self] = &[
        Self::NoNameIs400,
        Self::TextIn400,
        Self::MuteAfterMismatch,
        Self::ClosesInsteadOfRefusing,
        Self::SaysFarewell,
        Self::DecimalLimit,
    ];

    /// Everything at once that makes its bytes and its times look strange.
    pub(crate) const STRANGE: &[Self] = &[
        Self::RefusesUnchecked,
        Self::ResetsAfterRefusal,
        Self::SaysFarewell,
        Self::Slow,
        Self::Dribbles,
    ];
}

/// What SPEC.md allows a client, and the model does not do by itself. A client may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientManner {
    /// Gives its first request the number 7 (P-043 only advises against it).
    BeginsWithSeven,
    /// Sends the status of the answer before with each request (P-070 only advises against it).
    EchoesStatus,
    /// Sends its requests byte by byte; long ones in somewhat larger pieces.
    Dribbles,
    /// Ends with a reset where it closes.
    Resets,
    /// Names no class of its errors.
    NoClasses,
    /// Looks at what comes only while it waits for an answer.
    LooksLate,
    /// Gives up where an answer is late, and closes.
    GivesUp,
    /// Asks for the version again where an answer is late: a request like any other (P-067).
    Pings,
    /// Takes 50 ms before it says what came of a command.
    Slow,
}

impl ClientManner {
    /// All of them, in the order above.
    pub(crate) const ALL: &[Self] = &[
        Self::BeginsWithSeven,
        Self::EchoesStatus,
        Self::Dribbles,
        Self::Resets,
        Self::NoClasses,
        Self::LooksLate,
        Self::GivesUp,
        Self::Pings,
        Self::Slow,
    ];
}

/// A program that is no server, but listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NullServer {
    /// Accepts connections and says nothing.
    Silent,
    /// Ends every connection at once.
    Closes,
    /// Sends every byte back.
    Echoes,
    /// Answers every frame 200 without a payload.
    Always200,
    /// Answers every frame 400 without a payload.
    Always400,
    /// Sends nonsense, the same in every run.
    Garbage,
    /// Sends more bytes than anybody asks for.
    Floods,
}

impl NullServer {
    /// All of them, in the order above.
    pub(crate) const ALL: &[Self] = &[
        Self::Silent,
        Self::Closes,
        Self::Echoes,
        Self::Always200,
        Self::Always400,
        Self::Garbage,
        Self::Floods,
    ];
}

/// A driver behind which there is no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NullClient {
    /// Says that all went well, and never connects.
    Claims,
    /// Says that all went wrong, and never connects.
    Fails,
    /// Says that it can do nothing.
    Unable,
    /// Connects, sends nonsense and says that all went well.
    Garbage,
    /// Connects and says nothing, neither on the connection nor to the suite.
    Silent,
    /// Connects, ends the connection at once and says that it failed.
    Closes,
}

impl NullClient {
    /// All of them, in the order above.
    pub(crate) const ALL: &[Self] = &[
        Self::Claims,
        Self::Fails,
        Self::Unable,
        Self::Garbage,
        Self::Silent,
        Self::Closes,
    ];
}
