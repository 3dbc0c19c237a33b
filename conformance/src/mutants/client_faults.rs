//! The faults of clients.

use super::{
    table::{Mutant, faults, joined},
    wire_faults::{WIRE_MUTANTS, WireFault},
};

/// Every wrong client.
pub(crate) const CLIENT_MUTANTS: &[Mutant<ClientFault>] =
    joined!(ClientFault, WIRE_MUTANTS, OWN_MUTANTS);

faults! {
    /// What can be wrong with a client, or with the program that drives it.
    ClientFault {
        /// A fault of frames or MACs that a server can have too.
        Wire(WireFault)
    } in OWN_MUTANTS:

    // The first frame.
    NoCheck "no-check" ["P-041"] "sends no protocol check";
    WaitsForServer "waits-for-server" ["P-041"] "waits for the server to speak first";
    CheckInSmallLetters "check-in-small-letters" ["P-041"] "sends its protocol check in small letters";
    CheckWithoutVersion "check-without-version" ["P-041"] "sends its protocol check without a version";
    CheckTooLong "check-too-long" ["P-041"] "sends its protocol check with four bytes of version";
    CheckInDigits "check-in-digits" ["P-041"] "sends the version as a decimal digit";
    CheckBehindRequest "check-behind-request" ["P-041"] "sends an ordinary request before its protocol check";
    OtherVersion "other-version" ["P-041"] "asks for version 1 when it is told to speak 0";
    SaysGoodbyeInOrder "says-goodbye-in-order" ["P-002"] "sends a word when it closes a connection that is in order";
    SaysGoodbye "says-goodbye" ["P-002"] "sends a word when it closes";
    SaysHello "says-hello" ["P-002" "P-041"] "sends an empty line before its first frame";

    // Numbers and statuses of requests.
    BeginsWithZero "begins-with-zero" ["P-043"] "gives its protocol check the sequence number 0";
    SequenceStands "sequence-stands" ["P-058"] "gives all requests the number 1";
    SequenceStartsOver "sequence-starts-over" ["P-058"] "begins with 1 again behind the protocol check";
    SequenceByTwo "sequence-by-two" ["P-058"] "counts by 2";
    SequenceFalls "sequence-falls" ["P-058"] "counts down";
    SequenceAcrossConnections "sequence-across-connections" ["P-043"] "goes on counting on a new connection";
    SequenceSkipsZero "sequence-skips-zero" ["P-058"] "counts from 4294967295 to 1";
    SequenceStaysAtMax "sequence-stays-at-max" ["P-058"] "stays at 4294967295";
    StatusIs200 "status-is-200" ["P-070"] "sends requests with status 200";
    RepeatsWhenLate "repeats-when-late" ["P-058"] "sends a request again whose answer is late";
    SendsTwice "sends-twice" ["P-058"] "sends every request two times";

    // Answers that are not its own.
    IgnoresSequence "ignores-sequence" ["P-064"] "accepts every sequence number";
    SequenceLow16 "sequence-low-16" ["P-064"] "compares only the low 16 bits of sequence numbers";
    SequenceOrZero "sequence-or-zero" ["P-064"] "accepts sequence number 0 for every request";
    SequenceOrBefore "sequence-or-before" ["P-064"] "accepts the number of the request before";
    PassesOverSequence "passes-over-sequence" ["P-064" "P-120"] "passes over answers with another number and waits on";
    IgnoresName "ignores-name" ["P-065"] "accepts every request text";
    NameAnyCase "name-any-case" ["P-065"] "compares request text without regard to case";
    NameByLength "name-by-length" ["P-065"] "compares only the lengths of request text";
    NameByPrefix "name-by-prefix" ["P-065"] "accepts request text that begins as it should";
    NameByBeginning "name-by-beginning" ["P-065"] "accepts request text with which its own begins";
    NameNotUtf8Passes "name-not-utf8-passes" ["P-065"] "does not compare request text that is not UTF-8";
    NameOrNone "name-or-none" ["P-065"] "accepts an answer without request text";
    SequenceBeforeMac "sequence-before-mac" ["P-066"] "looks at the sequence number before the MAC";
    SequenceBeforeLimit "sequence-before-limit" ["P-066"] "looks at the sequence number before the limit";
    NoticeBeforeMac "notice-before-mac" ["P-066" "P-122"] "looks whether a frame is a notice before it looks at the MAC";
    NameBeforeSequence "name-before-sequence" ["P-066"] "looks at the request text before the sequence number";
    NoticeLast "notice-last" ["P-066" "P-073"] "looks at sequence number and request text before it looks whether a frame is a notice";
    NoticeIsAnswer "notice-is-answer" ["P-073"] "takes a notice for an answer if its number and request text are right";
    Notice198Only "notice-198-only" ["P-073"] "takes 498 for the status of an answer";
    Notice498Only "notice-498-only" ["P-073"] "takes 198 for the status of an answer if number and request text are right";
    NoticeSpoilsAnswer "notice-spoils-answer" ["P-030" "P-117"] "reports a notice in place of the answer it came with";
    UsesAfterNotice "uses-after-notice" ["P-073"] "goes on with a connection after a notice";
    PassesOverNotice "passes-over-notice" ["P-073"] "passes over notices and goes on with the connection";

    // The answer to the protocol check.
    AcceptsMismatch "accepts-mismatch" ["P-056" "P-057"] "takes an answer 497 for a connection made";
    GoesOnAfterMismatch "goes-on-after-mismatch" ["P-056"] "reports a mismatch, and sends requests all the same";
    AcceptsEveryVersion "accepts-every-version" ["P-057"] "accepts every version in the answer to its check";
    AcceptsNewerVersion "accepts-newer-version" ["P-057"] "accepts a version above its own in the answer to its check";
    AcceptsNoVersion "accepts-no-version" ["P-057"] "accepts an answer to its check without a payload";
    AcceptsEveryStatus "accepts-every-status" ["P-057" "P-056"] "accepts every answer to its check that has the right version";
    MismatchIsAnonymous "mismatch-is-anonymous" ["P-057"] "names neither status nor version when its check fails";
    MismatchWithoutVersion "mismatch-without-version" ["P-057"] "names only the status when its check fails";

    // What it sends, and what it must not.
    NameCut "name-cut" ["P-114"] "cuts a name to 255 bytes and sends it";
    NameWraps "name-wraps" ["P-114"] "sends a long name under a length that is too small";
    NameDropped "name-dropped" ["P-114"] "sends a request without its name if that is too long";
    NameInLatin1 "name-in-latin-1" ["P-008"] "sends names in Latin-1 instead of UTF-8";
    GoesOnAfter402 "goes-on-after-402" ["P-118"] "goes on after an answer 402";
    GoesOnAfter497 "goes-on-after-497" ["P-118"] "goes on after an answer 497 to a request";
    GoesOnAfter502 "goes-on-after-502" ["P-118"] "goes on after an answer 502";
    SignsOnlyCheck "signs-only-check" ["P-014"] "sends a MAC with its protocol check only";

    // What it tells its caller.
    ErrorsAreFailures "errors-are-failures" ["P-117"] "reports answers from 400 to 599 as errors";
    ApplicationIsFailure "application-is-failure" ["P-117"] "reports application statuses as errors";
    Only200IsSuccess "only-200-is-success" ["P-117"] "reports every status but 200 as an error";
    UnassignedIsFailure "unassigned-is-failure" ["P-117"] "reports statuses up to 1024 that mean nothing as errors";
    RefusalIsFailure "refusal-is-failure" ["P-117"] "reports answers 402, 497 and 502 as errors";
    LosesStatus "loses-status" ["P-117" "P-003"] "says 200 whatever the status is";
    StatusLowByte "status-low-byte" ["P-117" "P-003"] "hands on only the low byte of a status";
    StatusTo15Bits "status-to-15-bits" ["P-117" "P-003"] "hands on only 15 bits of a status";
    LosesErrorPayloads "loses-error-payloads" ["P-117"] "hands on payloads of answers 200 only";
    LosesLastByte "loses-last-byte" ["P-010" "P-117"] "loses the last byte of every payload";
    PayloadTo64K "payload-to-64k" ["P-010" "P-117"] "cuts payloads to 65535 bytes";
    PayloadOfBefore "payload-of-before" ["P-117"] "hands on the payload of the answer before";
    Lies "lies" ["P-117"] "says that requests were answered 200 without sending them";
    EmptyIsFailure "empty-is-failure" ["P-011" "P-117"] "reports an answer without a payload as an error";

    // Limits, ends and errors.
    KeepsOverLimit "keeps-over-limit" ["P-116" "P-120"] "reports an answer over its limit and keeps the connection";
    OverLimitIsEmpty "over-limit-is-empty" ["P-116"] "hands on an answer over its limit without its payload";
    SkipsOverLimit "skips-over-limit" ["P-116"] "reports an answer over its limit and reads past it";
    HandsOnTruncated "hands-on-truncated" ["P-119" "P-031"] "hands on what came of a payload when the stream ended";
    HeadIsEnough "head-is-enough" ["P-119"] "hands on an answer without a payload when the stream ended behind its request text";
    EndIsAnswer "end-is-answer" ["P-119"] "takes the end of the stream for an answer 200 without a payload";
    TruncatedIsEmpty "truncated-is-empty" ["P-119"] "hands on an empty payload when the stream ended inside a frame";
    MissingMacIsFine "missing-mac-is-fine" ["P-119" "P-122"] "hands on an answer whose MAC the end cut off";
    ResetIsEnd "reset-is-end" ["P-119"] "hands on what came of a payload when the connection was reset";
    HangsAtEnd "hangs-at-end" ["P-119"] "waits on when the stream has ended";
    IgnoresCut "ignores-cut" ["P-125"] "hands on what came of a payload when a TLS stream ended without close_notify";
    UsesAfterMac "uses-after-mac" ["P-120"] "goes on with a connection after a wrong MAC";
    UsesAfterSequence "uses-after-sequence" ["P-120"] "goes on with a connection after a wrong sequence number";
    UsesAfterName "uses-after-name" ["P-120"] "goes on with a connection after a wrong request text";
    IgnoresMacOfErrors "ignores-mac-of-errors" ["P-122" "P-022"] "looks at the MACs of answers 200 only";
    BadMacIsEmpty "bad-mac-is-empty" ["P-122"] "hands on an answer whose MAC is wrong without its payload";
    BadMacWaits "bad-mac-waits" ["P-122"] "drops an answer whose MAC is wrong and waits on";

    // Transports.
    NoTls "no-tls" ["P-128"] "does not connect where it is told to use TLS";
    PlainUnderTls "plain-under-tls" ["P-129"] "sends plain text where it is told to use TLS";
    NoCertificate "no-certificate" ["P-130"] "presents no certificate where it is asked for one";
}
