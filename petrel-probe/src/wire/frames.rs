//! The frame under way: where it ends, whether a MAC follows, and what is told of it.

use super::{
    config::Framed,
    framer::Framer,
    pending::{Origin, add_extent},
    shape::{self, Likeness},
};
use crate::exchange::{Gap, GapCause, MacState, Message};
use petrel::wire::{HEADER_LEN, Header, MAC_LEN};

impl Framer {
    /// A whole frame at the front of bytes that stand alone: how long it was, or 0.
    pub(super) fn take_whole(
        &mut self,
        bytes: &[u8],
        source: u64,
        time_ns: u64,
        out: &mut dyn FnMut(Framed),
    ) -> usize {
        let Some(macs) = self.macs else { return 0 };
        let Some(head) = bytes.first_chunk::<HEADER_LEN>() else {
            return 0;
        };
        let header = Header::parse(head);
        if header.payload_len > self.config.payload_max {
            return 0;
        }
        let Ok(len) = usize::try_from(header.frame_len(macs)) else {
            return 0;
        };
        let Some(frame) = bytes.get(..len) else {
            return 0;
        };
        let mut extents = Vec::new();
        if self.config.extents {
            add_extent(&mut extents, source, len);
        }
        let origin = Origin {
            extents,
            first_ns: time_ns,
            time_ns,
        };
        self.tell(header, frame.to_vec(), Vec::new(), origin, out);
        len
    }

    /// As many bytes as the frame under way needs, or as tell more of it: how many were taken.
    pub(super) fn take_part(
        &mut self,
        bytes: &[u8],
        source: u64,
        time_ns: u64,
        out: &mut dyn FnMut(Framed),
    ) -> usize {
        let here = self.pending.bytes.len() as u64 + self.missing;
        let wanted = match self.header() {
            None => HEADER_LEN as u64 - here,
            Some(header) if header.payload_len > self.config.payload_max => {
                header_end(header).saturating_sub(here)
            }
            Some(header) => header.frame_len(self.macs != Some(false)) - here,
        };
        let taken = usize::try_from(wanted).map_or(bytes.len(), |wanted| wanted.min(bytes.len()));
        self.pending
            .push(bytes.get(..taken).unwrap_or_default(), source, time_ns);
        if let Some(header) = self.header() {
            self.conclude(header, out);
        }
        taken
    }

    /// Tells the frame under way, if it is known where it ends and all of it is there.
    fn conclude(&mut self, header: Header, out: &mut dyn FnMut(Framed)) {
        let here = self.pending.bytes.len() as u64 + self.missing;
        if header.payload_len > self.config.payload_max {
            if here >= header_end(header) {
                self.refuse(header, out);
            }
            return;
        }
        let plain = header.frame_len(false);
        if here < plain {
            return;
        }
        match self.macs {
            Some(macs) => {
                if here >= header.frame_len(macs) {
                    self.emit(header, out);
                }
            }
            None => {
                // Nothing was taken beyond a MAC, so what is behind the frame are its last bytes.
                let behind = usize::try_from(here - plain).unwrap_or(usize::MAX);
                let at = self.pending.bytes.len().saturating_sub(behind);
                let tail = self.pending.bytes.get(at..).unwrap_or_default();
                match shape::mac(tail) {
                    Likeness::Perhaps => {}
                    Likeness::Yes => {
                        self.macs = Some(true);
                        self.emit(header, out);
                    }
                    Likeness::No => {
                        self.macs = Some(false);
                        let rest = self.pending.split_off(at);
                        self.emit(header, out);
                        self.release(&rest);
                    }
                }
            }
        }
    }

    /// A frame whose payload is over the limit: it is told from its header, as a receiver refuses it.
    /// Its payload is passed without being kept, and never read as anything else.
    pub(super) fn refuse(&mut self, header: Header, out: &mut dyn FnMut(Framed)) {
        if self.doubts > 0 {
            // So it was no frame, and the place was not what it seemed.
            let missing = std::mem::take(&mut self.missing);
            let is_torn = !std::mem::take(&mut self.gaps).is_empty();
            let rest = self.pending.split_off(0);
            if is_torn {
                // What lies on both sides of a gap is not to be joined.
                let len = rest.bytes.len() as u64;
                self.pass_over(len);
                self.lose_place(len + missing);
            } else {
                self.lose_place(0);
                self.release(&rest);
            }
            return;
        }
        let at = header_end(header);
        let len = header.frame_len(self.macs == Some(true)) - at;
        let cause = GapCause::OverLimit;
        self.gaps.push(Gap { at, len, cause });
        self.emit(header, out);
        self.unkept = len;
    }

    /// Tells the frame under way.
    pub(super) fn emit(&mut self, header: Header, out: &mut dyn FnMut(Framed)) {
        let origin = self.pending.origin(self.config.extents);
        let mut bytes = std::mem::take(&mut self.pending.bytes);
        if bytes.capacity() - bytes.len() > bytes.len() / 4 {
            bytes.shrink_to_fit();
        }
        self.pending.clear();
        let gaps = std::mem::take(&mut self.gaps);
        self.missing = 0;
        self.tell(header, bytes, gaps, origin, out);
    }

    fn tell(
        &mut self,
        header: Header,
        bytes: Vec<u8>,
        gaps: Vec<Gap>,
        origin: Origin,
        out: &mut dyn FnMut(Framed),
    ) {
        let mut message = Message {
            header,
            bytes,
            gaps,
            extents: origin.extents,
            mac: MacState::None,
            first_ns: origin.first_ns,
            time_ns: origin.time_ns,
        };
        if self.macs == Some(true) {
            message.mac = MacState::Unchecked;
            message.mac = self.judge(&message);
        }
        self.last_sequence = Some(header.sequence);
        self.doubts = self.doubts.saturating_sub(1);
        out(Framed {
            message,
            skipped: std::mem::take(&mut self.skipped),
            after_loss: std::mem::take(&mut self.after_loss),
        });
    }

    fn judge(&self, message: &Message) -> MacState {
        let is_whole = message.payload().len() == message.header.payload_len as usize;
        match message
            .mac_text()
            .and_then(|text| text.first_chunk::<MAC_LEN>())
        {
            Some(mac) if shape::mac(mac) != Likeness::Yes => MacState::Bad,
            Some(mac) if is_whole => self.config.keyring.judge(message.payload(), mac),
            _ => MacState::Unchecked,
        }
    }
}

/// Where the payload of a frame begins.
pub(super) fn header_end(header: Header) -> u64 {
    HEADER_LEN as u64 + u64::from(header.name_len)
}
