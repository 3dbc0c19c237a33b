//! Faults of frames and MACs that a server and a client can have alike.

use super::table::faults;

faults! {
    /// What can be wrong with the reading and writing of frames, in either role.
    WireFault in WIRE_MUTANTS:

    // The fields of a frame.
    StatusBigEndian "status-big-endian" ["P-003"] "reads and writes the status in network byte order";
    SequenceBigEndian "sequence-big-endian" ["P-004"] "writes the sequence number in network byte order";
    LengthBigEndian "length-big-endian" ["P-006"] "reads and writes the payload length in network byte order";
    BigEndian "big-endian" ["P-003" "P-004" "P-006"] "reads and writes all numbers in network byte order";
    LengthsSwapped "lengths-swapped" ["P-005" "P-006"] "has the payload length before the request length";
    PayloadFirst "payload-first" ["P-001" "P-005" "P-006"] "sends the payload before the request text";
    NameLeftOut "name-left-out" ["P-001" "P-005"] "states the length of the request text and leaves the text out";
    ClaimsOneMore "claims-one-more" ["P-001" "P-006"] "states a payload length one byte too large";
    ClaimsMac "claims-mac" ["P-014" "P-006"] "counts the MAC in the payload length it sends";
    PadsFrames "pads-frames" ["P-002"] "fills frames up to a multiple of 8 bytes";
    NewlineBehindFrames "newline-behind-frames" ["P-002"] "sends a newline behind each frame";
    TlsOneRecord "tls-one-record" ["P-127" "P-010"] "takes of a payload under TLS only what one record of 16 KiB holds";
    TlsOtherOrder "tls-other-order" ["P-127"] "writes numbers in network byte order under TLS only";

    // What a receiver takes.
    NamesTo127 "names-to-127" ["P-007"] "takes a request length over 127 for nonsense and closes";
    NamesTo254 "names-to-254" ["P-007"] "takes a request length of 255 for nonsense and closes";
    NoNameIsNonsense "no-name-is-nonsense" ["P-007"] "takes a request length of 0 for nonsense and closes";
    Utf8Only "utf8-only" ["P-009"] "takes request text that is not UTF-8 for nonsense and closes";
    NoZeroInName "no-zero-in-name" ["P-009"] "takes request text with a zero byte for nonsense and closes";
    TextPayloads "text-payloads" ["P-010"] "passes payloads through UTF-8";
    PayloadToZero "payload-to-zero" ["P-010"] "ends a payload at its first zero byte";
    TrimsPayloads "trims-payloads" ["P-010"] "strips white space from the end of payloads";
    NewlinesTranslated "newlines-translated" ["P-010"] "turns CR LF in payloads into LF";
    RefusesEmpty "refuses-empty" ["P-011"] "takes a payload of no bytes for nonsense and closes";
    GuessesMac "guesses-mac" ["P-012"] "takes the end of a payload for the MAC if it looks like one";
    MacOptional "mac-optional" ["P-012" "P-022"] "accepts a frame without a MAC when nothing follows the payload";

    // MACs.
    NoMacsSent "no-macs-sent" ["P-014" "P-001"] "checks MACs and sends none";
    MacUninvited "mac-uninvited" ["P-015"] "sends MACs where none are configured";
    MacUrlSafe "mac-url-safe" ["P-016"] "sends MACs in the url-safe alphabet";
    MacUnpadded "mac-unpadded" ["P-016" "P-014"] "sends MACs without their padding";
    MacInHex "mac-in-hex" ["P-016" "P-014"] "sends MACs as hexadecimal digits";
    MacNotHmac "mac-not-hmac" ["P-016"] "sends the plain digest of key and payload as MAC";
    MacSentNonCanonical "mac-sent-non-canonical" ["P-016"] "sets the unused bits of the MACs it sends";
    KeyTruncated "key-truncated" ["P-017"] "cuts keys over 64 bytes off instead of hashing them";
    KeyToZero "key-to-zero" ["P-017"] "ends a key at its first zero byte";
    KeyTrimmed "key-trimmed" ["P-017"] "strips white space from the ends of a key";
    KeyAsText "key-as-text" ["P-017"] "passes the key through UTF-8";
    MacCoversName "mac-covers-name" ["P-018"] "lets the MAC cover the request text too";
    MacCoversHeader "mac-covers-header" ["P-018"] "lets the MAC cover the whole frame";
    MacCoversSequence "mac-covers-sequence" ["P-018"] "lets the MAC cover the sequence number too";
    EmptyUnsigned "empty-unsigned" ["P-019"] "sends and expects no MAC with an empty payload";
    EmptyMacAnything "empty-mac-anything" ["P-019" "P-022"] "accepts every MAC of an empty payload";
    AcceptsUrlSafe "accepts-url-safe" ["P-020"] "accepts MACs in the url-safe alphabet";
    AcceptsUnpadded "accepts-unpadded" ["P-020"] "accepts any last byte of a MAC for its padding";
    AcceptsPaddingAnywhere "accepts-padding-anywhere" ["P-020"] "accepts a MAC whose padding stands elsewhere";
    AcceptsUndecodable "accepts-undecodable" ["P-020"] "compares as much of a MAC as can be decoded, were it nothing";
    AcceptsNonCanonical "accepts-non-canonical" ["P-021"] "accepts a MAC whose unused bits are set";
    AcceptsSpelling "accepts-spelling" ["P-020" "P-021"] "decodes MACs leniently in every way";
    AcceptsBadMac "accepts-bad-mac" ["P-022"] "accepts every MAC";
    AcceptsWellFormedMac "accepts-well-formed-mac" ["P-022"] "accepts every MAC that is proper base64";
    AcceptsMacPrefix "accepts-mac-prefix" ["P-022"] "compares only the first 8 characters of a MAC";
    AcceptsMacAnyCase "accepts-mac-any-case" ["P-022"] "compares MACs without regard to case";
    ReplayGuard "replay-guard" ["P-025"] "refuses a MAC that it has seen on the connection";

    // Splitting and joining.
    ShortPayload "short-payload" ["P-029" "P-010"] "damages a payload that comes in several pieces";
    ShortHeader "short-header" ["P-029"] "takes the first piece of a header for all of it";
    ShortName "short-name" ["P-029"] "takes the first piece of a request text for all of it";
    NeedsHeaderAlone "needs-header-alone" ["P-029"] "loses what comes in one piece with the header's end, if the header came in two";
    JoinsFrames "joins-frames" ["P-030"] "takes what one read returns for one frame";
    LosesTail "loses-tail" ["P-030" "P-029"] "loses the beginning of a frame that stands behind a complete one";
    LosesBeyond64K "loses-beyond-64k" ["P-029"] "loses what one read returns beyond 64 KiB";
    LosesHalfHeader "loses-half-header" ["P-030" "P-029"] "loses a part of a header that stands behind a complete frame";
    DeliversEarly "delivers-early" ["P-031" "P-029"] "delivers a frame with as much of its payload as has come";
    DeliversWithoutMac "delivers-without-mac" ["P-031"] "delivers a frame before its MAC has come";

    // Limits.
    NoLimit "no-limit" ["P-033" "P-035"] "accepts every payload length";
    LimitPlusOne "limit-plus-one" ["P-033"] "accepts a payload of one byte over its limit";
    LimitSigned "limit-signed" ["P-033"] "takes payload lengths from 2^31 for negative, and those for nothing";
    LimitTo2G "limit-to-2g" ["P-033"] "compares only the low 31 bits of a payload length with its limit";
    LimitWhenWaiting "limit-when-waiting" ["P-033"] "compares with its limit only where it has to wait for the payload";
    LimitExclusive "limit-exclusive" ["P-034"] "refuses a payload of exactly its limit";
    WaitsForPayload "waits-for-payload" ["P-035"] "refuses a payload over its limit only when all of it has come";
    WaitsForPayloadByte "waits-for-payload-byte" ["P-035"] "refuses a payload over its limit when the first byte of it has come";
    CountsHeader "counts-header" ["P-036"] "counts the header towards the limit";
    CountsName "counts-name" ["P-036"] "counts the request text towards the limit";
    CountsMac "counts-mac" ["P-036"] "counts the MAC towards the limit";
    ReservesRefused "reserves-refused" ["P-037" "P-038"] "reserves memory before it looks at its limit";
    DefaultDecimal "default-decimal" ["P-040" "P-039"] "has a limit of 4 000 000 bytes by default";
}
