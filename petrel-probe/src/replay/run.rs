//! Sending a recording again.

use super::{Macs, Options, Outcome, Pace, Recording, Verdict, compare::Then, recording::Recorded};
use crate::{
    exchange::{Exchange, Message},
    keyring::Keyring,
    talk::{Mac, Request, Session, Settings, TalkError},
};
use petrel::{ClientErrorKind, Ending, Executed};
use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque, hash_map::Entry},
    error, fmt,
    future::poll_fn,
    io,
    ops::ControlFlow,
    pin::Pin,
    task::Poll,
};

/// How many connections are open at once at [`Pace::Max`].
const CONNECTIONS_MAX: usize = 64;

/// How many requests are under way on each of them, at the most.
const PIPELINE_MAX: usize = 16;

/// No more is sent on a connection while so many bytes of requests are under way.
const PIPELINE_BYTES: u64 = 1 << 20;

/// Why a recording cannot be replayed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayError {
    /// The first connection could not be opened.
    Unreachable(TalkError),
    /// The bytes of an exchange cannot be read any more.
    Reading(io::Error),
}

/// Whoever is told. Breaking ends the replay.
type Each<'a> = dyn FnMut(Outcome) -> ControlFlow<()> + 'a;

/// Why it goes on no more.
enum Stop {
    Failed(ReplayError),
    Enough,
}

/// Sends everything again, and tells what came of each as it comes: every request that the recording
/// has gives one outcome. Each recorded connection is a connection of its own, which begins with its own
/// protocol check and numbers its requests anew. If it breaks, it is not opened again; what would have
/// followed on it comes out as [`Verdict::Transport`], and other connections go on.
///
/// It may be dropped at any time; what was told then stays true.
///
/// # Errors
/// If the first connection cannot be opened, or the recording not be read.
pub async fn run(
    recording: &Recording,
    settings: &Settings,
    options: &Options,
    each: &mut Each<'_>,
) -> Result<(), ReplayError> {
    let replay = Replay {
        recording,
        settings,
        options,
    };
    let ended = match options.pace {
        Pace::Lockstep => replay.in_order(each).await,
        Pace::Max => replay.at_once(each).await,
    };
    match ended {
        Ok(()) | Err(Stop::Enough) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// A connection under way.
type Work<'a> = Pin<Box<dyn Future<Output = Result<(), Stop>> + 'a>>;

struct Replay<'a> {
    recording: &'a Recording,
    settings: &'a Settings,
    options: &'a Options,
}

/// A connection while its requests are sent one by one.
enum Link {
    Open(Box<Session>),
    /// It could not be opened, for this reason.
    Closed(String),
}

impl Replay<'_> {
    async fn in_order(&self, each: &mut Each<'_>) -> Result<(), Stop> {
        let mut links: HashMap<u32, (Link, u64)> = HashMap::new();
        let mut reader = self.recording.reader();
        let mut was_open = false;
        for row in self.recording.in_order() {
            let recorded = reader.read(row)?;
            let number = recorded.connection;
            let (link, left) = match links.entry(number) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let link = self.open(&recorded, &mut was_open).await?;
                    new.insert((link, self.recording.recorded(number).requests))
                }
            };
            let outcome = match link {
                Link::Closed(reason) => not_sent(recorded, reason),
                Link::Open(session) => {
                    let asked = match self.request(&recorded) {
                        Some(request) => session.ask(&request, &mut |_| ()).await,
                        None => continue,
                    };
                    self.outcome(recorded, asked)
                }
            };
            tell(each, outcome)?;
            *left = left.saturating_sub(1);
            if *left == 0
                && let Some((Link::Open(session), _)) = links.remove(&number)
            {
                session.leave().await;
            }
        }
        Ok(())
    }

    async fn at_once(&self, each: &mut Each<'_>) -> Result<(), Stop> {
        let mut connections: HashMap<u32, VecDeque<u32>> = HashMap::new();
        let mut order = VecDeque::new();
        for row in self.recording.in_order() {
            let Some(number) = self.recording.connection_of(row) else {
                continue;
            };
            let rows = connections.entry(number).or_insert_with(|| {
                order.push_back(number);
                VecDeque::new()
            });
            rows.push_back(row);
        }
        let each = RefCell::new(each);
        // The first goes ahead: if nobody is there, one attempt is enough to know it.
        let mut was_open = false;
        let mut under_way: Vec<Work<'_>> = Vec::new();
        let mut first = order
            .pop_front()
            .and_then(|number| connections.remove(&number));
        if let Some(rows) = &mut first
            && let Some(row) = rows.front()
        {
            let recorded = self.recording.reader().read(*row)?;
            let link = self.open(&recorded, &mut was_open).await?;
            let rows = std::mem::take(rows);
            under_way.push(Box::pin(self.pipeline(link, rows, &each)));
        }
        loop {
            while under_way.len() < CONNECTIONS_MAX
                && let Some(rows) = order
                    .pop_front()
                    .and_then(|number| connections.remove(&number))
            {
                under_way.push(Box::pin(self.connection(rows, &each)));
            }
            if under_way.is_empty() {
                return Ok(());
            }
            any(&mut under_way).await?;
        }
    }

    async fn connection(
        &self,
        rows: VecDeque<u32>,
        each: &RefCell<&mut Each<'_>>,
    ) -> Result<(), Stop> {
        let Some(row) = rows.front() else {
            return Ok(());
        };
        let recorded = self.recording.reader().read(*row)?;
        let link = self.open(&recorded, &mut true).await?;
        self.pipeline(link, rows, each).await
    }

    async fn pipeline(
        &self,
        link: Link,
        mut rows: VecDeque<u32>,
        each: &RefCell<&mut Each<'_>>,
    ) -> Result<(), Stop> {
        let mut reader = self.recording.reader();
        let mut session = match link {
            Link::Open(session) => session,
            Link::Closed(reason) => {
                for row in rows {
                    let outcome = not_sent(reader.read(row)?, &reason);
                    tell(&mut **each.borrow_mut(), outcome)?;
                }
                return Ok(());
            }
        };
        let mut waiting: VecDeque<Box<Exchange>> = VecDeque::new();
        loop {
            while waiting.len() < PIPELINE_MAX
                && waiting.iter().map(|asked| len_of(asked)).sum::<u64>() < PIPELINE_BYTES
                && let Some(row) = rows.pop_front()
            {
                let recorded = reader.read(row)?;
                let Some(request) = self.request(&recorded) else {
                    continue;
                };
                match session.push(&request) {
                    Ok(()) => waiting.push_back(recorded),
                    Err(error) => {
                        let outcome = self.outcome(recorded, Err(error));
                        tell(&mut **each.borrow_mut(), outcome)?;
                    }
                }
            }
            let Some(answer) = session.next(&mut |_| ()).await else {
                break;
            };
            if let Some(recorded) = waiting.pop_front() {
                let outcome = self.outcome(recorded, answer);
                tell(&mut **each.borrow_mut(), outcome)?;
            }
        }
        session.leave().await;
        Ok(())
    }

    /// Opens the connection of a recorded exchange. The first one must succeed.
    async fn open(&self, recorded: &Exchange, was_open: &mut bool) -> Result<Link, Stop> {
        let known = self.recording.recorded(recorded.connection);
        let (settings, check) = self.settings_for(recorded, known);
        match Session::open_with(&settings, check, &mut |_| ()).await {
            Ok(session) => {
                *was_open = true;
                Ok(Link::Open(Box::new(session)))
            }
            Err(error) if !*was_open => Err(Stop::Failed(ReplayError::Unreachable(error))),
            Err(error) => Ok(Link::Closed(format!(
                "the connection could not be opened: {error}"
            ))),
        }
    }

    fn settings_for(&self, recorded: &Exchange, known: Recorded) -> (Settings, Mac) {
        let mut settings = Settings {
            connection: recorded.connection,
            ..self.settings.clone()
        };
        let mut check = Mac::Sign;
        match self.options.macs {
            Macs::Resign => {}
            Macs::Strip => settings = settings.with_keys(Keyring::new()),
            Macs::Keep => {
                let request = recorded.request.as_ref();
                settings.macs = request.is_some_and(Message::has_mac);
                if !settings.macs {
                    settings = settings.with_keys(Keyring::new());
                } else if let Some(mac) = known.check_mac {
                    check = Mac::Keep(mac);
                } else if settings.keys.is_empty() {
                    // Nobody can sign a check of ours.
                    settings.protocol_check = false;
                }
            }
        }
        (settings, check)
    }

    /// What is sent again of an exchange. The recording holds none without a request.
    fn request(&self, recorded: &Exchange) -> Option<Request> {
        let message = recorded.request.as_ref()?;
        let mac = match self.options.macs {
            Macs::Resign => Mac::Sign,
            Macs::Strip => Mac::Strip,
            Macs::Keep => message
                .mac_text()
                .and_then(|mac| mac.first_chunk().copied())
                .map_or(Mac::Strip, Mac::Keep),
        };
        Some(Request {
            name: message.name().to_vec(),
            payload: message.payload().to_vec(),
            mac,
        })
    }

    fn outcome(&self, recorded: Box<Exchange>, asked: Result<Exchange, TalkError>) -> Outcome {
        let (verdict, now, error) = match asked {
            Ok(now) => {
                let answer = now.response.as_ref();
                let verdict = answer.map_or(Verdict::Missing, |answer| {
                    self.options.comparison.judge(&recorded, answer)
                });
                (verdict, Some(Box::new(now)), None)
            }
            Err(error) => {
                let text = error.to_string();
                (
                    unanswered(&recorded, &error),
                    error.into_exchange(),
                    Some(text),
                )
            }
        };
        let answer = recorded.response.as_ref();
        let in_part = answer.is_some_and(|answer| !answer.is_complete());
        Outcome {
            recorded,
            now,
            verdict,
            in_part,
            error,
        }
    }
}

fn tell(each: &mut Each<'_>, outcome: Outcome) -> Result<(), Stop> {
    match each(outcome) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Enough),
    }
}

/// What it means that there is no answer.
fn unanswered(recorded: &Exchange, error: &TalkError) -> Verdict {
    let server_did_not_answer = error.executed() == Executed::Maybe
        && matches!(
            error.kind(),
            ClientErrorKind::Timeout { .. }
                | ClientErrorKind::Notice { .. }
                | ClientErrorKind::ClosedBehind { .. }
                | ClientErrorKind::Ended {
                    ending: Ending::Fin
                }
        );
    match Then::of(recorded) {
        _ if !server_did_not_answer => Verdict::Transport,
        Then::Answered(_) => Verdict::Missing,
        Then::Unanswered => Verdict::Same,
        Then::NotCaptured => Verdict::Uncompared,
    }
}

fn not_sent(recorded: Box<Exchange>, reason: &str) -> Outcome {
    Outcome {
        recorded,
        now: None,
        verdict: Verdict::Transport,
        in_part: false,
        error: Some(reason.to_owned()),
    }
}

fn len_of(exchange: &Exchange) -> u64 {
    exchange.request.as_ref().map_or(0, Message::frame_len)
}

/// Waits until one of several is done, and takes it out. Each is asked whenever one may go on, which is
/// cheap for so few.
async fn any(under_way: &mut Vec<Work<'_>>) -> Result<(), Stop> {
    poll_fn(|cx| {
        for place in 0..under_way.len() {
            if let Some(future) = under_way.get_mut(place)
                && let Poll::Ready(done) = future.as_mut().poll(cx)
            {
                drop(under_way.swap_remove(place));
                return Poll::Ready(done);
            }
        }
        Poll::Pending
    })
    .await
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(ReplayError::Reading(error))
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => error.fmt(f),
            Self::Reading(error) => {
                write!(f, "what was recorded cannot be read any more: {error}")
            }
        }
    }
}

impl error::Error for ReplayError {}
