//! The calls of one connection in their order: first those of which nothing was written, then those
//! whose answers are awaited. No I/O here, and no clock.

use super::{
    ClientError, ClientErrorKind, Executed,
    call::{Call, Deadline},
};
use crate::{
    net::{Ending, Outbox, SHARE_MIN},
    wire::{
        Codec, DecodeError, EncodeError, Expected, Frame, HEADER_LEN, Header, Response, Status,
    },
};
use bytes::Bytes;
use std::collections::VecDeque;
use tokio::time::Instant;

/// So many requests or bytes are put together for one write.
pub(super) const BATCH_FRAMES: usize = 128;
pub(super) const BATCH_BYTES: usize = 64 << 10;

/// So much of a notice's text is kept.
const NOTICE_MAX: usize = 1 << 10;

/// The calls of one connection: the queue, then those that are awaited, of which the last few may
/// lie in the outbox and not have begun on the wire.
///
/// What has not begun leaves no trace when it is dropped or given up. What has begun keeps its place
/// until its answer has come, wanted or not.
#[derive(Debug)]
pub(super) struct Pipeline {
    queue: VecDeque<Call>,
    awaiting: VecDeque<Awaited>,
    /// How many at the end of `awaiting` lie in the outbox and have not begun.
    waiting: usize,
    next_sequence: u32,
    /// No deadline is earlier. It may be that of a call that is over: then it comes to nothing, and
    /// costs less than keeping it exact.
    due: Option<Instant>,
}

#[derive(Debug)]
struct Awaited {
    call: Call,
    sequence: u32,
    /// Where in the outbox's buffer its frame begins; of use until it has begun.
    at: usize,
}

impl Pipeline {
    pub(super) fn new(first_sequence: u32) -> Self {
        Self {
            queue: VecDeque::new(),
            awaiting: VecDeque::new(),
            waiting: 0,
            next_sequence: first_sequence,
            due: None,
        }
    }

    /// Takes a call in, behind those that are there.
    pub(super) fn push(&mut self, call: Call) {
        let at = call.deadline.at;
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
        self.queue.push_back(call);
    }

    /// When to call [`Pipeline::expire`] at the latest.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether anybody waits for an answer to what was sent.
    pub(super) fn is_awaited(&self) -> bool {
        let mut sent = self.awaiting.iter().take(self.begun());
        sent.any(|awaited| awaited.call.is_wanted())
    }

    /// How many at the front of `awaiting` have begun on the wire.
    fn begun(&self) -> usize {
        self.awaiting.len() - self.waiting
    }

    /// Puts together what the next write takes. Calls that nobody waits for any more are left out.
    pub(super) fn fill(&mut self, codec: &Codec, outbox: &mut Outbox) {
        while self.waiting < BATCH_FRAMES && outbox.len() < BATCH_BYTES {
            let Some(mut call) = self.queue.pop_front() else {
                return;
            };
            if !call.is_wanted() {
                continue;
            }
            let at = outbox.buf.len();
            let sequence = self.next_sequence;
            if let Err(error) = append(codec, sequence, &call, outbox) {
                call.reply(Err(ClientErrorKind::Encode(error).into()));
                continue;
            }
            self.next_sequence = sequence.wrapping_add(1);
            self.awaiting.push_back(Awaited { call, sequence, at });
            self.waiting += 1;
        }
    }

    /// Before another write of the same outbox: takes out of it what nobody waits for any more and
    /// has not begun. What lies behind goes back into the queue, to be put together anew.
    pub(super) fn prune(&mut self, outbox: &mut Outbox) {
        let begun = self.begun();
        let mut waiting = self.awaiting.range(begun..);
        let Some(unwanted) = waiting.position(|awaited| !awaited.call.is_wanted()) else {
            return;
        };
        for last in self.awaiting.drain(begun + unwanted..).rev() {
            outbox.take_back(last.at);
            self.next_sequence = last.sequence;
            self.waiting -= 1;
            if last.call.is_wanted() {
                self.queue.push_front(last.call);
            }
        }
    }

    /// After a write: notes what has begun.
    pub(super) fn settle(&mut self, outbox: &Outbox) {
        let begun = self.begun();
        for awaited in self.awaiting.range_mut(begun..) {
            if !outbox.has_begun(awaited.at) {
                break;
            }
            // The outbox holds what is left of it.
            awaited.call.payload = Bytes::new();
            self.waiting -= 1;
        }
    }

    /// Whether `frame` is the answer that comes next.
    pub(super) fn check(&self, frame: &Frame<'_>) -> Result<(), ClientErrorKind> {
        if frame.status.is_notice() {
            let text = frame.payload.get(..NOTICE_MAX).unwrap_or(frame.payload);
            return Err(ClientErrorKind::Notice {
                status: frame.status,
                text: Bytes::copy_from_slice(text),
            });
        }
        let Some(front) = self.awaiting.front().filter(|_| self.begun() > 0) else {
            return Err(ClientErrorKind::Unsolicited {
                status: frame.status,
                sequence: frame.sequence,
            });
        };
        let expected = Expected {
            sequence: front.sequence,
            name: &front.call.name,
        };
        expected.check(frame).map_err(ClientErrorKind::Answer)
    }

    /// Hands an answer that was checked to its caller.
    pub(super) fn deliver(&mut self, response: Response) {
        if let Some(mut front) = self.awaiting.pop_front() {
            front.call.reply(Ok(response));
        }
    }

    /// Gives up the calls whose deadline has passed.
    pub(super) fn expire(&mut self, now: Instant) {
        let over = |deadline: Deadline| deadline.at <= now;
        self.queue.retain_mut(|call| {
            if over(call.deadline) {
                call.reply(Err(call.deadline.passed().into()));
            }
            call.reply.is_some()
        });
        let begun = self.begun();
        for (index, Awaited { call, .. }) in self.awaiting.iter_mut().enumerate() {
            if over(call.deadline) {
                let executed = if index < begun {
                    Executed::Maybe
                } else {
                    Executed::No
                };
                call.reply(Err(ClientError::new(call.deadline.passed(), executed)));
            }
        }
        let awaited = self.awaiting.iter().map(|awaited| &awaited.call);
        self.due = self
            .queue
            .iter()
            .chain(awaited)
            .filter(|call| call.reply.is_some())
            .map(|call| call.deadline.at)
            .min();
    }

    /// Ends all calls with the error that ended the connection. `input` is what had come in and was
    /// not handled, `orderly` what the caller knows of the server.
    pub(super) fn fail(&mut self, error: &ClientError, input: &[u8], orderly: bool) {
        let (begun, behind) = (self.begun(), executed_behind(error.kind(), orderly));
        for (index, awaited) in self.awaiting.iter_mut().enumerate() {
            let executed = match index {
                0 if begun > 0 && is_answered(awaited, error.kind(), input) => Executed::Yes,
                _ if index < begun => behind,
                _ => Executed::No,
            };
            awaited.call.reply(Err(error.with_executed(executed)));
        }
        for call in &mut self.queue {
            call.reply(Err(error.with_executed(Executed::No)));
        }
        self.awaiting.clear();
        self.waiting = 0;
        self.queue.clear();
    }
}

/// Appends a request; a large payload is not copied.
fn append(
    codec: &Codec,
    sequence: u32,
    call: &Call,
    outbox: &mut Outbox,
) -> Result<(), EncodeError> {
    let frame = Frame {
        status: Status::NONE,
        sequence,
        name: &call.name,
        payload: &call.payload,
    };
    if call.payload.len() < SHARE_MIN {
        return codec.encode(&frame, &mut outbox.buf);
    }
    let mac = codec.encode_head(&frame, &mut outbox.buf)?;
    outbox.push_shared(call.payload.clone());
    if let Some(mac) = mac {
        outbox.buf.extend_from_slice(&mac);
    }
    Ok(())
}

/// What is known of requests that were sent and not answered when the connection ended so.
fn executed_behind(kind: &ClientErrorKind, orderly: bool) -> Executed {
    match kind {
        // Whatever stands behind such a protocol check, no server executes it (P-050).
        ClientErrorKind::ClosedBehind {
            status: Status::PROTOCOL_MISMATCH,
            of_check: true,
        } => Executed::No,
        // That nothing is executed behind the others and after an orderly end, is the promise of
        // some servers only (P-080, P-081, P-110).
        ClientErrorKind::ClosedBehind { .. }
        | ClientErrorKind::Ended {
            ending: Ending::Fin,
        } if orderly => Executed::No,
        _ => Executed::Maybe,
    }
}

/// Whether the server executed this request, and its answer at the front of `input` ended the
/// connection because it is too long to be taken.
fn is_answered(awaited: &Awaited, ended: &ClientErrorKind, input: &[u8]) -> bool {
    let ClientErrorKind::Frame {
        error: DecodeError::PayloadTooLong { .. },
        ..
    } = ended
    else {
        return false;
    };
    let Some((head, rest)) = input.split_first_chunk::<HEADER_LEN>() else {
        return false;
    };
    let header = Header::parse(head);
    let refused = matches!(header.status, Status::NOT_FOUND | Status::NULL_REQUEST);
    header.status.is_for_handlers()
        && !refused
        && header.sequence == awaited.sequence
        && rest.get(..usize::from(header.name_len)) == Some(&awaited.call.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, task::Context, time::Duration};
    use tokio::{
        io::{AsyncReadExt, DuplexStream, duplex},
        sync::{Semaphore, oneshot},
    };

    type Answer = oneshot::Receiver<Result<Response, ClientError>>;

    fn call(name: &str, payload: Vec<u8>) -> (Call, Answer) {
        let (reply, answer) = oneshot::channel();
        let call = Call {
            name: name.as_bytes().into(),
            payload: payload.into(),
            deadline: Deadline::within(Duration::from_secs(1)),
            reply: Some(reply),
            _permit: Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap(),
        };
        (call, answer)
    }

    fn answer_to(sequence: u32) -> Frame<'static> {
        Frame {
            status: Status::OK,
            sequence,
            name: b"n",
            payload: b"",
        }
    }

    /// Writes what `stream` takes; gives whether that was all.
    fn flush(outbox: &mut Outbox, stream: &mut DuplexStream) -> bool {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        outbox
            .poll_flush(&mut cx, stream, &mut 0)
            .map(Result::unwrap)
            .is_ready()
    }

    #[tokio::test]
    async fn behind_the_last_sequence_number_comes_zero() {
        let mut pipeline = Pipeline::new(u32::MAX - 1);
        let (mut near, mut far) = duplex(1 << 10);
        let mut outbox = Outbox::default();
        let mut answers = Vec::new();
        for _ in 0..4 {
            let (call, answer) = call("n", Vec::new());
            pipeline.push(call);
            answers.push(answer);
        }
        pipeline.fill(&Codec::new(), &mut outbox);
        assert!(flush(&mut outbox, &mut near));
        pipeline.settle(&outbox);
        for (sequence, answer) in [u32::MAX - 1, u32::MAX, 0, 1].into_iter().zip(answers) {
            let mut frame = [0; 12];
            far.read_exact(&mut frame).await.unwrap();
            assert_eq!(frame[2..6], sequence.to_le_bytes());
            assert!(
                pipeline
                    .check(&answer_to(sequence.wrapping_add(1)))
                    .is_err()
            );
            assert_eq!(pipeline.check(&answer_to(sequence)), Ok(()));
            pipeline.deliver(Response::new(Status::OK, ""));
            assert!(answer.await.unwrap().is_ok());
        }
    }

    #[tokio::test]
    async fn a_batch_is_128_requests_or_64_kib() {
        let head_len = HEADER_LEN + 1;
        for (frame_len, frames) in [(head_len, 128), (512, 128), (1024, 64), (1023, 65)] {
            let mut pipeline = Pipeline::new(1);
            let mut outbox = Outbox::default();
            let mut answers = Vec::new();
            for _ in 0..300 {
                let (call, answer) = call("n", vec![0; frame_len - head_len]);
                pipeline.push(call);
                answers.push(answer);
            }
            pipeline.fill(&Codec::new(), &mut outbox);
            assert_eq!(outbox.len(), frames * frame_len, "of {frame_len} bytes");
        }
    }

    #[tokio::test]
    async fn a_payload_from_16_kib_on_is_not_copied() {
        for (len, copied) in [(16_383, 16_383), (16_384, 0)] {
            let mut outbox = Outbox::default();
            let (call, _answer) = call("n", vec![0; len]);
            append(&Codec::new(), 1, &call, &mut outbox).unwrap();
            assert_eq!(outbox.buf.len(), HEADER_LEN + 1 + copied);
            assert_eq!(outbox.len(), HEADER_LEN + 1 + len);
        }
    }

    #[tokio::test]
    async fn what_a_write_did_not_begin_is_taken_back_when_nobody_wants_it() {
        // Every place at which the stream can stop, with small and shared payloads and a MAC.
        let key = crate::wire::MacKey::new(b"key").unwrap();
        let codec = Codec::new().mac_key(key);
        let sizes = [3, SHARE_MIN, 0, 5];
        let lens = sizes.map(|size| HEADER_LEN + 1 + size + 44);
        for window in (1..200).chain([lens[0] + lens[1], lens[0] + lens[1] + 1, 17_000]) {
            let mut pipeline = Pipeline::new(7);
            let mut answers = Vec::new();
            for size in sizes {
                let (call, answer) = call("n", vec![9; size]);
                pipeline.push(call);
                answers.push(answer);
            }
            let (mut near, mut far) = duplex(window);
            let mut outbox = Outbox::default();
            // So that what tokio lets a task do at once is not used up.
            tokio::task::yield_now().await;
            pipeline.fill(&codec, &mut outbox);
            flush(&mut outbox, &mut near);
            pipeline.settle(&outbox);

            let mut ends = lens.iter().scan(0, |end, len| {
                *end += len;
                Some(*end)
            });
            let begun = ends.position(|end| end >= window).unwrap_or(3) + 1;
            assert_eq!(pipeline.begun(), begun, "window {window}");

            // The caller of the last but one goes: those that have begun stay as they are.
            drop(answers.remove(2));
            pipeline.prune(&mut outbox);
            let (left, sizes) = match begun {
                3.. => (4, &sizes[..]),
                _ => (2, &[3, SHARE_MIN, 5][..]),
            };
            assert_eq!(pipeline.awaiting.len(), left, "window {window}");

            // The rest goes out as if nothing had happened.
            let mut received = Vec::new();
            let total = sizes.iter().map(|size| HEADER_LEN + 1 + size + 44).sum();
            while received.len() < total {
                tokio::task::yield_now().await;
                if flush(&mut outbox, &mut near) {
                    pipeline.settle(&outbox);
                    pipeline.fill(&codec, &mut outbox);
                    flush(&mut outbox, &mut near);
                }
                pipeline.settle(&outbox);
                far.read_buf(&mut received).await.unwrap();
            }
            for (sequence, size) in (7..).zip(sizes) {
                let Ok(crate::wire::Decoded::Frame { frame, len }) = codec.decode(&received) else {
                    panic!("window {window}: frame {sequence}");
                };
                assert_eq!((frame.sequence, frame.payload.len()), (sequence, *size));
                received.drain(..len);
            }
            assert!(received.is_empty());
        }
    }
}
