//! Buffers of one HTTP connection that grow and shrink with their content.
//!
//! ureq allocates its own buffers in full at the first request and keeps them.
//! A connection with a streamed response spends most of its time waiting and
//! then needs almost no memory. A file transfer, on the other hand, needs large
//! buffers to be fast.

use ureq::Error;
use ureq::unversioned::transport::Buffers;

/// The maximum size of a response head.
const MAX_HEAD: usize = 16 * 1024;
/// The size of one read. It starts small and grows while reads are full.
const MIN_INPUT: usize = 2 * 1024;
const MAX_INPUT: usize = 32 * 1024;
/// The size of the output buffer. It must hold each line of a request head, and
/// grows for a body that fills it.
const MIN_OUTPUT: usize = 16 * 1024;
const MAX_OUTPUT: usize = 64 * 1024;
/// Scratch space that ureq needs to chunk a body of unknown length. This host never
/// sends such a body.
const SPARE: usize = 1024;

/// The buffered bytes of a connection.
#[derive(Default)]
pub(super) struct GrowingBuffers {
    /// Bytes after `filled` are free space.
    input: Vec<u8>,
    filled: usize,
    consumed: usize,
    /// Whether the last call to `input_consume` consumed anything.
    progress: bool,
    /// The size of the next read, once all input is consumed.
    ahead: usize,
    /// Held bytes, then free space, then `SPARE` bytes of scratch space.
    output: Vec<u8>,
    held: usize,
}

impl GrowingBuffers {
    /// Adds bytes that were written to the output buffer. Returns whether they
    /// must be sent before more is written. A head is held back until its body
    /// follows, so a small request is one packet.
    pub(super) fn write(&mut self, amount: usize) -> bool {
        self.held += amount;
        self.ahead = MIN_INPUT;
        self.held >= MIN_OUTPUT / 2
    }

    /// The bytes that were written but not sent yet.
    pub(super) fn held(&self) -> &[u8] {
        self.output.get(..self.held).unwrap_or_default()
    }

    /// Records that the held bytes were sent.
    pub(super) fn sent(&mut self) {
        let was_full = self.output.len().saturating_sub(SPARE) <= self.held;
        self.held = 0;
        if was_full && self.output.len() < MAX_OUTPUT {
            self.output = vec![0; MAX_OUTPUT + SPARE];
        }
    }

    /// Frees the output buffer while the connection waits for a response.
    pub(super) fn end_output(&mut self) {
        (self.output, self.held) = (Vec::new(), 0);
    }

    /// How many more bytes may be read. Unconsumed input is part of a response
    /// head.
    fn room(&self) -> usize {
        match self.input().len() {
            0 => self.ahead.max(MIN_INPUT),
            held => MAX_HEAD.saturating_sub(held),
        }
    }

    /// Checks that there is room for more input. ureq would mistake a head that
    /// fills the buffer for a broken connection.
    pub(super) fn check_room(&self) -> Result<(), Error> {
        match self.room() {
            0 => Err(Error::LargeResponseHeader(self.input().len(), MAX_HEAD)),
            _ => Ok(()),
        }
    }

    /// Takes as much input from another transport's buffers as there is room for.
    pub(super) fn take_from(&mut self, buffers: &mut dyn Buffers) {
        let there = buffers.input();
        let room = self.input_append_buf();
        let count = there.len().min(room.len());
        room.iter_mut().zip(there).for_each(|(to, from)| *to = *from);
        self.input_appended(count);
        buffers.input_consume(count);
    }

    fn make_output(&mut self) -> (&mut [u8], &mut [u8]) {
        if self.output.is_empty() {
            self.output = vec![0; MIN_OUTPUT + SPARE];
        }
        let room = self.output.get_mut(self.held..).unwrap_or_default();
        room.split_at_mut(room.len().saturating_sub(SPARE))
    }
}

impl Buffers for GrowingBuffers {
    fn output(&mut self) -> &mut [u8] {
        self.make_output().0
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        let (output, spare) = self.make_output();
        (spare, output)
    }

    fn input(&self) -> &[u8] {
        self.input.get(self.consumed..self.filled).unwrap_or_default()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.input.truncate(self.filled);
        self.input.drain(..self.consumed);
        (self.filled, self.consumed) = (self.input.len(), 0);
        let size = self.filled + self.room();
        if size < self.input.capacity() / 2 {
            self.input.shrink_to(size);
        }
        self.input.resize(size, 0);
        self.input.get_mut(self.filled..).unwrap_or_default()
    }

    fn input_appended(&mut self, amount: usize) {
        let was_filled = self.filled + amount == self.input.len();
        self.ahead = if was_filled { MAX_INPUT.min(2 * amount) } else { MIN_INPUT };
        self.filled = self.input.len().min(self.filled + amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount != 0;
        self.consumed = self.filled.min(self.consumed + amount);
    }

    fn can_use_input(&self) -> bool {
        self.progress && !self.input().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appends as many of the bytes as fit.
    fn append(buffers: &mut GrowingBuffers, bytes: &[u8]) -> usize {
        let room = buffers.input_append_buf();
        let count = room.len().min(bytes.len());
        room[..count].copy_from_slice(&bytes[..count]);
        buffers.input_appended(count);
        count
    }

    #[test]
    fn input_is_the_unconsumed_bytes() {
        let mut buffers = GrowingBuffers::default();
        append(&mut buffers, b"head");
        append(&mut buffers, b"body");
        buffers.input_consume(4);
        assert_eq!(buffers.input(), b"body");
        append(&mut buffers, b", more");
        assert_eq!(buffers.input(), b"body, more");
        assert!(buffers.can_use_input());
        buffers.input_consume(0);
        assert!(!buffers.can_use_input());
        buffers.input_consume(10);
        assert_eq!(buffers.input(), b"");
    }

    #[test]
    fn limits_the_size_of_a_head() {
        let mut buffers = GrowingBuffers::default();
        let mut length = 0;
        while buffers.check_room().is_ok() {
            length += append(&mut buffers, &[7; MAX_HEAD]);
        }
        assert_eq!(length, MAX_HEAD);
        buffers.input_consume(1);
        assert_eq!(buffers.input_append_buf().len(), 1);
    }

    #[test]
    fn input_grows_while_reads_are_full() {
        let mut buffers = GrowingBuffers::default();
        let mut most = 0;
        for _ in 0..10 {
            most = append(&mut buffers, &[7; 2 * MAX_INPUT]);
            buffers.input_consume(most);
        }
        assert_eq!(most, MAX_INPUT);
        append(&mut buffers, b"little");
        buffers.input_consume(6);
        assert_eq!(buffers.input_append_buf().len(), MIN_INPUT);
        assert!(buffers.input.capacity() < 2 * MIN_INPUT);
    }

    #[test]
    fn a_head_is_held_until_its_body_follows() {
        let mut buffers = GrowingBuffers::default();
        buffers.output()[..4].copy_from_slice(b"head");
        assert!(!buffers.write(4));
        buffers.output()[..4].copy_from_slice(b"body");
        assert!(!buffers.write(4));
        assert_eq!(buffers.held(), b"headbody");
        let room = buffers.output().len();
        assert!(buffers.write(room));
        assert_eq!(buffers.held().len(), MIN_OUTPUT);
    }

    #[test]
    fn output_grows_for_a_body_that_fills_it() {
        let mut buffers = GrowingBuffers::default();
        assert_eq!(buffers.output().len(), MIN_OUTPUT);
        buffers.write(MIN_OUTPUT);
        buffers.sent();
        assert_eq!(buffers.output().len(), MAX_OUTPUT);
        buffers.end_output();
        assert_eq!(buffers.output.capacity(), 0);
    }
}
