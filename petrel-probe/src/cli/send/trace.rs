//! What `-v` and `--dry-run` show: every step, and every byte with its meaning.

use crate::{
    exchange::Message,
    report::{Portion, hex::annotate, text::duration},
    talk::Step,
};
use petrel::wire::Escaped;
use petrel_cli::Look;
use std::io::{self, Write};

/// So much of a payload is shown while it goes.
const PAYLOAD_SHOWN: usize = 1024;

/// A message with its fields, under a line that says what it is.
pub(super) fn message(
    message: &Message,
    what: &str,
    portion: Portion,
    look: &Look,
    sink: &mut impl Write,
) -> io::Result<()> {
    let name = Escaped(message.name());
    let (sequence, len) = (message.header.sequence, message.frame_len());
    writeln!(sink, "{what} \"{name}\" #{sequence}, {len} bytes")?;
    annotate(message, portion, look, sink)
}

/// A step of a connection, in lines.
pub(super) fn step(step: Step<'_>, look: &Look, sink: &mut impl Write) -> io::Result<()> {
    let portion = Portion::First(PAYLOAD_SHOWN);
    match step {
        Step::Connected { server, took } => {
            let took = duration(took);
            match server {
                Some(server) => writeln!(sink, "* connected to {server} in {took}"),
                None => writeln!(sink, "* connected in {took}"),
            }
        }
        Step::Secured { took } => writeln!(sink, "* TLS handshake in {}", duration(took)),
        Step::Sent(sent) => message(sent, "> sent", portion, look, sink),
        Step::Received(received) if received.header.status.is_notice() => {
            message(received, "< notice of closing", portion, look, sink)
        }
        Step::Received(received) => message(received, "< received", portion, look, sink),
        Step::Checked { took } => {
            writeln!(sink, "* protocol check answered in {}", duration(took))
        }
        Step::Remainder(bytes) => {
            let len = bytes.len();
            let shown = portion.of(bytes).unwrap_or_default();
            writeln!(
                sink,
                "< received {len} bytes that are no whole frame: \"{}\"{}",
                Escaped(shown),
                if shown.len() < len { " …" } else { "" }
            )
        }
    }
}
