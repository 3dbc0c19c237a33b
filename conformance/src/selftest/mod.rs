//! The suite judges peers whose faults are known: which case catches which mutant, whether a right
//! peer of unusual manners is left alone, and whether a peer that does nothing passes anything.

mod peers;

use crate::{
    bench,
    case::{Case, Fill, Offers, Role},
    frame::Key,
    judge::{Peer, Setting, judge},
    mutants::{ClientConfig, ModelClient, ModelServer, ServerConfig},
    patience::Patience,
    plan::{self, Unit},
    run::Options,
    spec,
    target::{Address, Server, Target},
    verdict::{Variant, Verdict},
};
use peers::{Kind, ModelPeer, Sort, equivalent, peers};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Small, so that a payload of the whole limit is quickly sent.
const LIMIT: u32 = 16 << 10;
/// The other one, for the cases that run against a server with a smaller limit.
const LIMIT_SMALL: u32 = 5_000;
/// A peer that reserves more than that for a claim is caught by the watch over its memory.
const RESERVED_MAX: u64 = 1 << 30;
/// Every way in which a key can be mistreated makes another key of it: it is longer than a block, has
/// zero bytes, spaces at its ends, and is no text.
const KEY: &[u8] = b"  \xff\x80 a key \0 with everything \xfe, hashed first because it is longer than 64 bytes \0 ";

/// What the suite found out about itself.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct SelfTest {
    pub(crate) schema: &'static str,
    pub(crate) mutants: Vec<Kill>,
    /// Right peers that a case fails, and null peers that pass a case: there are to be none.
    pub(crate) wrongs: Vec<Wrong>,
    /// MUSTs that can be seen on the wire and that no mutant breaks.
    pub(crate) unbroken: Vec<&'static str>,
    /// Cases that catch no mutant alone, and do not say why they stay.
    pub(crate) idle: Vec<String>,
    /// Cases that say why they stay, and catch a mutant alone.
    pub(crate) excused_in_vain: Vec<String>,
    /// How many lawful and null peers were tried.
    pub(crate) lawful: usize,
    pub(crate) null: usize,
    pub(crate) elapsed_us: u64,
}

/// A mutant, and the cases that catch it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Kill {
    pub(crate) role: &'static str,
    pub(crate) mutant: &'static str,
    pub(crate) about: &'static str,
    pub(crate) breaks: &'static [&'static str],
    pub(crate) killed_by: Vec<String>,
    /// Why no case can tell it from a right peer.
    pub(crate) equivalent: Option<&'static str>,
}

/// A peer that was judged wrongly.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Wrong {
    pub(crate) peer: String,
    pub(crate) result: String,
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
}

impl SelfTest {
    /// Mutants that no case catches.
    pub(crate) fn survivors(&self) -> impl Iterator<Item = &Kill> {
        let survives = |kill: &&Kill| kill.killed_by.is_empty() && kill.equivalent.is_none();
        self.mutants.iter().filter(survives)
    }

    /// Mutants of which it is said that no case can catch them, and that a case catches.
    pub(crate) fn caught_in_vain(&self) -> impl Iterator<Item = &Kill> {
        let is_caught = |kill: &&Kill| !kill.killed_by.is_empty() && kill.equivalent.is_some();
        self.mutants.iter().filter(is_caught)
    }

    pub(crate) fn is_good(&self) -> bool {
        self.survivors().next().is_none()
            && self.caught_in_vain().next().is_none()
            && self.wrongs.is_empty()
            && self.unbroken.is_empty()
            && self.idle.is_empty()
            && self.excused_in_vain.is_empty()
    }
}

/// Lets every case judge every mutant, every lawful peer and every null peer.
pub(crate) fn selftest(cases: &[Case], jobs: usize) -> SelfTest {
    let start = Instant::now();
    let peers = peers();
    let next = AtomicUsize::new(0);
    let found: Mutex<BTreeMap<usize, Vec<Caught>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(peer) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    peers.get(at).map(|peer| (at, peer))
                } {
                    let (at, peer) = peer;
                    let caught = judge_all(cases, peer);
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.insert(at, caught);
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut test = SelfTest {
        schema: "petrel-selftest/1",
        ..SelfTest::default()
    };
    for (peer, caught) in peers.iter().zip(found.into_values()) {
        test.note(peer, caught);
    }
    test.conclude(cases);
    test.elapsed_us = crate::record::micros(start.elapsed());
    test
}

/// A result that says something.
#[derive(Clone, Debug)]
struct Caught {
    case: String,
    result: String,
    verdict: Verdict,
    reason: String,
}

/// The results that count for this sort of peer; of each case one is enough.
fn judge_all(cases: &[Case], peer: &ModelPeer) -> Vec<Caught> {
    let role = match peer.kind {
        Kind::Server(_) => Role::Server,
        Kind::Client(_) => Role::Client,
    };
    // A lawful peer is a stranger: what binds only the reference implementation does not bind it.
    let target = target(peer.limit, peer.sort != Sort::Lawful);
    let options = Options::default();
    let cases: Vec<&Case> = cases.iter().filter(|case| case.role == role).collect();
    let units = plan::units(&cases, &options, |case| match role {
        Role::Client => plan::of_client(case, target.ours),
        Role::Server => plan::of_server(case, &target),
    });
    let mut caught: Vec<Caught> = Vec::new();
    for unit in units.iter().filter(|unit| unit.missing.is_none()) {
        let is_caught = caught.last().is_some_and(|last| last.case == unit.case.id);
        if is_caught || peer.spares(unit.case) {
            continue;
        }
        let (verdict, reason) = judge_one(unit, peer, &target);
        let counts = match peer.sort {
            Sort::Mutant { .. } => verdict.is_failure() || is_missed_should(unit, verdict),
            Sort::Lawful => verdict.is_failure(),
            Sort::Null => {
                unit.case.clause.level.is_must() && matches!(verdict, Verdict::Pass | Verdict::Warn)
            }
        };
        if counts {
            caught.push(Caught {
                case: unit.case.id.clone(),
                result: unit.name(),
                verdict,
                reason: reason.unwrap_or_default(),
            });
        }
    }
    caught
}

/// A SHOULD that is missed is a warning, and that is what its case is for.
fn is_missed_should(unit: &Unit<'_>, verdict: Verdict) -> bool {
    verdict == Verdict::Warn && !unit.case.clause.level.is_must()
}

fn judge_one(unit: &Unit<'_>, peer: &ModelPeer, target: &Target) -> (Verdict, Option<String>) {
    let options = Options {
        // Waits are virtual; only the clock that bounds a run is not.
        max_time: Duration::from_secs(3600),
        ..Options::default()
    };
    let patience = Patience::new(&options, Duration::ZERO, Instant::now());
    let server = target.server(unit.variant);
    let key = Key::new(KEY.to_vec());
    let is_signed = unit.variant == Variant::Mac;
    let tls = unit.variant == Variant::Tls;
    let setting = Setting {
        fill: Fill {
            limit: server.limit(),
            echo: &target.echo,
            key: Some(&key).filter(|_| is_signed),
            request: None,
        },
        segmentation: unit.segmentation,
        tls,
        patience: &patience,
    };
    let (judgement, reserved) = match &peer.kind {
        Kind::Server(kind) => {
            let config = ServerConfig {
                key: Some(key.clone()).filter(|_| is_signed),
                limit: server.limit(),
                require_check: unit.variant == Variant::Checked,
                tls,
                allow_panic: true,
            };
            let mut model = ModelServer::new(config, kind.clone());
            let judgement = judge(unit.case, Peer::Server(&mut model), setting);
            let judgement = bench::graded(unit, server, judgement);
            (judgement, model.reserved_bytes())
        }
        Kind::Client(kind) => {
            let config = ClientConfig {
                first_sequence: peer.first_sequence,
                ..ClientConfig::default()
            };
            let mut model = ModelClient::new(config, kind.clone());
            let judgement = judge(unit.case, Peer::Client(&mut model), setting);
            (judgement, model.reserved_bytes())
        }
    };
    if reserved >= RESERVED_MAX && !judgement.verdict.is_failure() {
        return (Verdict::Fail, Some(format!("it reserved {reserved} bytes")));
    }
    (judgement.verdict, judgement.reason)
}

/// The configurations of the model, as a target that is nowhere.
fn target(limit: Option<u32>, ours: bool) -> Target {
    let server = |limit: Option<u32>, key: bool| {
        let mut server = Server::new(Address::nowhere());
        server.limit = limit;
        server.key = key.then(|| Key::new(KEY.to_vec()));
        server
    };
    let mut target = Target::blind(server(limit, false));
    target.mac = Some(server(limit, true));
    target.small = Some(server(Some(LIMIT_SMALL), false));
    target.checked = Some(server(limit, false));
    target.tls = Some(Server {
        tls: Some(crate::socket::ClientSide::nowhere()),
        ..server(limit, false)
    });
    target.offers = Offers::Fixtures;
    target.ours = ours;
    target
}

impl SelfTest {
    fn note(&mut self, peer: &ModelPeer, caught: Vec<Caught>) {
        match peer.sort {
            Sort::Mutant { about, breaks } => {
                self.mutants.push(Kill {
                    role: match peer.kind {
                        Kind::Server(_) => "server",
                        Kind::Client(_) => "client",
                    },
                    mutant: peer.short,
                    about,
                    breaks,
                    equivalent: equivalent(peer),
                    killed_by: caught.into_iter().map(|each| each.case).collect(),
                });
                return;
            }
            Sort::Lawful => self.lawful += 1,
            Sort::Null => self.null += 1,
        }
        self.wrongs.extend(caught.into_iter().map(|each| Wrong {
            peer: peer.name.clone(),
            result: each.result,
            verdict: each.verdict,
            reason: each.reason,
        }));
    }

    fn conclude(&mut self, cases: &[Case]) {
        let broken: BTreeSet<&str> = self
            .mutants
            .iter()
            .flat_map(|kill| kill.breaks.iter().copied())
            .collect();
        self.unbroken = spec::clauses()
            .iter()
            .filter(|clause| clause.proof == "wire" && clause.is_must())
            .map(|clause| clause.id)
            .filter(|id| !broken.contains(id))
            .collect();
        let alone: BTreeSet<&str> = self
            .mutants
            .iter()
            .filter_map(|kill| match kill.killed_by.as_slice() {
                [only] => Some(only.as_str()),
                _ => None,
            })
            .collect();
        for case in cases {
            let list = match (alone.contains(case.id.as_str()), &case.stays) {
                (false, None) => &mut self.idle,
                (true, Some(_)) => &mut self.excused_in_vain,
                _ => continue,
            };
            list.push(case.id.clone());
        }
    }
}
