//! From a capture file or standard input to what a decoder tells.
//!
//! A file is read as fast as it can be. Standard input may be a live capture (`tcpdump -U -w - | …`): what
//! it gives is told as it comes, and when it goes quiet what waits for more is told, too.

use crate::{
    capture::{CaptureError, Reader},
    decode::{Decoder, DecoderConfig},
    exchange::Event,
    index::{Spool, Store},
    totals::Totals,
};
use petrel_cli::{Exit, Failure};
use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// After so long without a byte, whoever waits for output gets what there is.
const PAUSE: Duration = Duration::from_millis(100);

/// After so long without a byte, what waits for missing bytes waits no more.
const QUIET: Duration = Duration::from_secs(1);

/// Packets between two looks at the clock of progress and at who wants to stop.
const PACKETS_BETWEEN_LOOKS: u32 = 1024;

/// Bytes that are read of standard input at once.
const CHUNK: usize = 64 << 10;

/// Chunks that may wait for the decoder.
const CHUNKS_MAX: usize = 4;

/// What a capture is read from.
#[derive(Debug)]
pub struct Input {
    /// What it is called in messages.
    name: PathBuf,
    bytes: Bytes,
    /// Length in bytes, where it is known.
    len: Option<u64>,
}

#[derive(Debug)]
enum Bytes {
    File(File),
    Pipe(Pipe),
}

/// What is told while a capture is read.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "whoever listens must act on each")]
pub enum Told {
    /// An exchange or a connection.
    Event(Event),
    /// So many bytes of the input were read.
    Read(u64),
    /// The input pauses: whoever waits for output should get what there is.
    Pause,
}

impl Input {
    /// A capture file; `-` is standard input.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Self::stdin();
        }
        let reading = |error: io::Error| Failure::reading(path, &error);
        let file = File::open(path).map_err(reading)?;
        let metadata = file.metadata().map_err(reading)?;
        if metadata.is_dir() {
            return Err(reading(ErrorKind::IsADirectory.into()));
        }
        let name = path.to_owned();
        if !metadata.is_file() {
            // A named pipe may be as slow as a live capture.
            let bytes = Bytes::Pipe(Pipe::new(file).map_err(reading)?);
            let len = None;
            return Ok(Self { name, bytes, len });
        }
        Ok(Self {
            name,
            bytes: Bytes::File(file),
            len: Some(metadata.len()),
        })
    }

    /// Standard input.
    ///
    /// # Errors
    /// If the system gives no thread to read it.
    pub fn stdin() -> Result<Self, Failure> {
        let name = PathBuf::from("standard input");
        let pipe = Pipe::new(io::stdin()).map_err(|error| Failure::reading(&name, &error))?;
        Ok(Self {
            name,
            bytes: Bytes::Pipe(pipe),
            len: None,
        })
    }

    /// Anything that gives bytes, as slowly as it likes.
    #[cfg(all(test, feature = "tui"))]
    pub(crate) fn piped(input: impl Read + Send + 'static) -> Self {
        Self {
            name: PathBuf::from("a pipe"),
            bytes: Bytes::Pipe(Pipe::new(input).unwrap()),
            len: None,
        }
    }

    /// Keeps what is read, so that it can be read again at its offsets: of a file its handle, of anything
    /// else the bytes.
    ///
    /// # Errors
    /// If the system gives no second handle.
    pub fn retain(&mut self) -> Result<Store, Failure> {
        match &mut self.bytes {
            Bytes::File(file) => {
                let again = again(file, &self.name);
                let again = again.map_err(|error| Failure::reading(&self.name, &error))?;
                Ok(Store::File(Arc::new(again)))
            }
            Bytes::Pipe(pipe) => {
                let spool = pipe.spool.insert(Arc::default());
                Ok(Store::Spool(Arc::clone(spool)))
            }
        }
    }

    /// Length in bytes, where it is known.
    #[expect(
        clippy::len_without_is_empty,
        reason = "of most inputs nobody knows whether they are empty"
    )]
    pub const fn len(&self) -> Option<u64> {
        self.len
    }
}

/// The file once more. Reading it at offsets does not move the place where the other handle reads on.
#[cfg(unix)]
fn again(file: &File, _path: &Path) -> io::Result<File> {
    file.try_clone()
}

/// The file once more. Handles that are clones of each other share the place where they read on.
#[cfg(not(unix))]
fn again(_file: &File, path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Decodes a capture to its end, and tells `each` what becomes known. If `stop` says so, or `each`
/// breaks, the capture ends there: the one is asked now and then, also while nothing comes, and what
/// waits is told as at any end; the other is told nothing more.
///
/// # Errors
/// If the input cannot be read or is no capture, and whatever `each` fails with.
pub fn decode(
    input: Input,
    config: DecoderConfig,
    stop: &dyn Fn() -> bool,
    each: &mut dyn FnMut(Told) -> Result<ControlFlow<()>, Failure>,
) -> Result<Totals, Failure> {
    let name = input.name;
    match input.bytes {
        Bytes::File(file) => run(file, &name, config, stop, each, || ()),
        Bytes::Pipe(mut pipe) => {
            if !pipe.wait(stop) {
                return Ok(Totals::default());
            }
            let may_pause = Arc::clone(&pipe.may_pause);
            let begin = || may_pause.store(true, Ordering::Relaxed);
            run(pipe, &name, config, stop, each, begin)
        }
    }
}

fn run(
    input: impl Read,
    name: &Path,
    config: DecoderConfig,
    stop: &dyn Fn() -> bool,
    each: &mut dyn FnMut(Told) -> Result<ControlFlow<()>, Failure>,
    begin: impl FnOnce(),
) -> Result<Totals, Failure> {
    let mut reader = Reader::new(input).map_err(|error| match error {
        CaptureError::Io(error) => Failure::reading(name, &error),
        CaptureError::NotACapture { looks_like, advice } => {
            let name = name.display();
            let message = format!("{name} cannot be decoded: it is {looks_like}; {advice}");
            Failure::new(Exit::Unreachable, message)
        }
    })?;
    begin();
    let mut decoder = Decoder::new(config);
    let mut listener = Listener {
        each,
        outcome: Ok(ControlFlow::Continue(())),
    };
    let mut looked = 0;
    let mut quiet_since = None;
    loop {
        match reader.next_packet() {
            Ok(Some(packet)) => {
                decoder.packet(&packet, &mut |event| listener.tell(Told::Event(event)));
                quiet_since = None;
                looked += 1;
                if looked < PACKETS_BETWEEN_LOOKS && listener.goes_on() {
                    continue;
                }
                looked = 0;
                listener.tell(Told::Read(reader.position()));
            }
            Ok(None) => break,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                pause(&mut decoder, &mut listener, &mut quiet_since);
            }
            Err(error) => return Err(Failure::reading(name, &error)),
        }
        if !listener.goes_on() || stop() {
            break;
        }
    }
    if listener.goes_on() {
        decoder.finish(&mut |event| listener.tell(Told::Event(event)));
    }
    decoder.totals_mut().ending = reader.ending();
    let totals = decoder.totals().clone();
    listener.outcome.map(|_| totals)
}

/// Nothing came for a while.
fn pause(decoder: &mut Decoder, listener: &mut Listener<'_>, quiet_since: &mut Option<Quiet>) {
    let quiet = quiet_since.get_or_insert_with(|| {
        listener.tell(Told::Pause);
        Quiet {
            since: Instant::now(),
            is_settled: false,
        }
    });
    if quiet.is_settled || quiet.since.elapsed() < QUIET {
        return;
    }
    quiet.is_settled = true;
    decoder.settle(&mut |event| listener.tell(Told::Event(event)));
    listener.tell(Told::Pause);
}

/// A silence of the input.
struct Quiet {
    since: Instant,
    is_settled: bool,
}

/// Whoever is told, until he breaks or fails.
struct Listener<'e> {
    each: &'e mut dyn FnMut(Told) -> Result<ControlFlow<()>, Failure>,
    outcome: Result<ControlFlow<()>, Failure>,
}

impl Listener<'_> {
    fn tell(&mut self, told: Told) {
        if self.goes_on() {
            self.outcome = (self.each)(told);
        }
    }

    const fn goes_on(&self) -> bool {
        matches!(self.outcome, Ok(ControlFlow::Continue(())))
    }
}

/// Bytes from another thread, so that waiting for them can be given up for a while: once `may_pause` is
/// set, a read that finds nothing fails as one that would block.
#[derive(Debug)]
struct Pipe {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    used: usize,
    /// What the first read failed with.
    failed: Option<io::Error>,
    may_pause: Arc<AtomicBool>,
    /// Where everything is kept that was read, if that is wanted.
    spool: Option<Arc<Spool>>,
}

impl Pipe {
    fn new(input: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, chunks) = sync_channel(CHUNKS_MAX);
        // It ends with its input, or with the process: a blocked read cannot be ended.
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || fetch(input, &sender))?;
        Ok(Self {
            chunks,
            chunk: Vec::new(),
            used: 0,
            failed: None,
            may_pause: Arc::default(),
            spool: None,
        })
    }

    /// Waits for the first bytes, or the end; or gives up, because that is wanted.
    fn wait(&mut self, stop: &dyn Fn() -> bool) -> bool {
        loop {
            match self.chunks.recv_timeout(PAUSE) {
                Ok(Ok(chunk)) => self.chunk = chunk,
                Ok(Err(error)) => self.failed = Some(error),
                Err(RecvTimeoutError::Disconnected) => {}
                Err(RecvTimeoutError::Timeout) if stop() => return false,
                Err(RecvTimeoutError::Timeout) => continue,
            }
            return true;
        }
    }

    /// None at the end.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let chunk = if self.may_pause.load(Ordering::Relaxed) {
            self.chunks.recv_timeout(PAUSE)
        } else {
            self.chunks
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected)
        };
        match chunk {
            Ok(chunk) => chunk.map(Some),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.chunk.len() {
            match self.next()? {
                Some(chunk) => (self.chunk, self.used) = (chunk, 0),
                None => return Ok(0),
            }
        }
        let mut rest = self.chunk.get(self.used..).unwrap_or_default();
        let len = rest.read(buffer)?;
        if let Some(spool) = &self.spool {
            spool.append(buffer.get(..len).unwrap_or_default())?;
        }
        self.used += len;
        Ok(len)
    }
}

/// Reads until the end, an error, or until nobody wants more.
fn fetch(mut input: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut chunk = vec![0; CHUNK];
        let read = match input.read(&mut chunk) {
            Ok(0) => return,
            Ok(len) => {
                chunk.truncate(len);
                Ok(chunk)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = read.is_err();
        if sender.send(read).is_err() || is_last {
            return;
        }
    }
}
