//! The handlers that tools and suites may rely on.
//!
//! | name | payload | answer |
//! |---|---|---|
//! | `echo` | any | 200, the same bytes |
//! | `null` | any | 200, empty |
//! | `size` | decimal count | 200, that many bytes `x`; 500 if malformed or over the answer limit |
//! | `sleep` | decimal milliseconds | 200, empty, after that time; 500 if malformed |
//! | `status` | decimal status | that status, empty; 500 if malformed, 501 if it is not allowed |
//! | `fail` | any | 500, empty |
//! | `panic` | any | 501, empty; registered only where it is asked for |

use petrel::{InlineRequest, Reply, Request, ServerBuilder, ServerLimits, wire::Status};
use std::{panic::resume_unwind, time::Duration};

/// Registers the fixtures on a server with these limits, `panic` among them if it is allowed.
pub fn register(builder: ServerBuilder, limits: &ServerLimits, allow_panic: bool) -> ServerBuilder {
    let answer_max = limits.get("answer_max").unwrap_or(u64::MAX);
    let builder = builder
        .register_inline(
            "echo",
            |request: &InlineRequest<'_>, reply: &mut Reply<'_>| {
                reply.write(request.payload());
            },
        )
        .register_inline("null", |_: &InlineRequest<'_>, _: &mut Reply<'_>| ())
        .register_inline(
            "size",
            move |request: &InlineRequest<'_>, reply: &mut Reply<'_>| {
                size(request.payload(), answer_max, reply)
            },
        )
        .register_inline(
            "status",
            |request: &InlineRequest<'_>, _: &mut Reply<'_>| {
                decimal::<u16>(request.payload()).map(Status)
            },
        )
        .register_inline("fail", |_: &InlineRequest<'_>, _: &mut Reply<'_>| {
            Err::<(), _>("as asked")
        })
        .register("sleep", |request: Request| async move {
            let millis = decimal(request.payload())?;
            tokio::time::sleep(Duration::from_millis(millis)).await;
            Ok::<_, &str>(())
        });
    if allow_panic {
        builder.register_inline("panic", panic)
    } else {
        builder
    }
}

fn size(payload: &[u8], answer_max: u64, reply: &mut Reply<'_>) -> Result<(), &'static str> {
    const CHUNK: [u8; 4096] = [b'x'; 4096];
    let count: u64 = decimal(payload)?;
    if count > answer_max {
        return Err("that is over the limit for answers");
    }
    let mut left = usize::try_from(count).map_err(|_| "that is more than there is memory")?;
    while left > 0 {
        let chunk = CHUNK.get(..left).unwrap_or(&CHUNK);
        reply.write(chunk);
        left -= chunk.len();
    }
    Ok(())
}

/// Panics without the message and the backtrace that a panic prints: nobody looks for its cause. The
/// server's log still has it.
fn panic(_: &InlineRequest<'_>, _: &mut Reply<'_>) {
    resume_unwind(Box::new("as asked"))
}

/// Reads digits and nothing else: no sign, no space.
fn decimal<N: std::str::FromStr>(payload: &[u8]) -> Result<N, &'static str> {
    std::str::from_utf8(payload)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or("a decimal number was expected")
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn only_digits_are_a_number() {
        assert_eq!(decimal::<u64>(b"007"), Ok(7));
        for text in [
            &b""[..],
            b"+1",
            b"-1",
            b" 1",
            b"1\n",
            b"1.0",
            b"\xff",
            b"18446744073709551616",
        ] {
            assert!(decimal::<u64>(text).is_err());
        }
        assert!(decimal::<u16>(b"65536").is_err());
    }
}
