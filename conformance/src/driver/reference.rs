//! The driver of this project's own client and codec: `petrel-conformance driver`.
//!
//! The suite judges them by the same lines as everybody else's.

use super::protocol::{
    Answer, Base64, Command, Connect, Decode, Dispatch, Done, Encode, End, FrameFields,
};
use petrel::{
    Client, ClientBuilder, ClientError, ClientErrorKind, ClientLimits, ClientTls, Ending, Endpoint,
    blocking,
    wire::{
        AnswerError, Codec, DecodeError, Decoded, EmptyKey, EncodeError, Frame, MacKey, Status,
    },
};
use petrel_cli::files;
use std::{
    io::{self, BufRead, Write},
    path::Path,
    time::Duration,
};

/// A suite that plays a server waits for the next command meanwhile, and does not end its side.
const QUIT_TIMEOUT: Duration = Duration::from_millis(100);

/// Does what the lines of `input` say, and answers each on `output`, until it is told to quit or
/// `input` ends.
///
/// # Errors
/// If `input` cannot be read or `output` cannot be written.
pub(crate) fn serve(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut client = Connection::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let command = Command::parse(&line);
        let answer = match &command {
            Ok(Ok(command)) => client.obey(command),
            Ok(Err(unknown)) => {
                let unknown = petrel_cli::output::one_line(unknown);
                Answer::Unsupported(format!("there is no command `{unknown}` here"))
            }
            Err(problem) => usage(problem.as_str()),
        };
        output.write_all(answer.to_line().as_bytes())?;
        output.flush()?;
        if matches!(command, Ok(Ok(Command::Quit {}))) {
            break;
        }
    }
    client.close();
    Ok(())
}

/// The connection that there is, if there is one.
#[derive(Debug, Default)]
struct Connection(Option<blocking::Client>);

impl Connection {
    fn obey(&mut self, command: &Command) -> Answer {
        match command {
            Command::Connect(connect) => self.connect(connect),
            Command::Dispatch(dispatch) => self.dispatch(dispatch),
            Command::Encode(command) => encode(command),
            Command::Decode(command) => decode(command),
            Command::Quit {} => {
                self.close();
                Answer::Ok(Done::default())
            }
        }
    }

    fn connect(&mut self, connect: &Connect) -> Answer {
        self.close();
        let (builder, endpoint) = match builder(connect) {
            Ok(ready) => ready,
            Err(problem) => return usage(&problem),
        };
        match builder.connect_blocking(endpoint) {
            Ok(client) => {
                self.0 = Some(client);
                Answer::Ok(Done::default())
            }
            Err(error) => failed(&error, false),
        }
    }

    fn dispatch(&self, dispatch: &Dispatch) -> Answer {
        let Some(client) = &self.0 else {
            return usage("there is no connection: `connect` first");
        };
        let was_closed = client.is_closed();
        match client.dispatch(&dispatch.name, dispatch.payload_b64.0.clone()) {
            Ok(response) => Answer::Ok(Done {
                status: Some(response.status.0),
                payload_b64: Some(response.payload.as_ref().into()),
                ..Done::default()
            }),
            Err(error) => failed(&error, was_closed),
        }
    }

    fn close(&mut self) {
        if let Some(client) = self.0.take() {
            // It may have ended otherwise before, which a command has told.
            let _ = client.quit();
        }
    }
}

/// The client that is asked for, and where it is to connect.
fn builder(connect: &Connect) -> Result<(ClientBuilder, Endpoint), String> {
    let endpoint: Endpoint = connect.addr.parse().map_err(text)?;
    let mut limits = ClientLimits::new().quit_timeout(QUIT_TIMEOUT);
    if let Some(limit) = connect.limit {
        limits = limits.answer_max(limit.into());
    }
    let mut builder = Client::builder().limits(limits);
    if let Some(key) = &connect.hmac_key_b64 {
        builder = builder.hmac_key(MacKey::new(&key.0).map_err(text)?);
    }
    if let Some(version) = connect.version {
        builder = builder.protocol_version(version);
    }
    if let Some(path) = &connect.tls_ca {
        let pem = files::read(Path::new(path)).map_err(text)?;
        let tls = ClientTls::new(&pem).map_err(text)?;
        builder = builder.tls(tls.server_name("localhost"));
    }
    Ok((builder, endpoint.with_tls(connect.tls_ca.is_some())))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` gives the error away"
)]
fn text(error: impl ToString) -> String {
    error.to_string()
}

fn encode(command: &Encode) -> Answer {
    let Encode {
        frame,
        hmac_key_b64,
    } = command;
    let codec = match codec(hmac_key_b64.as_ref(), None) {
        Ok(codec) => codec,
        Err(error) => return usage(&error),
    };
    let frame = Frame {
        status: Status(frame.status),
        sequence: frame.sequence,
        name: &frame.name_b64.0,
        payload: &frame.payload_b64.0,
    };
    let mut bytes = Vec::new();
    match codec.encode(&frame, &mut bytes) {
        Ok(()) => Answer::Ok(Done {
            bytes_b64: Some(Base64(bytes)),
            ..Done::default()
        }),
        Err(error) => error_of(&error, Some(encode_class(error))),
    }
}

fn decode(command: &Decode) -> Answer {
    let codec = match codec(command.hmac_key_b64.as_ref(), command.limit) {
        Ok(codec) => codec,
        Err(error) => return usage(&error),
    };
    let (bytes, cuts) = (&command.bytes_b64.0, &command.cuts);
    if !cuts.is_sorted() || cuts.last().is_some_and(|last| *last > bytes.len()) {
        return usage("`cuts` are offsets into the bytes, in rising order");
    }
    let mut frames = Vec::new();
    let done = |frames, end| Done {
        frames: Some(frames),
        end: Some(end),
        ..Done::default()
    };
    // What a decoder sees that keeps the bytes of frames that are not whole.
    let mut start = 0;
    for end in cuts.iter().copied().chain([bytes.len()]) {
        loop {
            match codec.decode(&bytes[start..end]) {
                Ok(Decoded::Frame { frame, len }) => {
                    frames.push(FrameFields {
                        status: frame.status.0,
                        sequence: frame.sequence,
                        name_b64: frame.name.into(),
                        payload_b64: frame.payload.into(),
                    });
                    start += len;
                }
                Ok(Decoded::NeedMore { .. }) => break,
                Err(error) => {
                    return Answer::Ok(Done {
                        error: Some(error.to_string()),
                        class: Some(decode_class(error).into()),
                        ..done(frames, End::Refused)
                    });
                }
            }
        }
    }
    let end = if start == bytes.len() {
        End::Complete
    } else {
        End::Incomplete
    };
    Answer::Ok(done(frames, end))
}

fn codec(key: Option<&Base64>, limit: Option<u32>) -> Result<Codec, EmptyKey> {
    let mut codec = Codec::new();
    if let Some(limit) = limit {
        codec = codec.payload_max(limit);
    }
    match key {
        Some(key) => Ok(codec.mac_key(MacKey::new(&key.0)?)),
        None => Ok(codec),
    }
}

/// What the command asks for makes no sense.
fn usage(problem: &(impl ToString + ?Sized)) -> Answer {
    error_of(problem, Some("usage"))
}

fn failed(error: &ClientError, was_closed: bool) -> Answer {
    let class = if was_closed {
        Some("closed")
    } else {
        class(error.kind())
    };
    error_of(error, class)
}

fn error_of(error: &(impl ToString + ?Sized), class: Option<&str>) -> Answer {
    Answer::Error {
        error: error.to_string(),
        class: class.map(Into::into),
    }
}

/// The word for an error of the client; none for what is no fault of the peer or the caller.
fn class(kind: &ClientErrorKind) -> Option<&'static str> {
    use ClientErrorKind as Kind;
    Some(match kind {
        Kind::Endpoint(_) | Kind::Limit(_) => "usage",
        Kind::Encode(error) => encode_class(*error),
        Kind::Connect { .. }
        | Kind::ConnectTimeout { .. }
        | Kind::Tls { .. }
        | Kind::Timeout { .. } => "transport",
        Kind::ProtocolMismatch { .. } => "version",
        Kind::Notice { .. } | Kind::Answer(AnswerError::Notice { .. }) => "notice",
        Kind::Ended {
            ending: Ending::Reset | Ending::Alert,
        } => "transport",
        Kind::ClosedBehind { .. } | Kind::Ended { .. } | Kind::Quit => "closed",
        Kind::Frame { error, .. } => decode_class(*error),
        Kind::Answer(AnswerError::WrongSequence { .. }) => "sequence",
        Kind::Answer(AnswerError::WrongName) => "name",
        Kind::Answer(_) | Kind::Unsolicited { .. } => "framing",
        _ => return None,
    })
}

fn decode_class(error: DecodeError) -> &'static str {
    match error {
        DecodeError::PayloadTooLong { .. } => "limit",
        error if error.is_mac() => "mac",
        _ => "framing",
    }
}

fn encode_class(error: EncodeError) -> &'static str {
    match error {
        EncodeError::PayloadTooLong { .. } => "limit",
        _ => "usage",
    }
}

#[cfg(test)]
mod tests;
