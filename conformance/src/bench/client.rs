//! Cases against a client: the suite listens, and a driver tells the client what to do.

use crate::{
    case::Fill,
    driver::{self, Driver},
    frame::Key,
    judge::{Judgement, Peer, Setting, judge},
    patience::Patience,
    plan::Unit,
    run::{Bench, Found},
    socket::{Listener, ServerSide, SocketLink},
    target::LIMIT_DEFAULT,
    verdict::{Variant, Verdict},
    world::{Command, Drive, Link, Reply},
};
use petrel::ServerTls;
use petrel_cli::{Exit, Failure, Interrupt};
use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a driver may take for the word that does not exist: it may be starting yet.
const START_PATIENCE: Duration = Duration::from_secs(20);
/// How long the end of a process may be behind the end of its output.
const EXIT_DELAY: Duration = Duration::from_millis(200);

/// Over what a client is told to connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Transport {
    #[default]
    Tcp,
    Unix,
    /// Every case under TLS, not only those about it.
    Tls,
}

/// What all jobs have in common.
#[derive(Debug)]
pub(crate) struct ClientSetup {
    pub(crate) command: String,
    pub(crate) transport: Transport,
    pub(crate) key: Key,
    pub(crate) tls: ServerTls,
    /// The authority that the client is to trust.
    pub(crate) ca: PathBuf,
    /// Where sockets can be put.
    pub(crate) folder: PathBuf,
    /// The driver answers a command that it does not know, so that its start can be waited for.
    pub(crate) answers_unknown: bool,
    /// When the time of the whole run is up.
    pub(crate) deadline: Instant,
}

/// One job: a driver that lives as long as it behaves.
#[derive(Debug)]
pub(crate) struct Driven {
    setup: Arc<ClientSetup>,
    driver: Option<Driver>,
    /// Numbers the sockets of this job.
    sockets: u32,
    job: usize,
    /// It was told something, and has not answered.
    is_busy: bool,
}

impl Driven {
    pub(crate) fn new(setup: Arc<ClientSetup>, job: usize) -> Self {
        Self {
            setup,
            driver: None,
            sockets: 0,
            job,
            is_busy: false,
        }
    }

    fn listen(&mut self) -> io::Result<(Listener, String)> {
        if self.setup.transport == Transport::Unix {
            self.sockets += 1;
            let name = format!("{}-{}.sock", self.job, self.sockets);
            let path = self.setup.folder.join(name);
            let listener = Listener::unix(&path)?;
            return Ok((listener, format!("unix:{}", path.display())));
        }
        let listener = Listener::tcp()?;
        let address = listener
            .local_addr()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok((listener, address.to_string()))
    }

    fn attempt(&mut self, unit: &Unit<'_>, patience: &Patience) -> Result<Judgement, Failure> {
        let cannot_listen = |error: io::Error| {
            let message = format!("cannot listen for the client: {error}");
            Failure::new(Exit::Unreachable, message)
        };
        let (listener, address) = self.listen().map_err(cannot_listen)?;
        let setup = Arc::clone(&self.setup);
        let driver = match &mut self.driver {
            Some(driver) => driver,
            none => none.insert(started(&setup)?),
        };
        let is_signed = unit.variant == Variant::Mac;
        let tls = unit.variant == Variant::Tls || setup.transport == Transport::Tls;
        let mut client = Client {
            driver,
            listener,
            address,
            ca: setup.ca.to_string_lossy().into_owned(),
            tls: tls.then(|| ServerSide(setup.tls.clone())),
            patience: patience.wait(),
            told: None,
            start: Instant::now(),
        };
        let setting = Setting {
            fill: Fill {
                limit: LIMIT_DEFAULT,
                echo: "",
                key: Some(&setup.key).filter(|_| is_signed),
                request: None,
            },
            segmentation: unit.segmentation,
            tls,
            patience,
        };
        let judgement = judge(unit.case, Peer::Client(&mut client), setting);
        self.is_busy = client.told.is_some();
        Ok(judgement)
    }
}

impl Bench for Driven {
    fn judge(&mut self, unit: &Unit<'_>, patience: &Patience) -> Found {
        let mut judgement = match self.attempt(unit, patience) {
            Ok(judgement) => judgement,
            Err(failure) => Judgement::without_conversation(Verdict::NotRun, failure.to_string()),
        };
        let mut stderr = Vec::new();
        if judgement.verdict.is_failure()
            && let Some(driver) = &mut self.driver
        {
            // Its end may be a moment behind that of its output.
            let until = Instant::now() + EXIT_DELAY;
            while judgement.is_gone && driver.status().is_none() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(2));
            }
            if driver.status().is_some() {
                judgement.verdict = Verdict::Crash;
            }
            stderr = driver.stderr();
        }
        // Whoever failed may still have something to say about it; the next case hears none of it.
        if judgement.verdict.is_failure() || self.is_busy {
            self.driver = None;
        }
        Found { judgement, stderr }
    }
}

/// A driver that has come up: how long that takes says nothing about the client.
fn started(setup: &ClientSetup) -> Result<Driver, Failure> {
    let mut driver = Driver::start(&setup.command)?;
    if setup.answers_unknown {
        driver.refuse_yes_sayers(0, start_patience(setup.deadline), None)?;
    }
    Ok(driver)
}

fn start_patience(deadline: Instant) -> Duration {
    START_PATIENCE.min(deadline.saturating_duration_since(Instant::now()))
}

/// Whether the driver is one whose answers prove something.
pub(crate) fn try_driver(
    command: &str,
    seed: u64,
    interrupt: &Interrupt,
    deadline: Instant,
) -> Result<Option<Failure>, Failure> {
    let mut driver = Driver::start(command)?;
    match driver.refuse_yes_sayers(seed, start_patience(deadline), Some(interrupt)) {
        Ok(()) => Ok(None),
        Err(failure) if failure.exit() != Exit::Unreachable => Err(failure),
        // It may still do what it is told in words that it knows, if it can be started at all.
        Err(failure) => match driver.status() {
            Some(status) if status.code() == Some(127) => Err(failure),
            _ => Ok(Some(failure)),
        },
    }
}

/// The client in one case.
#[derive(Debug)]
struct Client<'a> {
    driver: &'a mut Driver,
    listener: Listener,
    address: String,
    ca: String,
    tls: Option<ServerSide>,
    patience: Duration,
    told: Option<Command>,
    start: Instant,
}

impl Drive for Client<'_> {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn accept(&mut self, wait: Duration) -> io::Result<Option<Box<dyn Link>>> {
        let Some(stream) = self.listener.accept(wait)? else {
            return Ok(None);
        };
        let link = SocketLink::accepted(stream, self.tls.as_ref(), self.patience)?;
        Ok(Some(Box::new(link)))
    }

    fn command(&mut self, command: &Command) -> io::Result<()> {
        let line = driver::Command::of_client(command, &self.address, Some(&self.ca));
        self.told = Some(command.clone());
        self.driver.send(&line)
    }

    fn reply(&mut self, wait: Duration) -> io::Result<Option<Reply>> {
        let Some(line) = self.driver.reply(wait)? else {
            return Ok(None);
        };
        let Some(told) = self.told.take() else {
            let text = format!(
                "the driver speaks before it is told anything: {}",
                line.shown
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        };
        let reply = line.answer.into_reply(&told);
        let invalid = |problem| io::Error::new(io::ErrorKind::InvalidData, problem);
        reply.map(Some).map_err(invalid)
    }
}
