//! One timer for a connection, armed only while there is something to be late for.

use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Wakes its task when a deadline has passed.
///
/// A deadline that moves further away costs nothing until the old one comes: only then is the timer
/// set again. Without a deadline there is no timer, and no memory for one.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready once `due` has passed; otherwise the task is woken no later than then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, due: Option<Instant>) -> Poll<()> {
        let Some(due) = due else {
            self.0 = None;
            return Poll::Pending;
        };
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if sleep.deadline() > due {
            sleep.as_mut().reset(due);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= due {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
        Poll::Pending
    }

    #[cfg(test)]
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, time::Duration};

    #[tokio::test(start_paused = true)]
    async fn a_deadline_may_move_either_way() {
        let start = Instant::now();
        let at = |secs| Some(start + Duration::from_secs(secs));
        let mut alarm = Alarm::default();
        let mut poll_once = async |due| poll_fn(|cx| Poll::Ready(alarm.poll(cx, due))).await;
        assert!(poll_once(at(10)).await.is_pending());
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(
            poll_once(at(30)).await.is_pending(),
            "it moved away before it came"
        );
        assert!(poll_once(at(20)).await.is_pending(), "it moved nearer");
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(poll_once(at(20)).await.is_ready());
        assert!(poll_once(None).await.is_pending());
        poll_fn(|cx| alarm.poll(cx, at(25))).await;
        assert_eq!(start.elapsed(), Duration::from_secs(25));
    }
}
