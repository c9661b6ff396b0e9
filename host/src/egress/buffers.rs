//! The buffers of one HTTP connection, as large as what is in them.
//!
//! ureq's own are allocated whole with the first request and kept. A streamed
//! answer is waited for most of its time, and then nothing needs to stand in
//! memory for its connection but what its transports read into.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, Transport};

/// The most that is kept of a request that goes out and of an answer that
/// comes in: a line of a head must fit, and an answer's head as a whole.
const MOST: usize = 16 * 1024;
/// What the transports below read into and write from. Larger pieces make
/// files faster, and cost each run that waits.
pub(super) const INPUT_PIECE: usize = 4 * 1024;
pub(super) const OUTPUT_PIECE: usize = 2 * 1024;
/// Room for making what goes out of a body whose length is not known before.
/// This host sends none.
const SPARE: usize = 1024;

/// What is kept of a connection's bytes.
#[derive(Default)]
pub(super) struct GrowingBuffers {
    /// Behind the bytes that are there may stand room for further ones.
    input: Vec<u8>,
    filled: usize,
    consumed: usize,
    /// Whether the last look at the input took anything of it.
    progress: bool,
    /// Room for bytes that go out, and behind it to spare.
    output: Vec<u8>,
}

impl GrowingBuffers {
    /// What was written to the output.
    pub(super) fn written(&self, amount: usize) -> &[u8] {
        self.output.get(..amount).unwrap_or_default()
    }

    /// Lets go of the output's room: an answer is waited for.
    pub(super) fn end_output(&mut self) {
        self.output = Vec::new();
    }

    /// How many more bytes may come in.
    fn room(&self) -> usize {
        MOST.saturating_sub(self.input().len())
    }

    /// That there is room for more. ureq would take a head that fills the
    /// buffer for a connection that broke.
    pub(super) fn check_room(&self) -> Result<(), Error> {
        match self.room() {
            0 => Err(Error::LargeResponseHeader(self.input().len(), MOST)),
            _ => Ok(()),
        }
    }

    /// Takes over what a transport has read, as far as there is room.
    pub(super) fn take_from(&mut self, transport: &mut impl Transport) {
        self.forget_consumed();
        let there = transport.buffers().input();
        let count = there.len().min(self.room());
        self.input.extend_from_slice(there.get(..count).unwrap_or_default());
        self.filled = self.input.len();
        transport.buffers().input_consume(count);
    }

    fn forget_consumed(&mut self) {
        self.input.truncate(self.filled);
        self.input.drain(..self.consumed);
        (self.filled, self.consumed) = (self.input.len(), 0);
    }

    fn make_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.output.resize(MOST + SPARE, 0);
        self.output.split_at_mut(MOST)
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
        self.forget_consumed();
        self.input.resize(self.filled + self.room(), 0);
        self.input.get_mut(self.filled..).unwrap_or_default()
    }

    fn input_appended(&mut self, amount: usize) {
        self.filled = self.input.len().min(self.filled + amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount != 0;
        self.consumed = self.filled.min(self.consumed + amount);
        if self.consumed == self.filled {
            (self.input, self.filled, self.consumed) = (Vec::new(), 0, 0);
        }
    }

    fn can_use_input(&self) -> bool {
        self.progress && !self.input().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(buffers: &mut GrowingBuffers, bytes: &[u8]) {
        buffers.input_append_buf()[..bytes.len()].copy_from_slice(bytes);
        buffers.input_appended(bytes.len());
    }

    #[test]
    fn input_is_what_came_and_was_not_consumed() {
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
    fn input_has_an_end() {
        let mut buffers = GrowingBuffers::default();
        append(&mut buffers, &[7; MOST]);
        assert!(buffers.input_append_buf().is_empty());
        assert!(buffers.check_room().is_err());
        buffers.input_consume(1);
        assert_eq!(buffers.input_append_buf().len(), 1);
        assert!(buffers.check_room().is_ok());
    }

    #[test]
    fn nothing_is_kept_of_what_was_sent_and_consumed() {
        let mut buffers = GrowingBuffers::default();
        assert_eq!(buffers.output().len(), MOST);
        append(&mut buffers, b"head");
        buffers.end_output();
        buffers.input_consume(4);
        assert_eq!((buffers.input.capacity(), buffers.output.capacity()), (0, 0));
    }
}
