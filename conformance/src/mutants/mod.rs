//! Mutants: servers and clients in process, each with one deliberate fault, that judge the suite.
//!
//! A suite that only ever meets right peers proves nothing. So there is one right model of each role,
//! written from SPEC.md with the frame code of the suite, and a table of faults: each turns the model
//! into a peer that breaks the clauses it names, at one spot. Every clause that can be seen from
//! outside is broken by at least one of them. Beside them stand peers that use every freedom the text
//! gives, which no case may fail, and peers that do nothing of worth, which no case may pass.
//!
//! The models stand behind the same traits as real sockets ([`crate::world`]). They have no socket,
//! no thread and no real clock, so a run is quick and always the same. What one call writes reaches
//! them as one read.

mod client;
mod client_faults;
mod manners;
mod reader;
mod server;
mod server_faults;
mod table;
#[cfg(test)]
mod testing;
mod wire;
mod wire_faults;

pub(crate) use client::{ClientConfig, ClientKind, ModelClient};
pub(crate) use client_faults::{CLIENT_MUTANTS, ClientFault};
pub(crate) use manners::{ClientManner, NullClient, NullServer, ServerManner};
pub(crate) use server::{ModelServer, ServerConfig, ServerKind};
pub(crate) use server_faults::{SERVER_MUTANTS, ServerFault};
pub(crate) use table::Mutant;
pub(crate) use wire_faults::WireFault;

/// The payload limit that the documents mean by "4MB".
const LIMIT_DOCUMENTED: u32 = 4 << 20;
/// The other way to read it.
const LIMIT_DECIMAL: u32 = 4_000_000;

/// The only version of the protocol that there is.
const VERSION: u8 = 0;
/// The request text of a protocol check.
const CHECK_NAME: &[u8] = b"PROTOCHECK";

fn is_notice(status: u16) -> bool {
    matches!(status, 198 | 498)
}

/// Bytes that look like nothing, and are the same in every run.
fn garbage(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[4]
    };
    std::iter::repeat_with(&mut next).take(64).collect()
}
