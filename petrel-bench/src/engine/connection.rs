//! The task of one connection: opening it, the protocol check, and then reading and writing whatever its
//! lane has, until it ends; then anew.

use super::{common::Report, lane::FIRST_SEQUENCE, worker::Worker};
use crate::{fault::Fault, wire::Answer};
use petrel::{ClientError, ClientErrorKind, ClientStream};
use petrel_cli::output::one_line;
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    sync::Semaphore,
    time::{sleep, timeout},
};

/// Connections of one thread that are being opened at once; more would only overflow the server's queue.
pub(super) const OPENING_MAX: usize = 64;

/// How long to wait before a connection is tried anew: doubled each time up to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Turns of reading and writing before others have their turn.
const TURNS_MAX: usize = 16;

/// Keeps one lane connected for as long as the run goes on.
pub(super) async fn run(worker: Rc<Worker>, lane: u32, opening: Rc<Semaphore>) {
    let mut is_first = true;
    let mut retry = RETRY.0;
    loop {
        let opened = {
            // The semaphore is never closed.
            let _permit = opening.acquire().await;
            open(&worker).await
        };
        if is_first {
            let clock = worker.common.clock;
            let report = match &opened {
                Ok((_, began)) => Ok(clock.now().saturating_sub(*began)),
                Err(problem) => Err(problem.clone()),
            };
            worker.report(Report::Connected(report));
        } else {
            worker.reconnected(opened.is_ok());
        }
        is_first = false;
        let ended_well = match opened {
            Ok((stream, _)) => {
                let reason = speak(&worker, lane, stream).await;
                worker.lost(lane, reason);
                is_ordinary(reason)
            }
            Err(_) => false,
        };
        if ended_well {
            retry = RETRY.0;
        } else {
            // Whoever is not there, or does not speak the protocol, will not be or do so at once.
            sleep(retry).await;
            retry = (retry * 2).min(RETRY.1);
        }
    }
}

/// Whether a connection ended as connections end, and not by what was said on it.
const fn is_ordinary(reason: Fault) -> bool {
    matches!(
        reason,
        Fault::Closed
            | Fault::Reset
            | Fault::Truncated
            | Fault::Io
            | Fault::Timeout
            | Fault::Notice
    )
}

/// Opens a connection, and does the protocol check if there is to be one. Gives it with when it began.
async fn open(worker: &Worker) -> Result<(ClientStream, u64), String> {
    let common = &worker.common;
    let began = common.clock.now();
    let opened = common.builder.open(&common.endpoint).await;
    let mut stream = opened.map_err(|error| describe(&error))?;
    if let Some(check) = &common.check {
        let mut request = Vec::new();
        check.append(FIRST_SEQUENCE, 0, usize::MAX, &mut request);
        let within = Duration::from_secs_f64(common.plan.timeout_s.max(1.0));
        let exchange = async {
            stream.write_all(&request).await?;
            stream.flush().await?;
            let mut answer = Vec::new();
            loop {
                match check.judge(&common.workload.codec, FIRST_SEQUENCE, &answer) {
                    Answer::NeedMore { at_least } => {
                        let mut more = (&mut stream).take(at_least as u64);
                        if more.read_to_end(&mut answer).await? == 0 {
                            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                        }
                    }
                    other => return Ok(other),
                }
            }
        };
        match timeout(within, exchange).await {
            Ok(Ok(Answer::Whole { fault: None, .. })) => (),
            Ok(Ok(
                Answer::Whole {
                    fault: Some(fault), ..
                }
                | Answer::Lost(fault),
            )) => {
                return Err(refused(fault));
            }
            Ok(Ok(Answer::NeedMore { .. })) => return Err(refused(Fault::Truncated)),
            Ok(Err(error)) => return Err(format!("the protocol check failed: {error}")),
            Err(_) => {
                return Err("no answer to the protocol check: does the server expect MACs?".into());
            }
        }
    }
    Ok((stream, began))
}

fn describe(error: &ClientError) -> String {
    match error.kind() {
        // The endpoint stands in front of every message already.
        ClientErrorKind::Connect { text, .. } => one_line(text),
        _ => one_line(&error.to_string()),
    }
}

fn refused(fault: Fault) -> String {
    let why = match fault {
        Fault::Status(497) => "it speaks another version of the protocol".to_owned(),
        Fault::Status(502) => "502: the keys probably differ".to_owned(),
        Fault::Status(status) => {
            format!("status {status}, which --expect-status does not name; does it speak Petrel?")
        }
        Fault::Mac => "its MAC is not of our key: the keys probably differ".to_owned(),
        Fault::TooLong => "its framing makes no sense: is one side configured for MACs, the other \
                           not?"
            .to_owned(),
        other => format!("it was wrong ({})", other.name()),
    };
    format!("the server's answer to the protocol check was refused: {why}")
}

/// Reads and writes until the connection ends; gives why.
async fn speak(worker: &Worker, lane: u32, mut stream: ClientStream) -> Fault {
    let mut is_known = false;
    poll_fn(|cx| {
        if !is_known {
            worker.opened(lane, cx.waker());
            is_known = true;
        }
        turn(worker, lane, &mut stream, cx)
    })
    .await
}

/// One wakeup of a connection: reads what is there, hands it over, writes what is due.
fn turn(
    worker: &Worker,
    lane: u32,
    stream: &mut ClientStream,
    cx: &mut Context<'_>,
) -> Poll<Fault> {
    if worker.is_expired(lane) {
        return Poll::Ready(Fault::Timeout);
    }
    worker.fill(lane);
    for _ in 0..TURNS_MAX {
        let read = match read(worker, lane, stream, cx) {
            Poll::Ready(Err(fault)) => return Poll::Ready(fault),
            Poll::Ready(Ok(())) => true,
            Poll::Pending => false,
        };
        if worker.has_unwritten(lane)
            && let Poll::Ready(Err(fault)) = write(worker, lane, stream, cx)
        {
            return Poll::Ready(fault);
        }
        if !read {
            return Poll::Pending;
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

fn read(
    worker: &Worker,
    lane: u32,
    stream: &mut ClientStream,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Fault>> {
    let input = &mut *worker.input.borrow_mut();
    let mut buffer = ReadBuf::new(input);
    let outcome = ready!(Pin::new(stream).poll_read(cx, &mut buffer));
    let bytes = buffer.filled();
    Poll::Ready(match outcome {
        Ok(()) if bytes.is_empty() => Err(worker.ended(lane)),
        Ok(()) => worker.received(lane, bytes, worker.common.clock.now()),
        Err(error) => Err(fault_of(&error)),
    })
}

fn write(
    worker: &Worker,
    lane: u32,
    stream: &mut ClientStream,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Fault>> {
    let output = &mut *worker.output.borrow_mut();
    while worker.has_unwritten(lane) {
        worker.to_write(lane, output);
        // Before the system is asked: on one machine the answer may be there before it returns.
        let now = worker.common.clock.now();
        match ready!(Pin::new(&mut *stream).poll_write(cx, output)) {
            Ok(0) => return Poll::Ready(Err(Fault::Closed)),
            Ok(bytes) => worker.wrote(lane, bytes, now),
            Err(error) => return Poll::Ready(Err(fault_of(&error))),
        }
    }
    // Under TLS what was written may still wait for room.
    Pin::new(stream)
        .poll_flush(cx)
        .map_err(|error| fault_of(&error))
}

fn fault_of(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Fault::Reset,
        io::ErrorKind::UnexpectedEof => Fault::Truncated,
        _ => Fault::Io,
    }
}
