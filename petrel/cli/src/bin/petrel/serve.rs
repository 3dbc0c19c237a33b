//! `petrel serve`: the reference server with the fixtures.

use petrel::{Endpoint, Server, ServerHandle, ServerLimits};
use petrel_cli::{
    Exit, Failure, KeyArgs, LimitArgs, ServerTlsArgs, fixtures, open_files,
    output::{self, Format, FormatArgs},
};
use serde::Serialize;
use std::{net::SocketAddr, thread};
use tokio::runtime::{self, Runtime};

/// Serve the fixtures: echo, null, size, sleep, status, fail
///
/// Where it listens is the first thing on standard output, once it listens. SIGINT and SIGTERM drain
/// the server: every complete request is answered and every connection closed. A second signal ends
/// it at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Every limit has its flag: `petrel limits` and --help show them.")]
pub(crate) struct ServeArgs {
    /// Listen here; may be given several times
    ///
    /// host:port, tls://host:port, unix:/path or tls+unix:/path. Port 0 takes a free one.
    #[arg(long, value_name = "ENDPOINT", default_value = "127.0.0.1:60606")]
    listen: Vec<Endpoint>,
    #[command(flatten)]
    tls: ServerTlsArgs,
    #[command(flatten)]
    key: KeyArgs,
    /// Serve with so many threads; 1 hands nothing over between threads [default: one per processor]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Answer 497 to a client whose first request is no protocol check, and close
    #[arg(long)]
    require_protocol_check: bool,
    /// Register the handler `panic`, too, which does what it says and is answered 501
    #[arg(long)]
    allow_panic: bool,
    #[command(flatten)]
    limits: LimitArgs<ServerLimits>,
    #[command(flatten)]
    format: FormatArgs,
}

/// Serves as the arguments say.
pub(crate) fn serve(args: ServeArgs) -> Result<Exit, Failure> {
    let runtime = start_runtime(args.threads)?;
    open_files::raise();
    let outcome = runtime.block_on(run(args));
    // What was cut is not waited for.
    runtime.shutdown_background();
    let cut = outcome?;
    if cut > 0 {
        let message = format!(
            "connections that were cut before they came to an end: {cut}; --drain-timeout sets how \
             long they may take"
        );
        return Err(Failure::new(Exit::No, message));
    }
    Ok(Exit::Done)
}

/// Serves where nobody is disturbed, because nothing was asked for.
pub(crate) fn serve_embedded() -> Result<Exit, Failure> {
    output::note(
        "no command: serving the fixtures on a free port of this machine until Ctrl-C; \
         `petrel --help` shows what else there is",
    );
    serve(ServeArgs {
        listen: vec![Endpoint::from(SocketAddr::from(([127, 0, 0, 1], 0)))],
        tls: ServerTlsArgs::default(),
        key: KeyArgs::default(),
        threads: None,
        require_protocol_check: false,
        allow_panic: false,
        limits: LimitArgs::default(),
        format: FormatArgs::default(),
    })
}

fn start_runtime(threads: Option<u16>) -> Result<Runtime, Failure> {
    let threads = match threads {
        Some(threads) => usize::from(threads),
        None => thread::available_parallelism().map_or(1, usize::from),
    };
    let mut builder = if threads == 1 {
        runtime::Builder::new_current_thread()
    } else {
        runtime::Builder::new_multi_thread()
    };
    builder.worker_threads(threads).enable_all();
    builder.build().map_err(|error| {
        let message = format!("cannot start {threads} threads: {error}; give fewer with --threads");
        Failure::new(Exit::Unreachable, message)
    })
}

/// Serves to the end; gives how many connections were cut off.
async fn run(args: ServeArgs) -> Result<usize, Failure> {
    let format = args.format.format;
    let server = bind(args).await?;
    let handle = server.handle();
    // The server runs first, so that it watches for signals before anybody is told of it.
    let (closed, ()) = tokio::try_join!(
        biased;
        async {
            server.run_until_signal().await.map_err(|error| {
                let message = format!("cannot watch for signals: {error}");
                Failure::new(Exit::Unreachable, message)
            })
        },
        async { announce(&handle, format) },
    )?;
    Ok(closed.cut)
}

async fn bind(args: ServeArgs) -> Result<Server, Failure> {
    let tls = args.tls.read_for(&args.listen)?;
    let key = args.key.read()?;
    let limits = args.limits.limits;
    let mut builder = fixtures::register(Server::builder(), &limits, args.allow_panic)
        .limits(limits)
        .require_protocol_check(args.require_protocol_check);
    if let Some(tls) = tls {
        builder = builder.tls(tls);
    }
    if let Some(key) = key {
        builder = builder.hmac_key(key.mac_key());
    }
    let mut endpoints = args.listen;
    let last = endpoints.pop();
    let last = last.ok_or_else(|| Failure::usage("there is no endpoint; give --listen"))?;
    for endpoint in endpoints {
        builder = builder.listen(endpoint);
    }
    Ok(builder.bind(last).await?)
}

#[derive(Serialize)]
struct Listening {
    schema: &'static str,
    listening: Vec<String>,
}

fn announce(handle: &ServerHandle, format: Format) -> Result<(), Failure> {
    let listening = handle.local_addrs().iter().map(Endpoint::to_string);
    let printed = match format {
        Format::Json => output::print_json(&Listening {
            schema: "petrel-serve/1",
            listening: listening.collect(),
        }),
        _ => {
            let lines: Vec<String> = listening.map(|at| format!("listening on {at}\n")).collect();
            output::print(&lines.concat())
        }
    };
    match printed {
        // Nobody reads where it listens; it may be known all the same.
        Err(gone) if gone.exit() == Exit::Done => Ok(()),
        other => other,
    }
}
