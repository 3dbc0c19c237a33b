//! The TLS handshake that comes before a connection.

use super::{Service, connection::Connection, log};
use crate::{
    CloseReason, ConnectionEnd,
    net::{Alarm, Membership, Order, Plain, Stream},
};
use std::{future::poll_fn, io, sync::Arc, task::Poll};
use tokio::time::Instant;
use tokio_rustls::{Accept, TlsAcceptor};

/// Shakes hands, then serves the connection.
pub(super) async fn serve(
    acceptor: TlsAcceptor,
    stream: Plain,
    service: Arc<Service>,
    mut membership: Membership,
    accepted: Instant,
) -> ConnectionEnd {
    // On the heap, so that the task stays small for the rest of its life.
    let mut accept = Box::new(acceptor.accept(stream));
    let due = accepted + service.limits.first_frame_timeout;
    let tls = match shake_hands(&mut accept, &membership, due).await {
        Ok(tls) => tls,
        Err(reason) => {
            let end = ConnectionEnd::Closed(reason);
            membership.end(end);
            log::ended(&membership.member, end);
            return end;
        }
    };
    drop(accept);
    if let Some(certificates) = tls.get_ref().1.peer_certificates() {
        let certificates = certificates
            .iter()
            .map(|certificate| certificate.clone().into_owned());
        // Nobody else knows the connection yet.
        let _ = membership.member.certificates.set(certificates.collect());
    }
    let stream = Stream::Tls(Box::new(tls.into()));
    Connection::new(
        stream,
        Stream::reset_on_close,
        service,
        membership,
        accepted,
    )
    .await
}

async fn shake_hands(
    accept: &mut Accept<Plain>,
    membership: &Membership,
    due: Instant,
) -> Result<tokio_rustls::server::TlsStream<Plain>, CloseReason> {
    use std::{future::Future, pin::Pin};
    let mut alarm = Alarm::default();
    let outcome: Result<io::Result<_>, CloseReason> = poll_fn(|cx| {
        match membership.member.watch(cx.waker()) {
            Order::Serve => {}
            Order::Drain => return Poll::Ready(Err(CloseReason::Drained)),
            Order::Close(reason) => return Poll::Ready(Err(reason)),
        }
        if let Poll::Ready(accepted) = Pin::new(&mut *accept).poll(cx) {
            return Poll::Ready(Ok(accepted));
        }
        alarm
            .poll(cx, Some(due))
            .map(|()| Err(CloseReason::FirstFrameTimeout))
    })
    .await;
    outcome?.map_err(|error| {
        tracing::debug!(connection = membership.member.id, %error, "TLS handshake failed");
        CloseReason::TlsFailed
    })
}
