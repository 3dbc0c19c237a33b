//! What the generator reaches at all: the same load against a server that costs next to nothing.

use crate::{
    engine::{self, Setup},
    floor::{FloorKind, FloorServer},
    plan::{Plan, Warmup},
    progress::Unwatched,
    workload::Workload,
};
use petrel::Client;
use petrel_cli::{Exit, Failure, Interrupt, Key};

/// How long is measured. With its connections and its beginning the preflight stays below a second.
const DURATION_S: f64 = 0.4;

/// Connections at the most: more do not make the generator faster, and take their time to open.
const CONNECTIONS_MAX: u32 = 64;

/// Requests per second that the generator makes of this plan in a closed loop, threads, pipeline,
/// payloads and MACs alike. Nothing under TLS: the server that costs nothing does not speak it.
///
/// # Errors
/// If that server cannot be started, or the measurement was interrupted.
pub(crate) fn headroom(
    plan: &Plan,
    key: Option<&Key>,
    interrupt: Option<&Interrupt>,
) -> Result<Option<f64>, Failure> {
    if plan.tls {
        return Ok(None);
    }
    let mut plan = Plan {
        connections: plan.connections.min(CONNECTIONS_MAX),
        rate_per_s: None,
        arrivals: None,
        duration_s: DURATION_S,
        warmup: Warmup::Seconds(0.0),
        ..plan.clone()
    };
    for request in &mut plan.requests {
        request.expect_status = vec![200];
    }
    let floor = FloorServer::start(FloorKind::Null { mac: key.is_some() }, None);
    let floor = floor.map_err(|error| {
        let message = format!("cannot start the server that costs nothing: {error}");
        Failure::new(Exit::Unreachable, message)
    })?;
    let setup = Setup {
        workload: Workload::new(&plan, key.map(Key::mac_key))?,
        plan,
        endpoint: floor.endpoint().clone(),
        builder: Client::builder(),
        interrupt: interrupt.cloned(),
        headroom_per_s: None,
    };
    let outcome = engine::run(setup, &mut Unwatched, &mut |_| ())?;
    // No answer at all says nothing of the generator.
    Ok(Some(outcome.throughput_per_s()).filter(|reached| *reached > 0.0))
}
