//! Files of both formats.

/// Numbers of one byte order, one behind the other.
#[derive(Clone, Debug, Default)]
struct Ordered {
    big_endian: bool,
    bytes: Vec<u8>,
}

impl Ordered {
    fn put16(&mut self, value: u16) {
        self.bytes.extend(if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }

    fn put32(&mut self, value: u32) {
        self.bytes.extend(if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }

    fn put64(&mut self, value: u64) {
        self.bytes.extend(if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// A pcap file in the making.
#[derive(Clone, Debug)]
pub struct Pcap {
    nanoseconds: bool,
    written: Ordered,
}

impl Pcap {
    /// A file of a link type; times in microseconds or nanoseconds.
    pub fn new(link_type: u32, big_endian: bool, nanoseconds: bool) -> Self {
        let mut written = Ordered {
            big_endian,
            bytes: Vec::new(),
        };
        written.put32(if nanoseconds {
            0xa1b2_3c4d
        } else {
            0xa1b2_c3d4
        });
        written.put16(2);
        written.put16(4);
        for field in [0, 0, 262_144, link_type] {
            written.put32(field);
        }
        Self {
            nanoseconds,
            written,
        }
    }

    /// Writes a packet of which `captured` bytes were captured.
    pub fn packet(&mut self, time_ns: u64, data: &[u8], captured: usize) {
        let kept = data.get(..captured).unwrap_or(data);
        let unit = if self.nanoseconds { 1 } else { 1000 };
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        self.written.put32(number(time_ns / 1_000_000_000));
        self.written.put32(number(time_ns % 1_000_000_000 / unit));
        self.written.put32(length(kept));
        self.written.put32(length(data));
        self.written.bytes.extend(kept);
    }

    /// What was written since this was asked last: at first with the header.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.written.bytes)
    }
}

/// A pcapng file in the making.
#[derive(Clone, Debug, Default)]
pub struct Pcapng {
    written: Ordered,
}

impl Pcapng {
    /// A file without a section.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a section.
    pub fn section(&mut self, big_endian: bool) {
        self.written.big_endian = big_endian;
        self.block(0x0a0d_0d0a, |body| {
            body.put32(0x1a2b_3c4d);
            body.put16(1);
            body.put16(0);
            body.put64(u64::MAX);
        });
    }

    /// Describes an interface: its link type, how much it captures of a packet (0 is all), the options
    /// `if_tsresol` and `if_tsoffset`.
    pub fn interface(
        &mut self,
        link_type: u16,
        captured_max: u32,
        resolution: Option<u8>,
        offset_s: Option<i64>,
    ) {
        self.block(1, |body| {
            body.put16(link_type);
            body.put16(0);
            body.put32(captured_max);
            if let Some(resolution) = resolution {
                body.put16(9);
                body.put16(1);
                body.bytes.extend([resolution, 0, 0, 0]);
            }
            if let Some(offset_s) = offset_s {
                body.put16(14);
                body.put16(8);
                body.put64(offset_s.cast_unsigned());
            }
            body.put32(0);
        });
    }

    /// Writes a packet of an interface; its time is in the interface's units.
    pub fn packet(&mut self, interface: u32, ticks: u64, data: &[u8], captured: usize) {
        let kept = data.get(..captured).unwrap_or(data);
        self.block(6, |body| {
            body.put32(interface);
            body.put32(high(ticks));
            body.put32(low(ticks));
            body.put32(length(kept));
            body.put32(length(data));
            body.bytes.extend(kept);
        });
    }

    /// Writes a packet as old drafts have it.
    pub fn old_packet(&mut self, interface: u16, ticks: u64, data: &[u8]) {
        self.block(2, |body| {
            body.put16(interface);
            body.put16(0);
            body.put32(high(ticks));
            body.put32(low(ticks));
            body.put32(length(data));
            body.put32(length(data));
            body.bytes.extend(data);
        });
    }

    /// Writes a packet of the first interface, without a time.
    pub fn simple_packet(&mut self, data: &[u8], captured: usize) {
        let kept = data.get(..captured).unwrap_or(data);
        self.block(3, |body| {
            body.put32(length(data));
            body.bytes.extend(kept);
        });
    }

    /// Writes a block of another kind.
    pub fn other(&mut self, kind: u32, data: &[u8]) {
        self.block(kind, |body| body.bytes.extend(data));
    }

    /// What was written since this was asked last.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.written.bytes)
    }

    fn block(&mut self, kind: u32, write: impl FnOnce(&mut Ordered)) {
        let mut body = Ordered {
            big_endian: self.written.big_endian,
            bytes: Vec::new(),
        };
        write(&mut body);
        body.bytes.resize(body.bytes.len().next_multiple_of(4), 0);
        let len = length(&body.bytes) + 12;
        self.written.put32(kind);
        self.written.put32(len);
        self.written.bytes.extend(&body.bytes);
        self.written.put32(len);
    }
}

fn high(value: u64) -> u32 {
    u32::try_from(value >> 32).unwrap_or_default()
}

fn low(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default()
}
