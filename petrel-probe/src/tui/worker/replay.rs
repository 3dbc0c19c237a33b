//! The threads that send requests of the traffic again.

use super::super::{
    compose::Setup,
    message::Msg,
    replay::{self, Effect, Plan, What},
};
use crate::{
    index::{Index, Stores},
    replay::{Macs, Options, Recording, run},
    talk::{Reached, Settings, is_local},
};
use petrel::wire::Escaped;
use petrel_cli::Target;
use std::{
    io,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::Sender},
    thread,
};
use tokio::{runtime, sync::Notify};

/// Whoever sends requests again.
#[derive(Debug)]
pub(crate) struct Replayer {
    setup: Setup,
    stores: Stores,
    tell: Sender<Msg>,
    planned: Arc<Mutex<Planned>>,
    stop: Arc<Notify>,
}

/// What was planned last.
#[derive(Debug, Default)]
struct Planned {
    generation: u64,
    ready: Option<Ready>,
}

/// What can be sent.
#[derive(Debug)]
struct Ready {
    recording: Recording,
    reached: Reached,
}

impl Replayer {
    /// For traffic in these stores, with the keys and times of the composer.
    pub(crate) fn new(setup: Setup, stores: Stores, tell: Sender<Msg>) -> Self {
        Self {
            setup,
            stores,
            tell,
            planned: Arc::default(),
            stop: Arc::default(),
        }
    }

    /// Begins what is wanted.
    pub(crate) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Plan {
                what,
                index,
                target,
                generation,
            } => {
                self.lock().generation = generation;
                self.plan(what, index, target, generation);
            }
            Effect::Run => self.run(),
            Effect::Stop => {
                self.lock().ready = None;
                self.stop.notify_one();
                self.stop = Arc::default();
            }
        }
    }

    fn plan(&self, what: What, index: Index, target: Target, generation: u64) {
        let (setup, stores) = (self.setup.clone(), self.stores.clone());
        let (tell, planned) = (self.tell.clone(), Arc::clone(&self.planned));
        self.spawn(generation, move || {
            let plan = match prepare(&setup, &stores, what, &index, &target) {
                Ok((plan, ready)) => {
                    let mut planned = planned.lock().unwrap_or_else(PoisonError::into_inner);
                    if planned.generation == generation {
                        planned.ready = Some(ready);
                    }
                    Ok(plan)
                }
                Err(failure) => Err(failure),
            };
            // Nobody may listen any more.
            let _ = tell.send(Msg::Replay(replay::Msg::Planned { generation, plan }));
        });
    }

    fn run(&self) {
        let (ready, generation) = {
            let mut planned = self.lock();
            (planned.ready.take(), planned.generation)
        };
        let Some(ready) = ready else {
            return;
        };
        let (setup, tell) = (self.setup.clone(), self.tell.clone());
        let stop = Arc::clone(&self.stop);
        self.spawn(generation, move || {
            let failure = send(&setup, &ready, &stop, &tell, generation).err();
            let _ = tell.send(Msg::Replay(replay::Msg::Over {
                generation,
                failure,
            }));
        });
    }

    fn spawn(&self, generation: u64, work: impl FnOnce() + Send + 'static) {
        let spawned = thread::Builder::new().name("replay".to_owned()).spawn(work);
        if let Err(error) = spawned {
            let failure = Some(format!("cannot start a thread: {error}"));
            let _ = self.tell.send(Msg::Replay(replay::Msg::Over {
                generation,
                failure,
            }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Planned> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Replayer {
    fn drop(&mut self) {
        self.stop.notify_one();
    }
}

fn prepare(
    setup: &Setup,
    stores: &Stores,
    what: What,
    index: &Index,
    target: &Target,
) -> Result<(Plan, Ready), String> {
    let mut recording = Recording::new(stores.clone());
    let wrong = |error: io::Error| format!("cannot read the recorded requests: {error}");
    for row in rows(index, what) {
        if let Some(exchange) = index.read(row, stores).map_err(wrong)? {
            recording.take(&exchange, true).map_err(wrong)?;
        }
    }
    let reached = Reached::new(target, setup.keys.clone(), &setup.tls);
    let reached = reached.map_err(|failure| failure.to_string())?;
    let names = recording.names().into_iter();
    let skipped = recording.skipped().iter();
    let plan = Plan {
        target: target.to_string(),
        is_local: reached.is_embedded() || is_local(reached.endpoint()),
        requests: recording.len(),
        names: names
            .map(|(name, count)| (Escaped(name).to_string(), count))
            .collect(),
        skipped: skipped
            .map(|(reason, count)| format!("{count} {}", reason.describe()))
            .collect(),
    };
    Ok((plan, Ready { recording, reached }))
}

fn rows(index: &Index, what: What) -> Vec<u32> {
    match what {
        What::Exchange(row) => vec![row],
        What::Connection(number) => {
            let rows = index.rows(0..index.len());
            let of_connection = rows.filter(|(_, row)| row.connection == number);
            of_connection.map(|(row, _)| row).collect()
        }
    }
}

fn send(
    setup: &Setup,
    ready: &Ready,
    stop: &Notify,
    tell: &Sender<Msg>,
    generation: u64,
) -> Result<(), String> {
    let macs = if setup.keys.is_empty() {
        Macs::Keep
    } else {
        Macs::Resign
    };
    let options = Options {
        macs,
        ..Options::default()
    };
    let mut settings = Settings {
        connect_timeout: setup.connect_timeout,
        timeout: setup.timeout,
        payload_max: setup.payload_max,
        ..ready.reached.settings()
    };
    settings.macs |= macs == Macs::Keep && ready.recording.has_macs();
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot connect: {error}"))?;
    let mut each = |outcome| {
        let told = tell.send(Msg::Replay(replay::Msg::Outcome {
            generation,
            outcome: Box::new(outcome),
        }));
        match told {
            Ok(()) => ControlFlow::Continue(()),
            // Nobody listens any more.
            Err(_) => ControlFlow::Break(()),
        }
    };
    runtime.block_on(async {
        tokio::select! {
            ended = run(&ready.recording, &settings, &options, &mut each) => {
                ended.map_err(|error| error.to_string())
            }
            () = stop.notified() => Err("stopped".to_owned()),
        }
    })
}
