//! `petrel-bench floor`: a server that costs next to nothing.

use crate::floor::{FloorKind, FloorServer};
use petrel::Endpoint;
use petrel_cli::{Exit, Failure, Interrupt, output};
use std::{
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::Duration,
};

/// How long a signal may go unseen.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// Serve at next to no cost, to see what a load generator can reach at all
///
/// Where it listens is the first line on standard output. SIGINT and SIGTERM end it.
#[derive(Debug, clap::Args)]
pub(crate) struct FloorArgs {
    /// What the server does
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// Listen here; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    listen: SocketAddr,
    /// Frames carry MACs, which are passed on and not checked (null)
    #[arg(long)]
    hmac: bool,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Kind {
    /// Answer every frame with itself and status 200
    #[default]
    Null,
    /// Write back what is read
    Echo,
}

/// Serves as the arguments say.
pub(crate) fn execute(args: &FloorArgs) -> Result<Exit, Failure> {
    // Watched before anything is started, so that nothing is left behind.
    let interrupt = Interrupt::watch()?;
    let kind = match args.kind {
        Kind::Null => FloorKind::Null { mac: args.hmac },
        Kind::Echo => FloorKind::Echo,
    };
    petrel_cli::open_files::raise();
    let server = FloorServer::start(kind, Some(args.listen))
        .map_err(|error| Failure::listening(&Endpoint::from(args.listen), &error))?;
    match output::print(&format!("listening on {}\n", server.endpoint())) {
        // Nobody reads where it listens; it may be known all the same.
        Err(gone) if gone.exit() == Exit::Done => {}
        other => other?,
    }
    while !interrupt.is_set() {
        thread::sleep(LOOK_PAUSE);
    }
    Ok(Exit::Done)
}
