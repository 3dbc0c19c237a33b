//! The thread behind the composer: it holds the connection, reads files of payloads, and remembers.

use super::{
    super::{
        compose::{self, Effect, Order, Route, Setup, Took},
        message::Msg,
    },
    history,
};
use crate::talk::{Session, Settings, Step, TalkError};
use petrel::{ClientTls, Endpoint};
use petrel_cli::{Embedded, EmbeddedConfig, Exit, Failure, Target};
use std::{
    collections::VecDeque,
    fs::File,
    future::Future,
    io::{self, Read},
    path::Path,
    sync::mpsc::Sender,
    thread,
    time::Duration,
};
use tokio::{
    runtime,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
};

/// Longer files are not sent from here: several copies of a payload are in memory at once.
const FILE_LEN_MAX: u64 = 64 << 20;

/// The thread behind the composer. Dropped, it ends soon, and nobody waits for it.
#[derive(Debug)]
pub(crate) struct Composer {
    orders: UnboundedSender<Effect>,
}

impl Composer {
    /// Starts it. What is remembered is told at once.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(setup: Setup, tell: Sender<Msg>) -> Result<Self, Failure> {
        // Reading keys may warn on standard error: now, and not once the interface has the terminal.
        let tls = read_tls(&setup);
        let (orders, received) = mpsc::unbounded_channel();
        let start = || {
            let runtime = runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            thread::Builder::new()
                .name("petrel-compose".to_owned())
                .spawn(move || runtime.block_on(Worker::new(setup, tls, tell, received).run()))
        };
        start().map_err(|error| {
            let message = format!("cannot start a thread to send requests from: {error}");
            Failure::new(Exit::Unreachable, message)
        })?;
        Ok(Self { orders })
    }

    /// Does what the composer wants. Copying and appending are not among it.
    pub(crate) fn perform(&self, effect: Effect) {
        // The thread ends only when this is dropped, or with the program.
        let _ = self.orders.send(effect);
    }
}

/// What TLS needs, if that is given and can be used. What is wrong with it is told when it is wanted.
fn read_tls(setup: &Setup) -> Option<ClientTls> {
    if setup.tls.to_words().is_empty() {
        return None;
    }
    // It is the same for every endpoint under TLS.
    let any = "tls://localhost:1".parse().ok()?;
    setup.tls.read_for(&any).ok().flatten()
}

#[derive(Debug)]
struct Worker {
    setup: Setup,
    tls: Option<ClientTls>,
    tell: Sender<Msg>,
    orders: UnboundedReceiver<Effect>,
    /// What was ordered while something else was done.
    waiting: VecDeque<Effect>,
    session: Option<(Route, Session)>,
    /// Servers in this process, by the key with which they verify.
    embedded: Vec<(Option<usize>, Embedded)>,
    connection: u32,
}

/// Why something was not done.
enum Undone {
    /// It failed.
    Failed(TalkError),
    /// Before it could be begun.
    Impossible(Failure),
    /// It was given up.
    Stopped,
}

impl From<TalkError> for Undone {
    fn from(error: TalkError) -> Self {
        Self::Failed(error)
    }
}

impl Worker {
    fn new(
        setup: Setup,
        tls: Option<ClientTls>,
        tell: Sender<Msg>,
        orders: UnboundedReceiver<Effect>,
    ) -> Self {
        Self {
            connection: setup.first_connection,
            setup,
            tls,
            tell,
            orders,
            waiting: VecDeque::new(),
            session: None,
            embedded: Vec::new(),
        }
    }

    async fn run(mut self) {
        if let Some(path) = &self.setup.history {
            match history::read(path) {
                Ok(entries) => self.tell(compose::Msg::Remembered(entries)),
                Err(error) => self.warn_of_history("read", &error),
            }
        }
        while let Some(effect) = self.next().await {
            match effect {
                Effect::Connect(route) => {
                    self.session = None;
                    // What went wrong was told.
                    let _ = self.open(&route).await;
                }
                Effect::Send(order) => {
                    self.send(&order).await;
                    self.tell(compose::Msg::Finished);
                }
                Effect::ReadFile { path, generation } => self.read_file(&path, generation),
                Effect::Remember(entry) => {
                    if let Some(path) = &self.setup.history
                        && let Err(error) = history::append(path, &entry)
                    {
                        self.warn_of_history("written", &error);
                        self.setup.history = None;
                    }
                }
                Effect::Stop | Effect::Copy(_) | Effect::Append(_) => {}
            }
        }
    }

    fn tell(&self, msg: compose::Msg) {
        // Without anybody who listens the program is about to end.
        let _ = self.tell.send(Msg::Compose(msg));
    }

    fn warn_of_history(&self, what: &str, error: &io::Error) {
        if let Some(path) = &self.setup.history {
            let text = format!("the history {} cannot be {what}: {error}", path.display());
            self.tell(compose::Msg::Warned(text));
        }
    }

    /// What is to be done next. Meanwhile the connection is watched: that it ended is told when it does.
    async fn next(&mut self) -> Option<Effect> {
        loop {
            if let Some(effect) = self.waiting.pop_front() {
                return Some(effect);
            }
            let Some((_, session)) = &mut self.session else {
                return self.orders.recv().await;
            };
            let mut nobody = |_: Step<'_>| ();
            let error = tokio::select! {
                biased;
                effect = self.orders.recv() => return effect,
                error = session.ended(&mut nobody) => error,
            };
            self.session = None;
            self.tell(compose::Msg::Lost(error.to_string()));
        }
    }

    /// Opens a connection, and tells how that goes.
    async fn open(&mut self, route: &Route) -> Result<(), Undone> {
        self.tell(compose::Msg::Connecting(route.clone()));
        let opened = self.try_open(route).await;
        match opened {
            Ok((session, took)) => {
                self.session = Some((route.clone(), session));
                self.tell(compose::Msg::Connected(Box::new(took)));
                Ok(())
            }
            Err(undone) => {
                let why = match &undone {
                    Undone::Failed(error) => error.to_string(),
                    Undone::Impossible(failure) => failure.to_string(),
                    Undone::Stopped => "given up".to_owned(),
                };
                self.tell(compose::Msg::Refused(why));
                Err(undone)
            }
        }
    }

    async fn try_open(&mut self, route: &Route) -> Result<(Session, Took), Undone> {
        let settings = self.settings(route).map_err(Undone::Impossible)?;
        self.connection = self.connection.wrapping_add(1);
        let mut took = Took {
            route: route.clone(),
            connect: Duration::ZERO,
            tls: None,
            check: None,
            exchange: None,
        };
        let mut watch = |step: Step<'_>| match step {
            Step::Connected { took: time, .. } => took.connect = time,
            Step::Secured { took: time } => took.tls = Some(time),
            Step::Checked { took: time } => took.check = Some(time),
            _ => {}
        };
        let opening = Session::open(&settings, &mut watch);
        let session = unless_stopped(&mut self.orders, &mut self.waiting, opening).await;
        let session = session.ok_or(Undone::Stopped)??;
        took.exchange = session.check().cloned().map(Box::new);
        Ok((session, took))
    }

    fn settings(&mut self, route: &Route) -> Result<Settings, Failure> {
        let (endpoint, tls) = match &route.target {
            Target::Endpoint(endpoint) if endpoint.is_tls() => {
                let tls = match &self.tls {
                    Some(tls) => Some(tls.clone()),
                    None => self.setup.tls.read_for(endpoint)?,
                };
                (endpoint.clone(), tls)
            }
            Target::Endpoint(endpoint) => (endpoint.clone(), None),
            Target::Embedded => (self.embedded(route.key)?, None),
        };
        let settings = Settings {
            tls,
            connect_timeout: self.setup.connect_timeout,
            timeout: self.setup.timeout,
            payload_max: self.setup.payload_max,
            connection: self.connection,
            ..Settings::new(endpoint)
        };
        Ok(match route.key {
            Some(key) => settings.with_keys(self.setup.keys.with_first(key)),
            None => settings,
        })
    }

    /// The server in this process that verifies with this key. It is started when it is wanted first.
    fn embedded(&mut self, key: Option<usize>) -> Result<Endpoint, Failure> {
        let running = self.embedded.iter().find(|(with, _)| *with == key);
        if let Some((_, server)) = running {
            return Ok(server.endpoint().clone());
        }
        let keys = key.map(|key| self.setup.keys.with_first(key));
        let key_of_macs = keys.and_then(|keys| keys.first().cloned());
        let server = Embedded::start(EmbeddedConfig::default().hmac_key(key_of_macs))?;
        let endpoint = server.endpoint().clone();
        self.embedded.push((key, server));
        Ok(endpoint)
    }

    /// Sends as often as is ordered, until it fails.
    async fn send(&mut self, order: &Order) {
        for _ in 0..order.repeat {
            let is_connected = matches!(&self.session, Some((route, session))
                if *route == order.route && !session.is_over());
            if !is_connected {
                self.session = None;
                if self.open(&order.route).await.is_err() {
                    return;
                }
            }
            if let Err(undone) = self.ask(order).await {
                self.give_up(undone);
                return;
            }
        }
        self.notice_the_end();
    }

    async fn ask(&mut self, order: &Order) -> Result<(), Undone> {
        let Some((_, session)) = &mut self.session else {
            return Err(Undone::Stopped);
        };
        session.set_timeout(order.timeout);
        let mut nobody = |_: Step<'_>| ();
        let asking = session.ask(&order.request, &mut nobody);
        let answer = unless_stopped(&mut self.orders, &mut self.waiting, asking).await;
        let exchange = answer.ok_or(Undone::Stopped)??;
        self.tell(compose::Msg::Answered(Box::new(exchange)));
        Ok(())
    }

    fn give_up(&mut self, undone: Undone) {
        let (why, exchange) = match undone {
            Undone::Failed(error) => (error.to_string(), error.into_exchange()),
            Undone::Impossible(failure) => (failure.to_string(), None),
            Undone::Stopped => {
                // The answer may still come, and would be taken for that of the next request.
                self.session = None;
                let why = "given up; the request may have been executed".to_owned();
                (why, None)
            }
        };
        self.tell(compose::Msg::Failed {
            why: why.clone(),
            exchange,
        });
        if self
            .session
            .as_ref()
            .is_none_or(|(_, session)| session.is_over())
        {
            self.session = None;
            self.tell(compose::Msg::Lost(why));
        }
    }

    /// Behind some answers the connection is over.
    fn notice_the_end(&mut self) {
        if self
            .session
            .as_ref()
            .is_some_and(|(_, session)| session.is_over())
        {
            self.session = None;
            let why = "the server closes it behind this answer".to_owned();
            self.tell(compose::Msg::Lost(why));
        }
    }

    fn read_file(&self, path: &Path, generation: u64) {
        let bytes = read_file(path).map_err(|error| format!("{}: {error}", path.display()));
        self.tell(compose::Msg::FileRead { generation, bytes });
    }
}

/// Waits for what is done, unless it is to be given up. Other orders wait.
async fn unless_stopped<T>(
    orders: &mut UnboundedReceiver<Effect>,
    waiting: &mut VecDeque<Effect>,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            order = orders.recv() => match order {
                // Without anybody who orders the program is about to end.
                Some(Effect::Stop) | None => return None,
                Some(other) => waiting.push_back(other),
            },
        }
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for somebody who writes into it.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(FILE_LEN_MAX + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_LEN_MAX {
        let message = "it is longer than 64 MiB; `petrel-probe send -d @FILE` takes it";
        return Err(io::Error::other(message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
