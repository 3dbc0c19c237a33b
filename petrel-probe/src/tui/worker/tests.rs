//! The threads, by what they tell.

use super::*;
use crate::{
    exchange::{MacState, Message},
    keyring::Keyring,
    source::{self, Told},
    wire::FramerConfig,
};
use petrel::wire::{Header, MacKey, Status};
use std::{
    fs::{self, File},
    io::Write,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver},
    time::Duration,
};

/// Nothing here takes so long, unless it hangs.
const LIMIT: Duration = Duration::from_secs(60);

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut captures: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|word| word == "pcap"))
        .collect();
    captures.sort();
    assert!(captures.len() > 3);
    captures
}

fn config() -> DecoderConfig {
    let mut keyring = Keyring::new();
    keyring.add("some.key", MacKey::new(b"s3cret-key").unwrap());
    DecoderConfig {
        framer: FramerConfig {
            keyring: Arc::new(keyring),
            extents: true,
            ..FramerConfig::default()
        },
        ..DecoderConfig::default()
    }
}

fn exchanges_of(path: &Path) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let mut each = |told| {
        if let Told::Event(Event::Exchange(exchange)) = told {
            exchanges.push(*exchange);
        }
        Ok(ControlFlow::Continue(()))
    };
    source::decode(Input::open(path).unwrap(), config(), &|| false, &mut each).unwrap();
    exchanges
}

/// What is told, until it is what is waited for.
struct Listener {
    messages: Receiver<Msg>,
    index: Index,
}

impl Listener {
    fn next(&mut self) -> SourceMsg {
        loop {
            match self.messages.recv_timeout(LIMIT).expect("an answer comes") {
                Msg::Source(SourceMsg::Rows(rows)) => self.index = rows.into_index(),
                Msg::Source(SourceMsg::Progress { .. }) => {}
                Msg::Source(other) => return other,
                other => panic!("{other:?} is not for the traffic"),
            }
        }
    }

    fn done(&mut self) -> Box<Totals> {
        match self.next() {
            SourceMsg::Done(totals) => totals,
            other => panic!("{other:?}"),
        }
    }

    /// All rows that fulfil a filter, once so many were judged.
    fn filtered(&mut self, wanted: u64, rows: u32) -> Vec<u32> {
        let mut all = Vec::new();
        loop {
            match self.next() {
                SourceMsg::Filtered {
                    generation,
                    matches,
                    judged,
                } if generation == wanted => {
                    all.extend(matches);
                    if judged >= rows {
                        return all;
                    }
                }
                SourceMsg::Filtered { .. } | SourceMsg::Done(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn found(&mut self) -> Option<u32> {
        match self.next() {
            SourceMsg::Found { row, .. } => row,
            other => panic!("{other:?}"),
        }
    }
}

fn begin(input: Option<Input>, events: Option<Receiver<Event>>) -> (Workers, Listener) {
    let (tell, messages) = mpsc::channel();
    let workers = Workers::begin(input, events, config(), tell).unwrap();
    let index = Index::new();
    (workers, Listener { messages, index })
}

/// Indexes an input and reads every exchange again.
fn read_all(input: Input, expected: &[Exchange]) {
    let (workers, mut listener) = begin(Some(input), None);
    let totals = listener.done();
    assert_eq!(totals.exchanges, expected.len() as u64);
    assert_eq!(listener.index.len() as usize, expected.len());
    for (row, expected) in (0..).zip(expected) {
        workers.load(row);
        match listener.next() {
            SourceMsg::Loaded {
                row: told,
                exchange,
            } => {
                assert_eq!((told, &*exchange.unwrap()), (row, expected));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_exchange_of_every_capture_is_read_as_it_was_decoded() {
    let mut all = 0;
    for path in captures() {
        let expected = exchanges_of(&path);
        read_all(Input::open(&path).unwrap(), &expected);
        read_all(Input::piped(File::open(&path).unwrap()), &expected);
        all += expected.len();
    }
    assert!(all > 15, "{all}");
}

#[test]
fn what_is_no_capture_fails_and_what_cannot_be_opened_does_not_begin() {
    let (_workers, mut listener) = begin(Some(Input::piped(&b"Hello, this is a letter"[..])), None);
    assert!(matches!(listener.next(), SourceMsg::Failed(_)));
    let (tell, _messages) = mpsc::channel();
    let nowhere = Source::File(PathBuf::from("no/such/file.pcap"));
    assert!(Workers::start(nowhere, config(), tell).is_err());
}

#[test]
fn a_file_that_was_cut_is_indexed_as_far_as_it_goes() {
    let path = &captures()[captures().len() - 3];
    let bytes = fs::read(path).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes[..bytes.len() - 5]).unwrap();
    let (_workers, mut listener) = begin(Some(Input::open(file.path()).unwrap()), None);
    let totals = listener.done();
    assert!(matches!(
        totals.ending,
        crate::totals::Ending::Truncated { .. }
    ));
}

fn exchange(number: u32) -> Exchange {
    let message = |status, text: String| {
        let header = Header {
            status: Status(status),
            sequence: number,
            name_len: 4,
            payload_len: u32::try_from(text.len()).unwrap(),
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(b"echo");
        bytes.extend_from_slice(text.as_bytes());
        Message {
            header,
            bytes,
            gaps: Vec::new(),
            extents: Vec::new(),
            mac: MacState::None,
            first_ns: 0,
            time_ns: 0,
        }
    };
    let status = if number % 10 == 3 { 500 } else { 200 };
    Exchange {
        connection: 1,
        client: ([127, 0, 0, 1], 1000).into(),
        server: ([127, 0, 0, 1], 60606).into(),
        request: Some(message(0, format!("<{number}>"))),
        response: Some(message(status, String::new())),
        notes: Vec::new(),
    }
}

fn events(numbers: std::ops::Range<u32>, events: &Sender<Event>) {
    for number in numbers {
        events
            .send(Event::Exchange(Box::new(exchange(number))))
            .unwrap();
    }
}

#[test]
fn rows_are_judged_that_are_there_and_that_come() {
    let (send, live) = mpsc::channel();
    let (workers, mut listener) = begin(None, Some(live));
    events(0..20_000, &send);
    workers.filter(Some("status == 500".to_owned()), 1);
    let expected = |rows| (0..rows).filter(|row| row % 10 == 3).collect::<Vec<_>>();
    assert_eq!(listener.filtered(1, 20_000), expected(20_000));
    events(20_000..100_000, &send);
    let more: Vec<_> = listener.filtered(1, 100_000);
    assert_eq!(more, expected(100_000)[2000..]);
    // Of payloads only the bytes know.
    workers.filter(Some("payload contains \"<4711>\"".to_owned()), 2);
    assert_eq!(listener.filtered(2, 100_000), [4711]);
    workers.filter(None, 3);
    workers.filter(Some("seq < 3".to_owned()), 4);
    assert_eq!(listener.filtered(4, 100_000), [0, 1, 2]);
    drop(send);
    assert_eq!(listener.done().exchanges, 100_000);
}

#[test]
fn a_filter_on_no_rows_is_answered_too() {
    let (workers, mut listener) = begin(None, None);
    workers.filter(Some("seq > 0".to_owned()), 1);
    assert!(listener.filtered(1, 0).is_empty());
}

#[test]
fn bytes_are_found_in_payloads_in_either_direction() {
    let (send, live) = mpsc::channel();
    let (workers, mut listener) = begin(None, Some(live));
    events(0..1000, &send);
    drop(send);
    listener.done();
    let mut find = |needle: &[u8], from, is_backward, within: Option<Vec<u32>>, generation| {
        workers.search(
            needle.to_vec(),
            from,
            is_backward,
            within.map(Arc::new),
            generation,
        );
        listener.found()
    };
    assert_eq!(find(b"99>", 0, false, None, 1), Some(99));
    assert_eq!(find(b"99>", 99, false, None, 2), Some(199));
    assert_eq!(find(b"99>", 99, true, None, 3), Some(999));
    assert_eq!(find(b"<99>", 99, true, None, 4), Some(99));
    assert_eq!(
        find(b"99>", 0, false, Some(vec![5, 299, 399]), 5),
        Some(299)
    );
    assert_eq!(find(b"<1000>", 0, false, None, 6), None);
    assert_eq!(find(b"longer than any payload", 0, false, None, 7), None);
}

#[test]
fn what_is_appended_is_shown_at_once() {
    let (workers, mut listener) = begin(None, None);
    workers.append(&exchange(7));
    workers.load(0);
    match listener.next() {
        SourceMsg::Loaded {
            row: 0,
            exchange: Ok(read),
        } => assert_eq!(*read, exchange(7)),
        other => panic!("{other:?}"),
    }
    assert_eq!(listener.index.len(), 1);
    workers.load(1);
    assert!(matches!(
        listener.next(),
        SourceMsg::Loaded {
            exchange: Err(_),
            ..
        }
    ));
}

#[test]
fn an_index_that_nobody_takes_is_followed_by_no_other() {
    let (tell, messages) = mpsc::channel();
    let shared = Shared::new(Indexer::new(Stores::new()), tell);
    assert!(shared.has_arrived());
    shared.index(&exchange(0)).unwrap();
    assert!(shared.has_news());
    shared.publish();
    assert!(!shared.has_news() && !shared.has_arrived());
    let Ok(Msg::Source(SourceMsg::Rows(rows))) = messages.recv() else {
        panic!("the index was sent");
    };
    let index = rows.into_index();
    assert!(shared.has_arrived());
    assert_eq!(index.len(), 1);
}

#[test]
fn progress_is_told_without_rows_too() {
    let (tell, messages) = mpsc::channel();
    let shared = Shared::new(Indexer::new(Stores::new()), tell);
    let showing = read::Showing::new(&shared, Some(100));
    showing.show();
    assert!(messages.try_recv().is_err(), "nothing has changed");
    showing.read(10);
    let told: Vec<_> = messages.try_iter().collect();
    let is_progress = |msg| {
        let wanted = SourceMsg::Progress {
            read: 10,
            total: Some(100),
        };
        format!("{msg:?}") == format!("{:?}", Msg::Source(wanted))
    };
    assert!(told.into_iter().any(is_progress));
}

#[test]
fn all_threads_end_with_the_workers() {
    let (send, live) = mpsc::channel();
    let (workers, listener) = begin(None, Some(live));
    events(0..5000, &send);
    workers.filter(Some("payload contains \"1\"".to_owned()), 1);
    workers.search(b"none of them".to_vec(), 0, false, None, 1);
    drop(workers);
    drop(send);
    // The channel is closed when the last of them is gone.
    while listener.messages.recv_timeout(LIMIT).is_ok() {}
    let closed = listener.messages.try_recv();
    assert!(matches!(closed, Err(mpsc::TryRecvError::Disconnected)));
}
