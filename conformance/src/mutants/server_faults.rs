//! The faults of servers.

use super::{
    table::{Mutant, faults, joined},
    wire_faults::{WIRE_MUTANTS, WireFault},
};

/// Every wrong server.
pub(crate) const SERVER_MUTANTS: &[Mutant<ServerFault>] =
    joined!(ServerFault, WIRE_MUTANTS, OWN_MUTANTS);

faults! {
    /// What can be wrong with a server.
    ServerFault {
        /// A fault of frames or MACs that a client can have too.
        Wire(WireFault)
    } in OWN_MUTANTS:

    // Bytes that are no frames, and frames that nobody asked for.
    SpeaksFirst "speaks-first" ["P-042"] "greets before the client has spoken";
    TrailingNewline "trailing-newline" ["P-002"] "sends a newline when a connection ends";
    ExtraAnswer "extra-answer" ["P-062"] "sends an answer that nobody waits for behind the third";
    EofIsRequest "eof-is-request" ["P-042"] "takes the end of a connection without a request for a request with empty text";
    AnswersHttp "answers-http" ["P-002"] "answers a browser in its own language";
    AnswersTls "answers-tls" ["P-002"] "answers a TLS client with an alert";
    AnswersTwice "answers-twice" ["P-062"] "sends each answer two times";
    DropsSeventh "drops-seventh" ["P-062"] "leaves every seventh request unanswered";
    DropsEmpty "drops-empty" ["P-011" "P-062"] "leaves requests without a payload unanswered";

    // Names and sequence numbers in answers.
    SequencePlusOne "sequence-plus-one" ["P-060"] "answers with the sequence number plus 1";
    SequenceOwn "sequence-own" ["P-060"] "numbers its answers by itself";
    SequenceLow16 "sequence-low-16" ["P-060"] "copies only the low 16 bits of a sequence number";
    FirstCheckIsOne "first-check-is-one" ["P-060"] "answers the first protocol check with sequence number 1";
    SequenceLateDropped "sequence-late-dropped" ["P-059" "P-062"] "takes a number a little below the one before for a late copy and drops the request";
    SequenceWrapCloses "sequence-wrap-closes" ["P-059"] "closes the connection where 0 follows on 4294967295";
    SequenceZeroCloses "sequence-zero-closes" ["P-059"] "closes the connection on sequence number 0";
    SequenceMaxDropped "sequence-max-dropped" ["P-059" "P-062"] "takes sequence number 4294967295 for -1 and drops the request";
    SequenceMustRise "sequence-must-rise" ["P-059" "P-062"] "drops a request whose number is below the one before";
    DropsRepeated "drops-repeated" ["P-059" "P-062"] "takes an equal sequence number for a repetition and drops the request";
    NameNotSent "name-not-sent" ["P-061"] "answers without the request text";
    NameTruncated "name-truncated" ["P-061"] "copies at most 32 bytes of the request text";
    NameLowerCased "name-lower-cased" ["P-061"] "copies the request text in small letters";
    NameToZero "name-to-zero" ["P-061"] "copies the request text up to its first zero byte";
    NameInLatin1 "name-in-latin-1" ["P-061"] "copies request text that is UTF-8 in Latin-1";
    NameLossy "name-lossy" ["P-061"] "passes the request text through UTF-8";
    RefusalWithoutName "refusal-without-name" ["P-061"] "leaves the request text out of answers 402 and 502";
    RefusalWithoutSequence "refusal-without-sequence" ["P-060"] "answers 402 and 502 with sequence number 0";

    // Pipelines and order.
    Reversed "reversed" ["P-063"] "answers a pipeline from its end";
    Overtakes "overtakes" ["P-132" "P-063"] "handles the requests of a connection side by side";
    NullOvertakes "null-overtakes" ["P-063" "P-132"] "answers null at once, past requests that wait";
    CheckOvertakes "check-overtakes" ["P-063"] "answers a protocol check before the requests ahead of it";
    PipelineRing64 "pipeline-ring-64" ["P-068" "P-086"] "keeps the payloads of one read in a ring of 64 and overwrites them";
    MixesPipeline "mixes-pipeline" ["P-068" "P-086"] "hands each handler the payload of the request before in the same read";
    PipelineMax100 "pipeline-max-100" ["P-068" "P-062"] "drops what one read returns beyond 100 requests";
    BodyOfOther "body-of-other" ["P-086" "P-010"] "answers 200 with the payload of another connection's exchange";
    OneAtATime "one-at-a-time" ["P-131"] "serves the next connection when the one before has ended";
    SleepHoldsAll "sleep-holds-all" ["P-131"] "handles one request at a time, whatever the connection";
    HalfFrameHoldsAll "half-frame-holds-all" ["P-131"] "waits for the rest of a frame before it serves another connection";
    UnreadHoldsAll "unread-holds-all" ["P-131"] "waits until a client reads its answers before it serves another connection";
    LongUnreadHoldsAll "long-unread-holds-all" ["P-131"] "queues answers, but waits until a client reads one that is long";
    EightAtMost "eight-at-most" ["P-131"] "closes every connection beyond the eighth";

    // What a request's status does.
    TrustsStatus "trusts-status" ["P-071" "P-062"] "drops requests whose status is not 0";
    StatusCarriedOver "status-carried-over" ["P-071"] "answers with the status of the request where that is over 1024";
    StatusNoticeCloses "status-notice-closes" ["P-071"] "closes on a request whose status is that of a notice";

    // The protocol check.
    AcceptsEveryVersion "accepts-every-version" ["P-045"] "answers 200 whatever version is asked for";
    MismatchEchoesVersion "mismatch-echoes-version" ["P-045"] "answers 497 with the client's version instead of its own";
    MismatchWithoutVersion "mismatch-without-version" ["P-045"] "answers 497 without a payload";
    MismatchIs400 "mismatch-is-400" ["P-045"] "answers a wrong version with 400";
    MismatchIsSilent "mismatch-is-silent" ["P-045" "P-062"] "closes on a wrong version without an answer";
    CheckWithoutVersion "check-without-version" ["P-044"] "answers a protocol check 200 without a payload";
    CheckEchoesPayload "check-echoes-payload" ["P-044" "P-047"] "answers a protocol check with the payload it came with";
    CheckNeedsNumberOne "check-needs-number-one" ["P-059" "P-044"] "answers a protocol check 497 if its number is not 1";
    AcceptsEmptyCheck "accepts-empty-check" ["P-046"] "answers a protocol check without a version 200";
    AcceptsLastVersion "accepts-last-version" ["P-047"] "takes the last byte of a longer protocol check";
    CheckAsList "check-as-list" ["P-047"] "takes a longer protocol check for a list of versions";
    RefusesLongCheck "refuses-long-check" ["P-047"] "answers a protocol check of more than one byte 497";
    AcceptsLaterCheck "accepts-later-check" ["P-048"] "answers every later protocol check 200";
    LaterCheckUnknown "later-check-unknown" ["P-048"] "answers a later protocol check 400";
    LaterCheckCloses "later-check-closes" ["P-048" "P-087"] "closes after a later protocol check";
    CheckAnyCase "check-any-case" ["P-049"] "takes a protocol check in small letters";
    CheckByPrefix "check-by-prefix" ["P-049"] "takes every text that begins like one for a protocol check";
    CheckToZero "check-to-zero" ["P-049"] "compares request text up to its first zero byte";
    ExecutesBehindMismatch "executes-behind-mismatch" ["P-050" "P-052" "P-051"] "executes what stands behind a refused protocol check";
    ExecutesPipelineBehindMismatch "executes-pipeline-behind-mismatch" ["P-050"] "executes what came in one read with a refused protocol check, then closes";
    MuteAfterMismatch "mute-after-mismatch" ["P-052" "P-051"] "keeps the connection after an answer 497 and says nothing";
    RequiresCheck "requires-check" ["P-054"] "requires a protocol check without being told to";
    IgnoresRequiredCheck "ignores-required-check" ["P-055"] "serves without the protocol check it is to require";
    RequiredCheckCloses "required-check-closes" ["P-055"] "closes without an answer where the required check is missing";
    RequiredCheckWaits "required-check-waits" ["P-055"] "answers 497 where the required check is missing, and takes a later one";

    // Notices and ends.
    FrameBehindNotice "frame-behind-notice" ["P-074" "P-076"] "sends a notice when the client has ended, and an answer behind it";
    NoticeAsAnswer "notice-as-answer" ["P-075" "P-112"] "answers 198 or 498 where a handler says so";
    SendsNotice "sends-notice" ["P-076"] "sends a notice when the client has ended";
    DropsHalfClosed "drops-half-closed" ["P-077"] "closes at once when the client shuts its writing side down";
    DropsSlowHalfClosed "drops-slow-half-closed" ["P-077"] "drops the answers that are not ready when the client shuts its writing side down";
    DropsManyHalfClosed "drops-many-half-closed" ["P-077"] "sends only 16 of the answers that wait when the client shuts its writing side down";
    CutsHalfClosed "cuts-half-closed" ["P-077" "P-134"] "sends only 32 KiB of an answer that waits when the client shuts its writing side down";
    DropsPipelineHalfClosed "drops-pipeline-half-closed" ["P-077"] "sends only the first of the answers that wait when the client shuts its writing side down";
    LingersNot "lingers-not" ["P-078"] "closes behind a refusal with input unread, so that a reset destroys the answer";
    LingersLittle "lingers-little" ["P-078"] "discards only 16 KiB behind a refusal before it closes";
    ResetsBehindRefusal "resets-behind-refusal" ["P-078"] "ends with a reset behind a refusal";
    AcceptsPartial "accepts-partial" ["P-032" "P-031"] "executes a request that the end cut off, wherever";
    AcceptsCutPayload "accepts-cut-payload" ["P-032" "P-031"] "executes a request whose payload the end cut off";
    AcceptsCutPlain "accepts-cut-plain" ["P-032" "P-031"] "executes a request whose payload the end cut off, where no MAC is configured";
    AcceptsMissingMac "accepts-missing-mac" ["P-032" "P-105"] "executes a request whose MAC the end cut off";
    ResetsEndServer "resets-end-server" ["P-131"] "ends when a connection is reset";
    TlsCutEndsServer "tls-cut-ends-server" ["P-131"] "ends when a TLS stream ends without close_notify";
    CutsEndServer "cuts-end-server" ["P-131"] "ends when a connection ends inside a frame";

    // Statuses of applications, and which answers end a connection.
    SmallStatus "small-status" ["P-084"] "cuts application statuses to 15 bits";
    StatusLowByte "status-low-byte" ["P-084"] "carries only the low byte of statuses from 1025";
    ApplicationIs500 "application-is-500" ["P-084"] "answers 500 for every status over 1024";
    InternalStatuses "internal-statuses" ["P-085" "P-112"] "sends 100, 101, 199, 499 and 599 where a handler says so";
    Carries499 "carries-499" ["P-085" "P-112"] "sends 499 where a handler returns it";
    CarriesEveryStatus "carries-every-status" ["P-112" "P-141" "P-085" "P-075"] "sends whatever status a handler returns";
    CarriesUnassigned "carries-unassigned" ["P-112" "P-141"] "sends statuses up to 1024 that mean nothing where a handler returns them";
    CarriesRefusals "carries-refusals" ["P-112" "P-141"] "sends 402, 497 and 502 where a handler returns them";
    NotAllowedIs500 "not-allowed-is-500" ["P-112" "P-141"] "answers 500 for a status that no handler may return";
    NotAllowedHasText "not-allowed-has-text" ["P-141" "P-111"] "explains in the payload why a status is not allowed";
    ClosesOn200 "closes-on-200" ["P-087"] "closes after the first ordinary answer 200";
    ClosesOn400 "closes-on-400" ["P-087"] "closes after an answer 400";
    ClosesOn401 "closes-on-401" ["P-087"] "closes after an answer 401";
    ClosesOnThird401 "closes-on-third-401" ["P-087"] "closes on the third request with empty text";
    ClosesOn500 "closes-on-500" ["P-087"] "closes after an answer 500";
    ClosesOnApplication "closes-on-application" ["P-087"] "closes after an application status";
    HangsAfterError "hangs-after-error" ["P-087" "P-062"] "answers nothing more after an answer 400 or 500";

    // Unknown names, empty names, errors, panics.
    UnknownIs500 "unknown-is-500" ["P-088"] "answers an unknown name with 500";
    UnknownIs200 "unknown-is-200" ["P-088"] "answers an unknown name with 200";
    UnknownIsSilent "unknown-is-silent" ["P-088" "P-062"] "leaves an unknown name unanswered";
    NamesAnyCase "names-any-case" ["P-088"] "finds handlers without regard to case";
    NamesByPrefix "names-by-prefix" ["P-088"] "finds the handler whose name the request text begins with";
    NamesAsCStrings "names-as-c-strings" ["P-088"] "compares request text with the names of its handlers as C strings";
    NameZeroIsNone "name-zero-is-none" ["P-009" "P-088"] "takes request text that begins with a zero byte for empty text";
    NamesToZero "names-to-zero" ["P-088"] "looks handlers up by the text before the first zero byte";
    Leaks "leaks" ["P-089" "P-111" "P-090"] "leaves the payload of the unknown request before, of any connection, in an answer 400";
    LeaksOwn "leaks-own" ["P-089" "P-111" "P-090"] "leaves the payload of the connection's request before in an answer 400";
    LeaksTail "leaks-tail" ["P-089" "P-111" "P-090"] "fills an answer 400 up with the payload of a longer request before";
    TextIn400 "text-in-400" ["P-111" "P-090"] "explains in the payload of an answer 400";
    TextInRefusals "text-in-refusals" ["P-111"] "explains in the payload of answers 402 and 502";
    NotUtf8Is500 "not-utf8-is-500" ["P-091"] "answers request text that is not UTF-8 with 500";
    NotUtf8IsSilent "not-utf8-is-silent" ["P-091" "P-062"] "leaves request text that is not UTF-8 unanswered";
    NotUtf8EndsServer "not-utf8-ends-server" ["P-009" "P-091" "P-131"] "ends on request text that is not UTF-8";
    NoNameIs200 "no-name-is-200" ["P-092"] "answers a request with empty text 200";
    NoNameIs500 "no-name-is-500" ["P-092"] "answers a request with empty text 500";
    NoNameIs400 "no-name-is-400" ["P-095" "P-093"] "answers a request with empty text 400";
    NoNameCloses "no-name-closes" ["P-092" "P-087"] "closes on a request with empty text";
    NoNameEndsServer "no-name-ends-server" ["P-007" "P-092" "P-131"] "ends on a request with empty text";
    ErrorIs200 "error-is-200" ["P-100" "P-143"] "answers 200 when a handler returns an error";
    ErrorIs501 "error-is-501" ["P-100" "P-143"] "answers 501 when a handler returns an error";
    ErrorText "error-text" ["P-143" "P-111" "P-101"] "sends the text of a handler's error";
    PanicEndsServer "panic-ends-server" ["P-102" "P-144"] "ends when a handler panics";
    PanicEndsAll "panic-ends-all" ["P-102"] "resets all connections when a handler panics";
    PanicEndsOthers "panic-ends-others" ["P-102"] "resets all other connections when a handler panics";
    ThirdPanicEndsServer "third-panic-ends-server" ["P-104"] "ends when a handler panics for the third time";
    PanicPoisons "panic-poisons" ["P-102"] "answers every later request 501 when a handler has panicked";
    PanicCloses "panic-closes" ["P-104" "P-103" "P-144"] "closes the connection when a handler panics";
    PanicAnsweredCloses "panic-answered-closes" ["P-104" "P-103"] "answers 501 when a handler panics, and closes";
    PanicIs500 "panic-is-500" ["P-104" "P-103" "P-144"] "answers 500 when a handler panics";
    PanicIsSilent "panic-is-silent" ["P-104" "P-103" "P-062"] "leaves a request whose handler panics unanswered";

    // Refusals.
    RefusalIsSilent "refusal-is-silent" ["P-099" "P-098"] "closes without an answer 402";
    RefusalIs500 "refusal-is-500" ["P-099" "P-098"] "answers 500 instead of 402";
    RefusalDropsEarlier "refusal-drops-earlier" ["P-062"] "drops the answers of the same read when it refuses a payload length";
    RefusalWithoutEnd "refusal-without-end" ["P-096" "P-099"] "answers 402 and then waits for the client to end";
    SkipsRefused "skips-refused" ["P-096" "P-099"] "answers 402, reads past the refused payload and goes on";
    FrameBufferShort "frame-buffer-short" ["P-036"] "closes on a frame whose text and payload are more than 128 bytes over its limit";
    RefusalEndsOthers "refusal-ends-others" ["P-131"] "ends all other connections when it refuses a payload length";
    ReadsRefusedPipeline "reads-refused-pipeline" ["P-097"] "executes what came in one read with a refused payload length, then closes";
    ReadsRefused "reads-refused" ["P-097" "P-096"] "reads a refused payload as frames";
    HugeEndsServer "huge-ends-server" ["P-033" "P-131"] "ends on a payload length over 2^31";

    // MACs of requests and answers.
    ExecutesBadMac "executes-bad-mac" ["P-105" "P-022"] "executes a request whose MAC is wrong, then closes";
    TrustsAfterRightMac "trusts-after-right-mac" ["P-022" "P-105" "P-106"] "looks at no MAC any more when an ordinary request had a right one";
    KeepsBadMac "keeps-bad-mac" ["P-106" "P-108"] "answers 502 and keeps the connection";
    DropsBadMac "drops-bad-mac" ["P-106" "P-108" "P-107"] "drops a request whose MAC is wrong and goes on";
    BadMacIsSilent "bad-mac-is-silent" ["P-108" "P-107"] "closes without an answer 502";
    BadMacIs400 "bad-mac-is-400" ["P-108" "P-107"] "answers 400 instead of 502";
    BadMacEchoes "bad-mac-echoes" ["P-111"] "answers 502 with the payload of the request";
    ReplayGuardFrame "replay-guard-frame" ["P-025"] "refuses a frame that is the same as the one before it";
    ReplayGuardServer "replay-guard-server" ["P-025"] "refuses a MAC that it has seen on any connection";
    UnsignedErrors "unsigned-errors" ["P-109" "P-014"] "sends answers other than 200 without a MAC";
    UnsignedRefusals "unsigned-refusals" ["P-109" "P-014"] "sends answers 402, 497 and 502 without a MAC";
    FalseMacOnErrors "false-mac-on-errors" ["P-109" "P-016"] "sends answers other than 200 with a MAC that is none";
    EchoesMac "echoes-mac" ["P-109" "P-016"] "sends the MAC of the request's payload with its answer";

    // Transports.
    NoTls "no-tls" ["P-128"] "does not complete a TLS handshake";
    NoCertificate "no-certificate" ["P-130"] "has no certificate to present";
    PlainUnderTls "plain-under-tls" ["P-129"] "serves plain text where it is set to TLS";

    // Fixtures.
    EchoNewline "echo-newline" ["P-134"] "echo adds a newline";
    EchoTo64K "echo-to-64k" ["P-134"] "echo cuts payloads to 65535 bytes";
    EchoKeepsLarge "echo-keeps-large" ["P-134" "P-068"] "echo fills up with what is left of a payload over 64 KiB before";
    EchoEmptyIs500 "echo-empty-is-500" ["P-134"] "echo answers 500 to a payload of no bytes";
    NullEchoes "null-echoes" ["P-135"] "null answers with the request's payload";
    NullPayloadIs500 "null-payload-is-500" ["P-135"] "null answers 500 to a payload";
    SizeShort "size-short" ["P-136"] "size answers with one byte less";
    SizeOtherByte "size-other-byte" ["P-136"] "size answers with bytes X";
    SizeNoZeros "size-no-zeros" ["P-136"] "size takes leading zeros for an error";
    SizeTo16Bits "size-to-16-bits" ["P-136"] "size wraps around at 65536";
    SizeMalformedIs0 "size-malformed-is-0" ["P-137"] "size takes what is no number for 0";
    SizeOverIsCut "size-over-is-cut" ["P-137"] "size answers with as many bytes as it may";
    SizeWraps "size-wraps" ["P-137"] "size takes a number over 64 bits for 0";
    DecimalLenient "decimal-lenient" ["P-137" "P-139" "P-142"] "fixtures take signs and spaces around a number";
    SleepEarly "sleep-early" ["P-138"] "sleep answers after half the time";
    SleepNot "sleep-not" ["P-138"] "sleep answers at once";
    SleepTells "sleep-tells" ["P-138"] "sleep answers with the number it was given";
    SleepMalformedIs200 "sleep-malformed-is-200" ["P-139"] "sleep takes what is no number for 0";
    StatusTells "status-tells" ["P-140"] "status answers with the number as payload";
    StatusNo401 "status-no-401" ["P-140"] "status answers 501 where it is told 401";
    StatusNoMax "status-no-max" ["P-140" "P-084"] "status answers 501 where it is told 65535";
    StatusMalformedIs200 "status-malformed-is-200" ["P-142"] "status answers 200 to what is no number";
    StatusWraps "status-wraps" ["P-142"] "status cuts numbers over 65535 to 16 bits";
    PanicText "panic-text" ["P-144" "P-111"] "sends the text of a panic";
    Always200 "always-200" ["P-088" "P-045" "P-134"] "answers everything 200 without a payload";
}
