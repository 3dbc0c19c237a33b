//! What the connections of one server share: who is there, what was counted, and when to stop.

use super::{
    CloseReason, ConnectionEnd, PeerAddr,
    stats::{Counters, ServerStats, Tally},
};
use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    task::Waker,
};
use tokio::sync::{Notify, watch};

/// Why a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ShutdownReason {
    /// Its handle asked for it.
    Requested,
    /// The process received this signal.
    Signal(&'static str),
    /// The server, or the future that ran it, was dropped.
    Dropped,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Closed {
    /// Why.
    pub reason: ShutdownReason,
    /// How many connections were cut off because they did not come to an end in time.
    pub cut: usize,
}

/// What a connection is to do, in the order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Go on.
    Serve,
    /// Answer what is complete, then close.
    Drain,
    /// Close at once.
    Close(CloseReason),
}

/// One connection, as the server knows it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) peer: PeerAddr,
    order: AtomicU8,
    waker: Mutex<Option<Waker>>,
    #[cfg(feature = "tls")]
    pub(crate) certificates: std::sync::OnceLock<Vec<rustls::pki_types::CertificateDer<'static>>>,
}

const SERVE: u8 = 0;
const DRAIN: u8 = 1;
const DISPLACED: u8 = 2;
const CUT: u8 = 3;

impl Member {
    /// Tells whom to wake when the order changes; then gives the order.
    pub(crate) fn watch(&self, waker: &Waker) -> Order {
        let mut slot = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *slot {
            Some(known) if known.will_wake(waker) => {}
            slot => *slot = Some(waker.clone()),
        }
        drop(slot);
        match self.order.load(Ordering::Acquire) {
            SERVE => Order::Serve,
            DRAIN => Order::Drain,
            DISPLACED => Order::Close(CloseReason::Displaced),
            _ => Order::Close(CloseReason::Cut),
        }
    }

    #[cfg(feature = "tls")]
    pub(crate) fn client_certificate(&self) -> Option<&rustls::pki_types::CertificateDer<'static>> {
        self.certificates.get()?.first()
    }

    fn give(&self, order: u8) {
        if self.order.fetch_max(order, Ordering::AcqRel) < order {
            let waker = self
                .waker
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// How far the server is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    Draining,
    Cutting,
}

#[derive(Debug, Default)]
struct Registry {
    next_id: u64,
    members: HashMap<u64, Arc<Member>>,
    /// Those that have completed no request yet; the first is the oldest.
    fresh: BTreeSet<u64>,
    /// Counted only where there is a limit.
    per_address: HashMap<IpAddr, usize>,
}

/// How many connections there may be, and how much their payloads may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) connections: usize,
    pub(crate) per_address: Option<usize>,
    pub(crate) payload_budget: usize,
}

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Hub {
    caps: Caps,
    registry: Mutex<Registry>,
    counters: Counters,
    held: AtomicUsize,
    /// How many connections there were when they were told to end at once.
    cut: AtomicUsize,
    phase: watch::Sender<Phase>,
    reason: std::sync::OnceLock<ShutdownReason>,
    closed: watch::Sender<Option<Closed>>,
    left: Notify,
}

impl Hub {
    pub(crate) fn new(caps: Caps) -> Self {
        Self {
            caps,
            registry: Mutex::default(),
            counters: Counters::default(),
            held: AtomicUsize::new(0),
            cut: AtomicUsize::new(0),
            phase: watch::Sender::new(Phase::Serving),
            reason: std::sync::OnceLock::new(),
            closed: watch::Sender::new(None),
            left: Notify::new(),
        }
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a new connection its place, or says why there is none.
    pub(crate) fn admit(self: &Arc<Self>, peer: PeerAddr) -> Result<Membership, CloseReason> {
        let mut registry = self.registry();
        let ip = self.counted_address(peer);
        if let (Some(max), Some(ip)) = (self.caps.per_address, ip)
            && registry
                .per_address
                .get(&ip)
                .is_some_and(|count| *count >= max)
        {
            return Err(CloseReason::AddressLimit);
        }
        let mut displaced = None;
        if registry.members.len() >= self.caps.connections {
            let oldest = registry
                .fresh
                .pop_first()
                .ok_or(CloseReason::ConnectionLimit)?;
            displaced = self.remove(&mut registry, oldest);
        }
        registry.next_id += 1;
        let member = Arc::new(Member {
            id: registry.next_id,
            peer,
            order: AtomicU8::new(SERVE),
            waker: Mutex::new(None),
            #[cfg(feature = "tls")]
            certificates: std::sync::OnceLock::new(),
        });
        registry.members.insert(member.id, Arc::clone(&member));
        registry.fresh.insert(member.id);
        if let Some(ip) = ip {
            *registry.per_address.entry(ip).or_default() += 1;
        }
        drop(registry);
        if let Some(displaced) = displaced {
            displaced.give(DISPLACED);
        }
        self.counters.accepted.fetch_add(1, Ordering::Relaxed);
        // Whoever comes while the server is leaving leaves with it.
        match *self.phase.borrow() {
            Phase::Serving => {}
            Phase::Draining => member.give(DRAIN),
            Phase::Cutting => member.give(CUT),
        }
        Ok(Membership {
            hub: Arc::clone(self),
            member,
            held: 0,
            completed: false,
            ended: false,
        })
    }

    fn counted_address(&self, peer: PeerAddr) -> Option<IpAddr> {
        match peer {
            PeerAddr::Tcp(addr) if self.caps.per_address.is_some() => Some(addr.ip()),
            _ => None,
        }
    }

    fn remove(&self, registry: &mut Registry, id: u64) -> Option<Arc<Member>> {
        let member = registry.members.remove(&id)?;
        registry.fresh.remove(&id);
        if let Some(ip) = self.counted_address(member.peer)
            && let Some(count) = registry.per_address.get_mut(&ip)
        {
            *count -= 1;
            if *count == 0 {
                registry.per_address.remove(&ip);
            }
        }
        Some(member)
    }

    pub(crate) fn count_refusal(&self, reason: CloseReason) {
        self.counters.count_end(ConnectionEnd::Closed(reason));
    }

    pub(crate) fn count_accept_error(&self) {
        self.counters.accept_errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> ServerStats {
        self.counters
            .read(self.open(), self.held.load(Ordering::Relaxed))
    }

    /// Begins the drain; the first reason given is the one that counts.
    pub(crate) fn drain(&self, reason: ShutdownReason) {
        self.advance(Phase::Draining, reason, DRAIN);
    }

    /// Ends every connection at once.
    pub(crate) fn cut(&self, reason: ShutdownReason) {
        self.advance(Phase::Cutting, reason, CUT);
    }

    fn advance(&self, to: Phase, reason: ShutdownReason, order: u8) {
        let _ = self.reason.set(reason);
        let changed = self.phase.send_if_modified(|phase| {
            let further = *phase < to;
            *phase = to.max(*phase);
            further
        });
        if changed {
            let members: Vec<_> = self.registry().members.values().cloned().collect();
            if order == CUT {
                self.cut.store(members.len(), Ordering::Relaxed);
            }
            members.iter().for_each(|member| member.give(order));
        }
    }

    /// Resolves when the server is no longer to accept connections.
    pub(crate) async fn stopping(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self
            .phase
            .subscribe()
            .wait_for(|phase| *phase > Phase::Serving)
            .await;
    }

    /// Resolves when every connection is to be cut.
    pub(crate) async fn cutting(&self) {
        let _ = self
            .phase
            .subscribe()
            .wait_for(|phase| *phase == Phase::Cutting)
            .await;
    }

    /// Resolves when no connection is left.
    pub(crate) async fn empty(&self) {
        loop {
            let left = self.left.notified();
            if self.registry().members.is_empty() {
                return;
            }
            left.await;
        }
    }

    pub(crate) fn open(&self) -> usize {
        self.registry().members.len()
    }

    /// Notes how the server ended; the first note counts.
    pub(crate) fn finish(&self) -> Closed {
        let reason = self
            .reason
            .get()
            .copied()
            .unwrap_or(ShutdownReason::Dropped);
        let cut = self.cut.load(Ordering::Relaxed);
        let mut outcome = Closed { reason, cut };
        self.closed.send_if_modified(|closed| {
            outcome = *closed.get_or_insert(outcome);
            true
        });
        outcome
    }

    /// Resolves when the server has ended.
    pub(crate) async fn closed(&self) -> Closed {
        let mut closed = self.closed.subscribe();
        let outcome = closed
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|closed| *closed);
        outcome.unwrap_or(Closed {
            reason: ShutdownReason::Dropped,
            cut: 0,
        })
    }
}

/// A connection's place in its server. Dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Membership {
    hub: Arc<Hub>,
    pub(crate) member: Arc<Member>,
    held: usize,
    completed: bool,
    ended: bool,
}

impl Membership {
    /// Notes that a request was completed: the connection can no longer be displaced.
    pub(crate) fn complete(&mut self) {
        if !self.completed {
            self.completed = true;
            self.hub.registry().fresh.remove(&self.member.id);
        }
    }

    pub(crate) fn has_completed(&self) -> bool {
        self.completed
    }

    /// Holds exactly so many bytes of the payload budget from now on; false if they do not fit, and
    /// then what was held before stays held.
    pub(crate) fn hold(&mut self, bytes: usize) -> bool {
        if bytes > self.held {
            let (more, budget) = (bytes - self.held, self.hub.caps.payload_budget);
            let add = |held: usize| held.checked_add(more).filter(|held| *held <= budget);
            let relaxed = Ordering::Relaxed;
            if self.hub.held.fetch_update(relaxed, relaxed, add).is_err() {
                return false;
            }
        } else if bytes < self.held {
            self.hub
                .held
                .fetch_sub(self.held - bytes, Ordering::Relaxed);
        }
        self.held = bytes;
        true
    }

    pub(crate) fn count(&self, tally: &Tally) {
        self.hub.counters.add(tally);
    }

    /// Notes how the connection ended; the first note counts.
    pub(crate) fn end(&mut self, end: ConnectionEnd) {
        if !std::mem::replace(&mut self.ended, true) {
            self.hub.counters.count_end(end);
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.end(ConnectionEnd::Closed(CloseReason::Cut));
        self.hold(0);
        let mut registry = self.hub.registry();
        // A displaced connection's place was given away already.
        self.hub.remove(&mut registry, self.member.id);
        let empty = registry.members.is_empty();
        drop(registry);
        if empty {
            self.hub.left.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(connections: usize, per_address: Option<usize>) -> Arc<Hub> {
        Arc::new(Hub::new(Caps {
            connections,
            per_address,
            payload_budget: 100,
        }))
    }

    fn from(last: u8) -> PeerAddr {
        PeerAddr::Tcp(([127, 0, 0, last], 1).into())
    }

    #[test]
    fn at_the_cap_the_oldest_that_completed_nothing_makes_room() {
        let hub = hub(2, None);
        let mut worker = hub.admit(from(1)).unwrap();
        worker.complete();
        let silent = hub.admit(from(1)).unwrap();
        let mut third = hub.admit(from(1)).unwrap();
        assert_eq!(
            silent.member.watch(Waker::noop()),
            Order::Close(CloseReason::Displaced)
        );
        assert_eq!(worker.member.watch(Waker::noop()), Order::Serve);
        third.complete();
        assert_eq!(
            hub.admit(from(1)).unwrap_err(),
            CloseReason::ConnectionLimit
        );
        drop(silent);
        assert_eq!(
            hub.open(),
            2,
            "a displaced connection gives its place back only once"
        );
        drop(third);
        assert!(hub.admit(from(1)).is_ok());
    }

    #[test]
    fn an_address_has_its_own_cap() {
        let hub = hub(9, Some(1));
        let first = hub.admit(from(1)).unwrap();
        assert_eq!(hub.admit(from(1)).unwrap_err(), CloseReason::AddressLimit);
        assert!(hub.admit(from(2)).is_ok());
        drop(first);
        assert!(hub.admit(from(1)).is_ok());
        assert!(
            hub.registry().per_address.is_empty(),
            "nothing stays of addresses that left"
        );
    }

    #[test]
    fn the_payload_budget_is_shared_and_given_back() {
        let hub = hub(9, None);
        let (mut a, mut b) = (hub.admit(from(1)).unwrap(), hub.admit(from(2)).unwrap());
        assert!(a.hold(60) && b.hold(40));
        assert!(!b.hold(41));
        assert!(a.hold(59) && b.hold(41));
        drop(a);
        assert_eq!(hub.stats().payload_bytes_held, 41);
        assert!(b.hold(100));
    }
}
