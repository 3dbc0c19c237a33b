//! The server under judgement: where it listens and what it offers.

use crate::{
    case::Offers,
    frame::Key,
    plan::Facts,
    socket::{ClientSide, SocketLink},
    verdict::Variant,
    world::{Dial, Link},
};
use petrel::{ClientTls, Endpoint};
use petrel_cli::{Exit, Failure};
use std::{
    fmt, io,
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    time::{Duration, Instant},
};

/// The documented payload limit, taken for servers that declare none.
pub(crate) const LIMIT_DEFAULT: u32 = 4 << 20;

/// How long the suite waits for an answer before the cases begin.
const EXCHANGE_PATIENCE: Duration = Duration::from_secs(1);

/// How long the first connection may take.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// A server under judgement, perhaps at several addresses that differ in their configuration.
#[derive(Clone, Debug)]

pub(crate) struct Target {
    /// The server that was named. It may expect MACs, or be under TLS.
    pub(crate) plain: Server,
    /// Expects MACs.
    pub(crate) mac: Option<Server>,
    /// Has a small payload limit, so that a limit which is not obeyed shows.
    pub(crate) small: Option<Server>,
    /// Requires the protocol check.
    pub(crate) checked: Option<Server>,
    /// Under TLS.
    pub(crate) tls: Option<Server>,
    /// What it offers beyond the protocol.
    pub(crate) offers: Offers,
    /// The name that answers with the bytes it was sent.
    pub(crate) echo: String,
    /// It is the reference implementation: the clauses that bind only that are judged too.
    pub(crate) ours: bool,
    /// Cases that send what no honest client sends may be tried.
    pub(crate) hostile: bool,
}

impl Target {
    /// A server of which nothing but its address is known.
    pub(crate) fn blind(plain: Server) -> Self {
        Self {
            plain,
            mac: None,
            small: None,
            checked: None,
            tls: None,
            offers: Offers::Blind,
            echo: "echo".into(),
            ours: false,
            hostile: true,
        }
    }

    /// What cases ask about one of its servers.
    pub(crate) fn facts(&self, server: &Server) -> Facts<'_> {
        Facts {
            offers: self.offers,
            echo: &self.echo,
            ours: self.ours,
            hostile: self.hostile,
            limit: server.limit(),
            is_declared: server.limit.is_some(),
            tls: server.tls.is_some(),
        }
    }

    /// The server that stands for a variant.
    pub(crate) fn server(&self, variant: Variant) -> &Server {
        let other = match variant {
            Variant::Plain => None,
            Variant::Mac => self.mac.as_ref(),
            Variant::Small => self.small.as_ref(),
            Variant::Checked => self.checked.as_ref(),
            Variant::Tls => self.tls.as_ref(),
        };
        other.unwrap_or(&self.plain)
    }

    /// All servers that are there, to be measured.
    pub(crate) fn servers_mut(&mut self) -> impl Iterator<Item = &mut Server> {
        let others = [
            &mut self.mac,
            &mut self.small,
            &mut self.checked,
            &mut self.tls,
        ];
        std::iter::once(&mut self.plain).chain(others.into_iter().filter_map(Option::as_mut))
    }

    /// The servers that are there, each with its place in a report.
    pub(crate) fn servers(&self) -> impl Iterator<Item = (Variant, &Server)> {
        let main = match self.plain.key {
            Some(_) => Variant::Mac,
            None => Variant::Plain,
        };
        let all = [
            (main, Some(&self.plain)),
            (Variant::Mac, self.mac.as_ref()),
            (Variant::Small, self.small.as_ref()),
            (Variant::Checked, self.checked.as_ref()),
            (Variant::Tls, self.tls.as_ref()),
        ];
        all.into_iter()
            .filter_map(|(variant, server)| Some((variant, server?)))
    }
}

/// One address of a server and the configuration behind it.
#[derive(Clone, Debug)]

pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: Address,
    /// Its payload limit, where it is declared.
    pub(crate) limit: Option<u32>,
    /// The limit that was found out, where none is declared.
    pub(crate) found_limit: Option<u32>,
    /// The key it expects MACs with.
    pub(crate) key: Option<Key>,
    pub(crate) tls: Option<ClientSide>,
    pub(crate) round_trip: Duration,
}

impl Server {
    /// A server without MACs and without TLS that declares no limit.
    pub(crate) fn new(address: Address) -> Self {
        Self {
            address,
            limit: None,
            found_limit: None,
            key: None,
            tls: None,
            round_trip: Duration::ZERO,
        }
    }

    /// It is under TLS; this is whom to trust.
    ///
    /// # Errors
    ///
    /// If the host is no name that a certificate can carry.
    pub(crate) fn under_tls(mut self, tls: ClientTls) -> Result<Self, Failure> {
        let side = ClientSide::new(tls, self.address.endpoint.host()).map_err(Failure::usage)?;
        self.tls = Some(side);
        Ok(self)
    }

    /// The limit that the cases reckon with.
    pub(crate) fn limit(&self) -> u32 {
        self.limit.or(self.found_limit).unwrap_or(LIMIT_DEFAULT)
    }

    /// Connects three times and takes the quickest as the round trip. Gives the time of a whole
    /// exchange, if the server answers a protocol check.
    pub(crate) fn measure(&mut self) -> Result<Duration, Failure> {
        let mut best = REACH_TIMEOUT;
        for time in 0..3 {
            let start = Instant::now();
            SocketLink::connect(
                &self.address,
                self.tls.as_ref(),
                REACH_TIMEOUT,
                Duration::ZERO,
            )
            .map_err(|error| match time {
                0 => Failure::reaching(self.address.endpoint(), &error),
                _ => {
                    let endpoint = self.address.endpoint();
                    let what =
                        "accepted a connection that ended without a byte, and accepts none since";
                    Failure::new(Exit::No, format!("{endpoint} {what}: {error}"))
                }
            })?;
            best = best.min(start.elapsed());
        }
        self.round_trip = best;
        let start = Instant::now();
        let answers = crate::judge::answers(self, &[], EXCHANGE_PATIENCE);
        Ok(if answers { start.elapsed() } else { best })
    }

    /// For one case.
    pub(crate) fn dialler(&self, patience: Duration) -> Dialler<'_> {
        Dialler {
            server: self,
            patience,
            start: Instant::now(),
        }
    }
}

/// Makes the connections of one case.
#[derive(Debug)]
pub(crate) struct Dialler<'a> {
    server: &'a Server,
    patience: Duration,
    start: Instant,
}

impl Dial for Dialler<'_> {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn dial(&mut self, raw: bool) -> io::Result<Box<dyn Link>> {
        let Server {
            address,
            tls,
            round_trip,
            ..
        } = self.server;
        let tls = tls.as_ref().filter(|_| !raw);
        let link = SocketLink::connect(address, tls, self.patience, *round_trip)?;
        Ok(Box::new(link))
    }
}

/// Where a server listens: an endpoint, looked up.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    endpoint: Endpoint,
    pub(crate) socket: Socket,
}

/// What is connected to.
#[derive(Clone, Debug)]
pub(crate) enum Socket {
    /// The addresses of the host, in the order in which they are tried.
    Tcp(Vec<SocketAddr>),
    Unix(PathBuf),
}

impl Address {
    /// Looks up the host of an endpoint.
    ///
    /// # Errors
    ///
    /// If it is no place to connect to, or its host is not known.
    pub(crate) fn look_up(endpoint: &Endpoint) -> Result<Self, Failure> {
        let text = endpoint.clone().with_tls(false).to_string();
        let socket = match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Socket::Unix(path.into()),
            Some(_) => {
                let message = format!("{endpoint}: write unix:/path, with the full path");
                return Err(Failure::usage(message));
            }
            None if text.ends_with(":0") => {
                let message = format!("{endpoint}: nothing listens on port 0; give the real port");
                return Err(Failure::usage(message));
            }
            None => {
                let addresses = text.to_socket_addrs();
                let addresses = addresses.map_err(|error| Failure::reaching(endpoint, &error))?;
                Socket::Tcp(addresses.collect())
            }
        };
        let endpoint = endpoint.clone();
        Ok(Self { endpoint, socket })
    }

    /// Of a peer that is in this process, and reached by no socket.
    pub(crate) fn nowhere() -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        Self {
            endpoint: address.into(),
            socket: Socket::Tcp(Vec::new()),
        }
    }

    /// Whether it is on this machine for certain.
    pub(crate) fn is_local(&self) -> bool {
        match &self.socket {
            Socket::Tcp(addresses) => addresses
                .iter()
                .all(|address| address.ip().to_canonical().is_loopback()),
            Socket::Unix(_) => true,
        }
    }

    /// As the caller wrote it.
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.endpoint.fmt(f)
    }
}
