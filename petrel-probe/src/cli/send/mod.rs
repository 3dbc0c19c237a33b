//! `petrel-probe send`.

mod answers;
mod payload;
mod statuses;
mod trace;

use super::{
    connect::{self, ConnectArgs},
    signals,
};
use crate::{
    keyring::Keyring,
    report::Portion,
    talk::{Reached, Request, Session, Settings, Step, TalkError},
};
use answers::{Answers, Form};
use petrel::wire::{PROTOCOL_CHECK, PROTOCOL_VERSION};
use petrel_cli::{Exit, Failure, KeyArgs, Look, Target, output};
use statuses::Statuses;
use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// What follows the help.
const EXAMPLES: &str = "\
Examples:
  petrel-probe send 127.0.0.1:60606 echo -d hello
  petrel-probe send embedded size -d 1000 --repeat 5 -v
  petrel-probe send tls://db.example:60606 login -d @login.json --tls-ca ca.pem --hmac-key-file mac.key";

/// Send a request and print the payload of its answer
///
/// The payload goes to standard output, byte for byte; on a terminal what would act on it is escaped. All
/// else goes to standard error. An answer with another status than 200 gives exit code 1 unless the status
/// is allowed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SendArgs {
    /// The server: host:port, tls://host:port, unix:/path, tls+unix:/path, or the word embedded
    target: Target,
    /// The name of what is asked for, at most 255 bytes
    name: OsString,
    /// The payload: a text, @FILE for the bytes of a file, - for standard input
    ///
    /// Write @@TEXT for a text that begins with @, and --hex 2d for a payload of one dash. Without -d and
    /// --hex the payload is empty.
    #[arg(
        short,
        long,
        value_name = "TEXT|@FILE|-",
        conflicts_with = "hex",
        allow_hyphen_values = true
    )]
    data: Option<String>,
    /// The payload in hex digits; spaces and colons between pairs do not matter
    #[arg(long, value_name = "HEX")]
    hex: Option<String>,
    /// How many times to send it, one after the other on one connection
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    repeat: u64,
    /// Time between an answer and the next request
    #[arg(long, value_name = "TIME", value_parser = connect::duration, default_value = "0")]
    interval: Duration,
    /// What to print of each answer
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    format: Form,
    /// Statuses beside 200 that are no error: numbers and ranges, for example 400,9000-9999
    #[arg(
        long,
        value_name = "LIST",
        default_value = "200",
        hide_default_value = true
    )]
    allow_status: Statuses,
    /// Longest payload of an answer that is taken
    #[arg(long, value_name = "SIZE", value_parser = connect::payload_max, default_value = "4MiB")]
    payload_max: u32,
    /// Leave the protocol check out
    #[arg(long)]
    no_check: bool,
    /// The sequence number of the first request behind the protocol check; 2, or 1 without a check
    #[arg(long, value_name = "N")]
    sequence: Option<u32>,
    /// Show the bytes that would be sent, field by field, and connect to nobody
    #[arg(long)]
    dry_run: bool,
    /// Show every step on standard error with its time, and every byte as it goes, field by field
    ///
    /// Of a payload the first 1024 bytes are shown.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// What keeps a request from going on.
#[derive(Debug)]
enum Stop {
    Talk(TalkError),
    Output(io::Error),
}

pub(super) fn execute(args: &SendArgs) -> Result<Exit, Failure> {
    let mut keys = Keyring::new();
    if let (Some(label), Some(key)) = (args.key.label(), args.key.read()?) {
        keys.add(&label, key.mac_key());
    }
    let request = Request::new(name_bytes(&args.name), args.payload()?);
    // What does not fit is told before anybody is connected.
    request
        .to_message(0, &keys, 0)
        .map_err(|error| Failure::usage(error.to_string()))?;
    if args.dry_run {
        return args.show(&request, &keys);
    }
    let reached = Reached::new(&args.target, keys, &args.connect.tls)?;
    let settings = Settings {
        payload_max: args.payload_max,
        protocol_check: !args.no_check,
        ..args.connect.apply(reached.settings())
    };
    let stdout = io::stdout();
    let is_terminal = stdout.is_terminal();
    let mut answers = Answers::new(stdout.lock(), args.format, is_terminal);
    let stopped = signals::until_interrupted(args.send(&settings, &request, &mut answers))?;
    if args.repeat > 1
        && let Some(summary) = answers.summary()
    {
        output::note(&summary);
    }
    match stopped {
        None => Ok(Exit::Interrupted),
        Some(Ok(())) if answers.is_refused() => Ok(Exit::No),
        Some(Ok(())) => Ok(Exit::Done),
        Some(Err(Stop::Output(error))) => Err(Failure::output(&error)),
        Some(Err(Stop::Talk(error))) => Err(error.into()),
    }
}

impl SendArgs {
    fn payload(&self) -> Result<Vec<u8>, Failure> {
        match (&self.data, &self.hex) {
            (Some(word), _) => payload::of_data(word),
            (None, Some(text)) => {
                payload::of_hex(text).map_err(|wrong| Failure::usage(format!("--hex: {wrong}")))
            }
            (None, None) => Ok(Vec::new()),
        }
    }

    async fn send(
        &self,
        settings: &Settings,
        request: &Request,
        answers: &mut Answers<io::StdoutLock<'_>>,
    ) -> Result<(), Stop> {
        let look = plain_look();
        let mut watch = |step: Step<'_>| {
            if self.verbose {
                // With standard error gone there is nowhere left to say it.
                let _ = trace::step(step, &look, &mut io::stderr().lock());
            }
        };
        let mut session = Session::open(settings, &mut watch).await?;
        if let Some(sequence) = self.sequence {
            session.set_sequence(sequence);
        }
        for turn in 0..self.repeat {
            if turn > 0 && !self.interval.is_zero() {
                tokio::time::sleep(self.interval).await;
            }
            let asked = session.ask(request, &mut watch).await;
            let exchange = match &asked {
                Ok(exchange) => Some(exchange),
                Err(error) => error.exchange(),
            };
            if let Some(exchange) = exchange {
                answers
                    .take(exchange, asked.is_ok())
                    .map_err(Stop::Output)?;
            }
            let exchange = asked?;
            let answer = exchange.response.as_ref();
            let status = answer.map(|answer| answer.header.status);
            if let Some(status) = status.filter(|status| !self.allow_status.allow(*status)) {
                answers.refuse(status);
            }
            if self.verbose
                && let Some(rtt) = exchange.rtt()
            {
                let rtt = crate::report::text::duration(rtt);
                let _ = writeln!(io::stderr(), "* answered in {rtt}");
            }
        }
        session.close(&mut watch).await;
        Ok(())
    }

    fn show(&self, request: &Request, keys: &Keyring) -> Result<Exit, Failure> {
        let write = || -> io::Result<()> {
            let look = Look::of_stdout();
            let mut sink = io::BufWriter::new(io::stdout().lock());
            let check = Request::new(PROTOCOL_CHECK, [PROTOCOL_VERSION]);
            let first = if self.no_check { 1 } else { 2 };
            let sequence = self.sequence.unwrap_or(first);
            let mut frames = Vec::new();
            if !self.no_check {
                frames.push((check, 1));
            }
            frames.push((request.clone(), sequence));
            for (request, sequence) in frames {
                let message = request
                    .to_message(sequence, keys, 0)
                    .map_err(io::Error::other)?;
                trace::message(&message, "would send", Portion::Full, &look, &mut sink)?;
            }
            sink.flush()
        };
        write().map_err(|error| Failure::output(&error))?;
        Ok(Exit::Done)
    }
}

impl From<TalkError> for Stop {
    fn from(error: TalkError) -> Self {
        Self::Talk(error)
    }
}

/// Standard error may be anything.
const fn plain_look() -> Look {
    Look {
        width: 100,
        color: false,
    }
}

#[cfg(unix)]
fn name_bytes(name: &OsString) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(name.as_os_str())
}

#[cfg(not(unix))]
fn name_bytes(name: &OsString) -> Vec<u8> {
    name.to_string_lossy().into_owned().into_bytes()
}
