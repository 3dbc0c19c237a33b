//! The HTTP server behind the page, and a watch that keeps the page up to date.

use super::page::{CONTENT_TYPE, page};
use crate::progress::{Order, Progress, Watch};
use petrel_cli::{Exit, Failure};
use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};
use tiny_http::{Header, Method, Request, Response, Server};

/// Serves the page until it is dropped.
#[derive(Debug)]
pub struct Exporter {
    latest: Arc<Mutex<Progress>>,
    address: SocketAddr,
    server: Stop,
    thread: Option<JoinHandle<()>>,
}

/// The server, which is no `Debug` itself.
struct Stop(Arc<Server>);

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Server")
            .field(&self.0.server_addr())
            .finish()
    }
}

impl Exporter {
    /// Listens, and serves an empty run until one is published.
    ///
    /// # Errors
    /// If the address cannot be had, or the system gives no thread.
    pub fn start(addr: SocketAddr) -> Result<Self, Failure> {
        let cannot_serve = |error: io::Error| failure(addr, &error);
        let listener = TcpListener::bind(addr).map_err(cannot_serve)?;
        let address = listener.local_addr().map_err(cannot_serve)?;
        let server = Server::from_listener(listener, None)
            .map_err(|error| cannot_serve(io::Error::other(error)))?;
        let server = Arc::new(server);
        let latest = Arc::new(Mutex::new(Progress::default()));
        let thread = {
            let (server, latest) = (Arc::clone(&server), Arc::clone(&latest));
            thread::Builder::new()
                .name("prometheus".to_owned())
                .spawn(move || serve(&server, &latest))
                .map_err(cannot_serve)?
        };
        Ok(Self {
            latest,
            address,
            server: Stop(server),
            thread: Some(thread),
        })
    }

    /// Where it listens: the address asked for, with the port that the system chose if that was 0.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// From now on the page shows this.
    pub fn publish(&self, progress: &Progress) {
        lock(&self.latest).clone_from(progress);
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.server.0.unblock();
        if let Some(thread) = self.thread.take() {
            // It only fails if the thread panicked, which has been told already.
            let _ = thread.join();
        }
    }
}

/// A watch whose run is published, too.
#[derive(Debug)]
pub struct Published<W> {
    exporter: Exporter,
    watch: W,
}

impl<W: Watch> Published<W> {
    /// Publishes what `watch` is shown.
    pub const fn new(exporter: Exporter, watch: W) -> Self {
        Self { exporter, watch }
    }
}

impl<W: Watch> Watch for Published<W> {
    fn show(&mut self, progress: &Progress) -> Vec<Order> {
        self.exporter.publish(progress);
        self.watch.show(progress)
    }

    fn say(&mut self, line: &str) {
        self.watch.say(line);
    }
}

fn serve(server: &Server, latest: &Mutex<Progress>) {
    for request in server.incoming_requests() {
        // A reader that goes away before its answer is none of our business.
        let _ = answer(request, latest);
    }
}

fn answer(request: Request, latest: &Mutex<Progress>) -> io::Result<()> {
    let path = request.url().split('?').next().unwrap_or_default();
    if path == "/metrics" && matches!(request.method(), Method::Get | Method::Head) {
        let progress = lock(latest).clone();
        let response = Response::from_string(page(&progress));
        request.respond(response.with_header(content_type(CONTENT_TYPE)))
    } else {
        let response = Response::from_string("the metrics are at GET /metrics\n");
        request.respond(response.with_status_code(404))
    }
}

fn content_type(value: &str) -> Header {
    Header::from_bytes("Content-Type", value).expect("both are plain ASCII")
}

/// What is locked is only ever replaced whole, so that a panic elsewhere leaves nothing half done.
fn lock(latest: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    latest.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failure(addr: SocketAddr, error: &io::Error) -> Failure {
    let help = match error.kind() {
        ErrorKind::AddrInUse => "; another program has it: end that one, or choose another port",
        ErrorKind::AddrNotAvailable => {
            "; this machine has no such address: 127.0.0.1 is local, 0.0.0.0 is all of them"
        }
        ErrorKind::PermissionDenied => "; this user may not: ports below 1024 need rights",
        _ => "",
    };
    let message = format!("cannot serve --prometheus on {addr}: {error}{help}");
    Failure::new(Exit::Unreachable, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::{Phase, Unwatched};
    use std::{
        io::{Read, Write},
        net::TcpStream,
    };

    fn exporter() -> Exporter {
        Exporter::start(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
    }

    fn ask(exporter: &Exporter, request_line: &str) -> (String, String) {
        let mut stream = TcpStream::connect(exporter.local_addr()).unwrap();
        write!(
            stream,
            "{request_line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    #[test]
    fn the_page_shows_what_was_published_last() {
        let mut published = Published::new(exporter(), Unwatched);
        for ok in [7, 8] {
            let progress = Progress {
                phase: Phase::Measuring,
                ok,
                ..Progress::default()
            };
            assert_eq!(published.show(&progress), []);
        }
        let (head, body) = ask(&published.exporter, "GET /metrics?x=1");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(
            head.contains("Content-Type: application/openmetrics-text; version=1.0.0"),
            "{head}"
        );
        assert!(
            body.contains("petrel_bench_requests_total{outcome=\"ok\"} 8\n"),
            "{body}"
        );
        assert!(body.ends_with("# EOF\n"), "{body}");
    }

    #[test]
    fn there_is_one_page_and_it_is_only_read() {
        let exporter = exporter();
        for request_line in [
            "GET /",
            "GET /metrics/x",
            "POST /metrics",
            "DELETE /metrics",
        ] {
            let (head, body) = ask(&exporter, request_line);
            assert!(head.starts_with("HTTP/1.1 404 "), "{request_line}: {head}");
            assert!(body.contains("GET /metrics"), "{body}");
        }
    }

    #[test]
    fn what_it_hands_on_comes_back() {
        struct Asks;
        impl Watch for Asks {
            fn show(&mut self, _: &Progress) -> Vec<Order> {
                vec![Order::Quit]
            }
        }
        let mut published = Published::new(exporter(), Asks);
        assert_eq!(published.show(&Progress::default()), [Order::Quit]);
    }

    #[test]
    fn an_address_that_is_taken_is_named_with_the_flag() {
        let taken = exporter();
        let failure = Exporter::start(taken.local_addr()).unwrap_err();
        let message = failure.to_string();
        assert_eq!(failure.exit(), Exit::Unreachable);
        assert!(
            message.contains(&format!("--prometheus on {}", taken.local_addr())),
            "{message}"
        );
        assert!(message.contains("choose another port"), "{message}");
    }

    #[test]
    fn dropped_it_ends_with_its_thread() {
        let exporter = exporter();
        ask(&exporter, "GET /metrics");
        let latest = Arc::clone(&exporter.latest);
        drop(exporter);
        assert_eq!(Arc::strong_count(&latest), 1, "the thread let go of it");
    }
}
