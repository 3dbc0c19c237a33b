//! The peers that the suite is tried by: wrong in one way each, right in an odd way, or nothing at all.

use super::LIMIT;
use crate::{
    case::{Case, Fill},
    mutants::{
        CLIENT_MUTANTS, ClientKind, ClientManner, Mutant, NullClient, NullServer, SERVER_MUTANTS,
        ServerKind, ServerManner,
    },
    target::LIMIT_DEFAULT,
};

/// Mutants that behave as a right client does wherever a driver can see it: what it refuses for the
/// wrong reason it would refuse for a right one, and a driver makes one call at a time.
const EQUIVALENT: &[(&str, &str)] = &[
    (
        "client no-name-is-nonsense",
        "an answer without a name is refused in any event",
    ),
    (
        "client utf8-only",
        "no request that a driver makes has such a name, so no answer has",
    ),
    (
        "client no-zero-in-name",
        "an answer with such a name is refused in any event",
    ),
    (
        "client joins-frames",
        "behind an answer only a notice can stand, and its loss changes nothing",
    ),
    (
        "client loses-half-header",
        "behind an answer only a notice can stand, and its loss changes nothing",
    ),
    (
        "client loses-tail",
        "behind an answer only a notice can stand, and its loss changes nothing",
    ),
];

pub(super) fn equivalent(peer: &ModelPeer) -> Option<&'static str> {
    let of_peer = EQUIVALENT.iter().find(|(name, _)| *name == peer.name);
    of_peer.map(|(_, why)| *why)
}

/// What is expected of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Some case fails it.
    Mutant {
        about: &'static str,
        breaks: &'static [&'static str],
    },
    /// No case fails it.
    Lawful,
    /// It passes no case about a MUST.
    Null,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Server(ServerKind),
    Client(ClientKind),
}

#[derive(Clone, Debug)]
pub(super) struct ModelPeer {
    pub(super) name: String,
    pub(super) short: &'static str,
    pub(super) sort: Sort,
    pub(super) kind: Kind,
    /// Its payload limit; where it declares none, the documented one is taken.
    pub(super) limit: Option<u32>,
    /// It has to do with large payloads, or many connections.
    pub(super) is_large: bool,
    /// Of a client's first request on a connection.
    pub(super) first_sequence: u32,
}

impl ModelPeer {
    /// Whether the case is left out. Megabytes and a thousand connections say nothing about a fault that
    /// has nothing to do with them, and take their time.
    pub(super) fn spares(&self, case: &Case) -> bool {
        let fill = Fill {
            limit: LIMIT,
            echo: "echo",
            key: None,
            request: None,
        };
        let is_expensive = case.is_long() || case.payload_len_max(fill) > 1 << 20;
        // What is done about a client that does not read is a matter of manners, too.
        let is_for_faults = case.stops_reading() && matches!(self.sort, Sort::Mutant { .. });
        !self.is_large && (is_expensive || is_for_faults)
    }
}

/// All of them.
pub(super) fn peers() -> Vec<ModelPeer> {
    let mut peers = Vec::new();
    for mutant in SERVER_MUTANTS {
        let kind = Kind::Server(ServerKind::Faulty(mutant.fault));
        peers.push(of_mutant("server", mutant, kind));
    }
    for mutant in CLIENT_MUTANTS {
        let kind = Kind::Client(ClientKind::Faulty(mutant.fault));
        peers.push(of_mutant("client", mutant, kind));
    }
    let peer = |name: String, sort: Sort, kind: Kind| ModelPeer {
        name,
        short: "",
        sort,
        kind,
        limit: Some(LIMIT),
        is_large: false,
        first_sequence: 1,
    };
    let mut lawful: Vec<Vec<ServerManner>> = ServerManner::ALL.iter().map(|it| vec![*it]).collect();
    lawful.extend([
        Vec::new(),
        ServerManner::ORIGINAL.to_vec(),
        ServerManner::STRANGE.to_vec(),
    ]);
    for manners in lawful {
        let name = format!("server {manners:?}");
        let is_decimal = manners.contains(&ServerManner::DecimalLimit);
        peers.push(ModelPeer {
            limit: Some(LIMIT).filter(|_| !is_decimal),
            is_large: is_decimal,
            ..peer(name, Sort::Lawful, Kind::Server(ServerKind::Right(manners)))
        });
    }
    let mut lawful: Vec<Vec<ClientManner>> = ClientManner::ALL.iter().map(|it| vec![*it]).collect();
    lawful.push(Vec::new());
    for manners in lawful {
        let name = format!("client {manners:?}");
        peers.push(peer(
            name,
            Sort::Lawful,
            Kind::Client(ClientKind::Right(manners)),
        ));
    }
    for null in NullServer::ALL {
        let kind = Kind::Server(ServerKind::Null(*null));
        peers.push(peer(format!("server {null:?}"), Sort::Null, kind));
    }
    for null in NullClient::ALL {
        let kind = Kind::Client(ClientKind::Null(*null));
        peers.push(peer(format!("client {null:?}"), Sort::Null, kind));
    }
    peers
}

fn of_mutant<F>(role: &str, mutant: &'static Mutant<F>, kind: Kind) -> ModelPeer {
    // What is wrong only with large payloads shows only where they are accepted.
    let breaks = |ids: &[&str]| mutant.breaks.iter().any(|id| ids.contains(id));
    let documented = breaks(&["P-039", "P-040", "P-127", "P-134", "P-136"]);
    ModelPeer {
        name: format!("{role} {}", mutant.name),
        short: mutant.name,
        sort: Sort::Mutant {
            about: mutant.about,
            breaks: mutant.breaks,
        },
        kind,
        limit: Some(if documented { LIMIT_DEFAULT } else { LIMIT }),
        is_large: documented || breaks(&["P-131"]),
        // No run is long enough to see the numbers wrap from 1 on.
        first_sequence: if mutant.breaks == ["P-058"] && mutant.name.starts_with("sequence-") {
            u32::MAX - 2
        } else {
            1
        },
    }
}
