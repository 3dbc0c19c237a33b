//! The thread that writes: what was heard becomes packets, packets become files.

use super::{
    file::RecordingFile,
    relay::CHUNK_MAX,
    synthetic::Synthetic,
    tap::{ConnectionTap, Drain, Heard, Tap, What},
};
use petrel_cli::output;
use std::{collections::HashMap, net::SocketAddr, path::PathBuf, thread, time::Duration};

/// So many bytes of blocks are written at once at most, if so many wait.
const BATCH: usize = 256 << 10;

/// How long what was heard waits for more. So a busy connection wakes this thread a thousand times a
/// second and not with every chunk, and a killed recorder leaves out no more than this.
const GATHER: Duration = Duration::from_millis(1);

/// More bytes than the blocks of one chunk need beside its bytes: headers, acknowledgments, a comment.
const BLOCKS_MAX: usize = 8 << 10;

/// Writes what comes out of the queue until every entrance of it is gone.
#[derive(Debug)]
pub(super) struct Writer {
    file: RecordingFile,
    /// What is said about every connection.
    about: String,
    connections: HashMap<u32, Open>,
    blocks: Vec<u8>,
    /// Counts files, to tell every one of them about its connections.
    generation: u64,
    /// Who follows what is said while it is written.
    follower: Option<Tap>,
    written: Written,
    is_failing: bool,
}

#[derive(Debug)]
struct Open {
    synthetic: Synthetic,
    /// The last file that was told about it.
    generation: u64,
    follower: Option<ConnectionTap>,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The file that was written last.
    pub path: PathBuf,
    /// Connections that began.
    pub connections: u64,
    /// Connections that were still open at the end.
    pub open: u64,
    /// Bytes of both sides that are in the files.
    pub bytes: u64,
    /// Bytes that were forwarded and are in no file, because the writing did not keep up.
    pub lost_bytes: u64,
    /// Bytes of packets that could not be written.
    pub failed_bytes: u64,
}

impl Writer {
    pub(super) fn new(file: RecordingFile, about: String, follower: Option<Tap>) -> Self {
        Self {
            file,
            about,
            connections: HashMap::new(),
            blocks: Vec::with_capacity(BATCH + CHUNK_MAX + BLOCKS_MAX),
            generation: 0,
            follower,
            written: Written::default(),
            is_failing: false,
        }
    }

    pub(super) fn run(mut self, drain: &Drain) -> Written {
        while let Some(heard) = drain.next() {
            thread::sleep(GATHER);
            let mut next = Some(heard);
            while let Some(heard) = next {
                self.take(heard);
                if self.blocks.len() >= BATCH {
                    self.flush();
                }
                next = drain.next_waiting();
            }
            self.flush();
        }
        if let Err(error) = self.file.sync() {
            self.complain(&error);
        }
        self.written.path = self.file.path().to_owned();
        self.written.open = self.connections.len() as u64;
        self.written
    }

    fn take(&mut self, heard: Heard) {
        self.make_room(&heard.what);
        let Heard {
            connection,
            time_ns,
            what,
        } = heard;
        if let What::Opened { client, server } = &what {
            let open = self.open(connection, *client, *server, time_ns);
            self.connections.insert(connection, open);
            self.written.connections += 1;
        }
        let Some(open) = self.connections.get_mut(&connection) else {
            return;
        };
        if open.generation != self.generation {
            let about = &self.about;
            let comment = format!("connection {connection}, from an earlier file on: {about}");
            open.synthetic.comment(&comment);
            open.generation = self.generation;
        }
        let (tcp, blocks) = (&mut open.synthetic, &mut self.blocks);
        match &what {
            What::Opened { .. } => tcp.open(time_ns, blocks),
            What::Data { side, bytes } => {
                tcp.data(*side, bytes, time_ns, blocks);
                self.written.bytes += bytes.len() as u64;
            }
            What::Lost { side, len } => {
                tcp.comment(&format!("{len} bytes before this were not kept"));
                tcp.hole(*side, *len, time_ns, blocks);
                if self.written.lost_bytes == 0 {
                    output::warn(
                        "writing does not keep up: the recording has holes, the traffic does not \
                         suffer",
                    );
                }
                self.written.lost_bytes += len;
            }
            What::Fin { side, remark } => {
                if let Some(remark) = remark {
                    tcp.comment(remark);
                }
                tcp.fin(*side, time_ns, blocks);
            }
            What::Reset { side, remark } => {
                if let Some(remark) = remark {
                    tcp.comment(remark);
                }
                tcp.reset(*side, time_ns, blocks);
            }
            What::Closed => (),
        }
        let is_over = matches!(what, What::Reset { .. } | What::Closed);
        if let Some(follower) = &mut open.follower {
            follower.pass_on(what, time_ns);
        }
        if is_over {
            self.connections.remove(&connection);
        }
    }

    fn open(&self, connection: u32, client: SocketAddr, server: SocketAddr, time_ns: u64) -> Open {
        // Far apart, so that a port that is used again begins anew for every reader.
        let initial = connection.wrapping_mul(0x9e37_79b1);
        let mut synthetic = Synthetic::new(client, server, [initial, !initial]);
        synthetic.comment(&format!("connection {connection}: {}", self.about));
        let follower = self.follower.as_ref();
        Open {
            synthetic,
            generation: self.generation,
            follower: follower.map(|tap| tap.open(connection, client, server, time_ns)),
        }
    }

    /// Begins a new file if what was heard may not fit into this one.
    fn make_room(&mut self, what: &What) {
        let Some(ring) = self.file.ring() else {
            return;
        };
        let more = match what {
            What::Data { bytes, .. } => bytes.len() + BLOCKS_MAX,
            _ => BLOCKS_MAX,
        };
        if self.file.is_full_for(self.blocks.len() + more) {
            self.flush();
            match self.file.rotate(ring) {
                Ok(()) => self.generation += 1,
                Err(error) => self.complain(&error),
            }
        }
    }

    fn flush(&mut self) {
        match self.file.append(&self.blocks) {
            Ok(()) if self.is_failing && !self.blocks.is_empty() => {
                self.is_failing = false;
                output::note("the recording can be written again; what failed is missing in it");
            }
            Ok(()) => (),
            Err(error) => {
                self.written.failed_bytes += self.blocks.len() as u64;
                self.complain(&error);
            }
        }
        self.blocks.clear();
    }

    /// Says once that writing fails, until it works again.
    fn complain(&mut self, error: &std::io::Error) {
        if !self.is_failing {
            self.is_failing = true;
            output::warn(&format!(
                "cannot write {}: {error}; the traffic goes on, and what cannot be written is \
                 missing in the recording",
                self.file.path().display()
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange::{End, Side},
        record::{
            follow::{self, Follower},
            tap,
        },
    };
    use pcap_parser::{Block, parse_pcapng};
    use std::{
        fs,
        sync::{Arc, Mutex},
    };

    /// Writes down what it is told.
    struct Diary(Arc<Mutex<Vec<String>>>);

    impl Diary {
        fn add(&self, line: String) {
            self.0.lock().unwrap().push(line);
        }
    }

    impl Follower for Diary {
        fn opened(&mut self, connection: u32, client: SocketAddr, server: SocketAddr, _: u64) {
            self.add(format!("{connection} opened {client} {server}"));
        }

        fn data(&mut self, connection: u32, side: Side, bytes: &[u8], _: u64) {
            self.add(format!("{connection} {} {}", side.as_str(), bytes.len()));
        }

        fn missing(&mut self, connection: u32, side: Side, len: u64) {
            self.add(format!("{connection} {} misses {len}", side.as_str()));
        }

        fn ended(&mut self, connection: u32, side: Side, _: u64) {
            self.add(format!("{connection} {} ends", side.as_str()));
        }

        fn over(&mut self, connection: u32, end: End, time_ns: u64) {
            self.add(format!("{connection} {} {time_ns}", end.as_str()));
        }
    }

    #[test]
    fn what_is_heard_is_written_and_told_in_its_order_holes_included() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.pcapng");
        let file = RecordingFile::create(&path, None).unwrap();
        let (follower_tap, follower_drain) = tap::queue(1 << 20);
        let writer = Writer::new(file, "a test".to_owned(), Some(follower_tap));
        let (tap, drain) = tap::queue(1 << 20);
        let addrs = [1, 2].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let mut first = tap.open(1, addrs[0], addrs[1], 1);
        let mut second = tap.open(2, addrs[1], addrs[0], 2);
        first.data(Side::Client, vec![1; 3].into(), 3);
        first.lost(Side::Client, 1000);
        first.data(Side::Client, vec![2; 4].into(), 4);
        first.fin(Side::Client, None, 5);
        second.reset(Side::Server, Some("it went away".to_owned()), 6);
        drop((tap, first, second));
        let written = writer.run(&drain);
        let counts = (
            written.connections,
            written.open,
            written.bytes,
            written.lost_bytes,
        );
        assert_eq!(counts, (2, 1, 7, 1000));
        let diary = Arc::new(Mutex::new(Vec::new()));
        follow::run(&follower_drain, Box::new(Diary(Arc::clone(&diary))));
        let expected = [
            "1 opened 127.0.0.1:1 127.0.0.1:2",
            "2 opened 127.0.0.1:2 127.0.0.1:1",
            "1 client 3",
            "1 client misses 1000",
            "1 client 4",
            "1 client ends",
            "2 reset 6",
            "1 open 6",
        ];
        assert_eq!(*diary.lock().unwrap(), expected);
        let bytes = fs::read(&path).unwrap();
        let comments: Vec<String> = parse_pcapng(&bytes).unwrap().1.sections[0]
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::EnhancedPacket(packet) => packet.options.first(),
                _ => None,
            })
            .map(|option| option.as_str().unwrap().to_owned())
            .collect();
        let expected = [
            "connection 1: a test",
            "connection 2: a test",
            "1000 bytes before this were not kept",
            "it went away",
        ];
        assert_eq!(comments, expected);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_stops_nobody_and_what_fails_is_counted() {
        // A device on which no byte finds room, in the place of a file.
        let mut file = RecordingFile::at(std::path::Path::new("/dev/full")).unwrap();
        assert!(file.append(b"block").is_err());
        let writer = Writer::new(file, String::new(), None);
        let (tap, drain) = tap::queue(1 << 20);
        let writing = thread::spawn(move || writer.run(&drain));
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        tap.open(1, addr, addr, 1)
            .data(Side::Client, vec![1; 3].into(), 3);
        drop(tap);
        let written = writing.join().unwrap();
        assert!(written.failed_bytes > 0, "{written:?}");
    }
}
