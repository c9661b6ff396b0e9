//! The buffers of one HTTP connection, as large as what is in them.
//!
//! ureq's own are allocated whole with the first request and kept. A streamed
//! answer is waited for most of its time, and then next to nothing needs to
//! stand in memory for its connection; a file deserves large pieces.

use ureq::Error;
use ureq::unversioned::transport::Buffers;

/// The most that an answer's head may take, as a whole.
const LARGEST_HEAD: usize = 16 * 1024;
/// How much is waited for: little, and more as long as it comes.
const LEAST_INPUT: usize = 2 * 1024;
const MOST_INPUT: usize = 32 * 1024;
/// Room for what goes out, in which a line of a head must fit; and for a body
/// that fills it.
const LEAST_OUTPUT: usize = 16 * 1024;
const MOST_OUTPUT: usize = 64 * 1024;
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
    /// How much is waited for next, once there is none.
    ahead: usize,
    /// What is held back, room behind it, and room to spare.
    output: Vec<u8>,
    held: usize,
}

impl GrowingBuffers {
    /// Takes what was written to the output. Whether it must go out before
    /// more is written: a head waits for its body, so that a small request is
    /// one packet.
    pub(super) fn write(&mut self, amount: usize) -> bool {
        self.held += amount;
        self.ahead = LEAST_INPUT;
        LEAST_OUTPUT / 2 <= self.held
    }

    /// What was written and is not out yet.
    pub(super) fn held(&self) -> &[u8] {
        self.output.get(..self.held).unwrap_or_default()
    }

    /// What was held is out.
    pub(super) fn sent(&mut self) {
        let was_full = self.output.len().saturating_sub(SPARE) <= self.held;
        self.held = 0;
        if was_full && self.output.len() < MOST_OUTPUT {
            self.output = vec![0; MOST_OUTPUT + SPARE];
        }
    }

    /// Lets go of the output's room: an answer is waited for.
    pub(super) fn end_output(&mut self) {
        (self.output, self.held) = (Vec::new(), 0);
    }

    /// How many more bytes may come in. What is not consumed is a head.
    fn room(&self) -> usize {
        match self.input().len() {
            0 => self.ahead.max(LEAST_INPUT),
            held => LARGEST_HEAD.saturating_sub(held),
        }
    }

    /// That there is room for more. ureq would take a head that fills the
    /// buffer for a connection that broke.
    pub(super) fn check_room(&self) -> Result<(), Error> {
        match self.room() {
            0 => Err(Error::LargeResponseHeader(self.input().len(), LARGEST_HEAD)),
            _ => Ok(()),
        }
    }

    /// Takes over what another transport's buffers hold, as far as there is
    /// room.
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
            self.output = vec![0; LEAST_OUTPUT + SPARE];
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
        self.ahead = if was_filled { MOST_INPUT.min(2 * amount) } else { LEAST_INPUT };
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

    /// Appends as many of the bytes as there is room for.
    fn append(buffers: &mut GrowingBuffers, bytes: &[u8]) -> usize {
        let room = buffers.input_append_buf();
        let count = room.len().min(bytes.len());
        room[..count].copy_from_slice(&bytes[..count]);
        buffers.input_appended(count);
        count
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
    fn a_head_has_an_end() {
        let mut buffers = GrowingBuffers::default();
        let mut length = 0;
        while buffers.check_room().is_ok() {
            length += append(&mut buffers, &[7; LARGEST_HEAD]);
        }
        assert_eq!(length, LARGEST_HEAD);
        buffers.input_consume(1);
        assert_eq!(buffers.input_append_buf().len(), 1);
    }

    #[test]
    fn more_is_waited_for_as_long_as_it_comes() {
        let mut buffers = GrowingBuffers::default();
        let mut most = 0;
        for _ in 0..10 {
            most = append(&mut buffers, &[7; 2 * MOST_INPUT]);
            buffers.input_consume(most);
        }
        assert_eq!(most, MOST_INPUT);
        append(&mut buffers, b"little");
        buffers.input_consume(6);
        assert_eq!(buffers.input_append_buf().len(), LEAST_INPUT);
        assert!(buffers.input.capacity() < 2 * LEAST_INPUT);
    }

    #[test]
    fn a_head_waits_for_its_body() {
        let mut buffers = GrowingBuffers::default();
        buffers.output()[..4].copy_from_slice(b"head");
        assert!(!buffers.write(4));
        buffers.output()[..4].copy_from_slice(b"body");
        assert!(!buffers.write(4));
        assert_eq!(buffers.held(), b"headbody");
        let room = buffers.output().len();
        assert!(buffers.write(room));
        assert_eq!(buffers.held().len(), LEAST_OUTPUT);
    }

    #[test]
    fn a_body_that_fills_its_room_is_given_more() {
        let mut buffers = GrowingBuffers::default();
        assert_eq!(buffers.output().len(), LEAST_OUTPUT);
        buffers.write(LEAST_OUTPUT);
        buffers.sent();
        assert_eq!(buffers.output().len(), MOST_OUTPUT);
        buffers.end_output();
        assert_eq!(buffers.output.capacity(), 0);
    }
}
