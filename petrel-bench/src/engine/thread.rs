//! A loading thread from its beginning to its end.

use super::{
    common::Report,
    connection::{self, OPENING_MAX},
    pacer,
    worker::Worker,
};
use std::{io, rc::Rc, time::Duration};
use tokio::{
    runtime,
    sync::Semaphore,
    task::LocalSet,
    time::{MissedTickBehavior, interval},
};

/// How often orders are looked for and stretches ended. Nothing is paced by it.
const BEAT: Duration = Duration::from_millis(10);

/// Runs a worker that `make` makes on this thread.
pub(super) fn run(make: impl FnOnce() -> Worker) {
    let worker = Rc::new(make());
    if let Err(error) = load(&worker) {
        worker.report(Report::Failed(error.to_string()));
    }
}

fn load(worker: &Rc<Worker>) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        // As often as every request may be due, so that none waits for the end of a long queue.
        .event_interval(31)
        .build()?;
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async {
        let opening = Rc::new(Semaphore::new(OPENING_MAX));
        for lane in worker.lanes() {
            let (worker, opening) = (Rc::clone(worker), Rc::clone(&opening));
            tokio::task::spawn_local(connection::run(worker, lane, opening));
        }
        tokio::select! {
            biased;
            error = pace(worker) => Err(error),
            () = beat(worker) => Ok(()),
        }
    })?;
    worker.finish();
    // Dropping the tasks closes their connections.
    drop(tasks);
    Ok(())
}

async fn pace(worker: &Worker) -> io::Error {
    if worker.common.plan.is_open() {
        pacer::run(worker).await
    } else {
        std::future::pending().await
    }
}

/// Looks after the worker until the run is over.
async fn beat(worker: &Worker) {
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut has_begun = false;
    loop {
        beats.tick().await;
        let now = worker.common.clock.now();
        if !has_begun && now >= worker.common.control.begin() {
            has_begun = true;
            worker.begin(worker.common.control.begin());
        }
        if !worker.beat() {
            return;
        }
    }
}
