//! Bytes that take less room: packed when the connector is compiled, unpacked
//! when they are needed.
//!
//! Packed bytes are a sequence of bits. A 0 and seven bits are a byte, or, all
//! set, that it is the next eight. A 1 is a repetition of earlier bytes: how far back they are, and how many they are.
//! Both are written in Elias's gamma code, which is short for small numbers;
//! the lower bits of the distance stand behind it as they are.

use alloc::vec;
use alloc::vec::Vec;

/// As many bytes can be packed.
const CAPACITY: usize = 1 << 15;
/// The fewest bytes that are worth a repetition.
const SHORTEST: usize = 3;
/// The last byte that is written in seven bits.
const LAST: u8 = 0x7e;
/// Stands in front of the others.
const OTHER: u32 = 0x7f;
/// How many lower bits of a distance stand as they are.
const LOWER: u32 = 9;

/// Bytes in the making. They are made when the connector is compiled: what
/// goes wrong here is an error of the compiler.
pub struct Bytes {
    bytes: [u8; CAPACITY],
    length: usize,
}

#[allow(clippy::indexing_slicing, reason = "a constant has nothing else")]
impl Bytes {
    /// No bytes.
    pub const fn new() -> Self {
        Self { bytes: [0; CAPACITY], length: 0 }
    }

    /// Appends a byte.
    pub const fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    /// How many there are.
    pub const fn length(&self) -> usize {
        self.length
    }

    /// All of them, `N` being how many there are.
    pub const fn array<const N: usize>(&self) -> [u8; N] {
        let mut array = [0; N];
        let mut at = 0;
        while at < N {
            array[at] = self.bytes[at];
            at += 1;
        }
        array
    }

    /// The same bytes, packed.
    pub const fn packed(&self) -> Self {
        let steps = self.steps();
        let mut bits = Bits { bytes: Self::new(), free: 0 };
        let mut at = 0;
        while at < self.length {
            let Step { length, distance, .. } = steps[at];
            if length == 1 {
                let byte = self.bytes[at];
                if LAST < byte {
                    bits.push(OTHER, 8);
                }
                bits.push(byte as u32, 8);
            } else {
                bits.push(1, 1);
                bits.push_gamma((distance >> LOWER) as u32 + 1);
                bits.push(distance as u32 & ((1 << LOWER) - 1), LOWER);
                bits.push_gamma((length - SHORTEST) as u32 + 1);
            }
            at += length;
        }
        bits.bytes
    }

    /// The best step from each position. They are found from the end, so that
    /// each knows what follows it.
    const fn steps(&self) -> [Step; CAPACITY + 1] {
        let alike = self.alike();
        let mut steps = [Step { length: 1, distance: 0, bits: 0 }; CAPACITY + 1];
        let mut at = self.length;
        while 0 < at {
            at -= 1;
            let mut best = Step { length: 1, distance: 0, bits: 8 + steps[at + 1].bits };
            if LAST < self.bytes[at] {
                best.bits += 8;
            }
            let mut longest = SHORTEST - 1;
            let mut other = alike[at];
            let mut tries = 0;
            while other < CAPACITY && tries < TRIES {
                let distance = at - other;
                let mut length = 0;
                while at + length < self.length
                    && self.bytes[other + length] == self.bytes[at + length]
                {
                    length += 1;
                }
                // A shorter one is nearer, and was looked at before.
                while longest < length {
                    longest += 1;
                    let bits = Step::bits(longest, distance) + steps[at + longest].bits;
                    if bits < best.bits {
                        best = Step { length: longest, distance, bits };
                    }
                }
                other = alike[other];
                tries += 1;
            }
            steps[at] = best;
        }
        steps
    }

    /// For each position the last one before it where the same bytes may begin.
    const fn alike(&self) -> [usize; CAPACITY] {
        let mut last = [CAPACITY; 1 << 16];
        let mut alike = [CAPACITY; CAPACITY];
        let mut at = 0;
        while at + SHORTEST <= self.length {
            let (first, second) = (self.bytes[at] as usize, self.bytes[at + 1] as usize);
            let hash = first << 8 ^ second << 4 ^ self.bytes[at + 2] as usize;
            alike[at] = last[hash];
            last[hash] = at;
            at += 1;
        }
        alike
    }
}

/// How many repetitions are looked at for each position, the nearest first.
const TRIES: usize = 24;

/// What the bits at a position stand for.
#[derive(Clone, Copy)]
struct Step {
    /// How many bytes; a single one is no repetition.
    length: usize,
    /// How far back they are repeated from.
    distance: usize,
    /// The bits from here to the end.
    bits: u32,
}

impl Step {
    /// What a repetition takes.
    const fn bits(length: usize, distance: usize) -> u32 {
        let upper = (distance >> LOWER) as u32 + 1;
        let length = (length - SHORTEST) as u32 + 1;
        1 + (2 * upper.ilog2() + 1) + LOWER + (2 * length.ilog2() + 1)
    }
}

/// Bits in the making.
struct Bits {
    bytes: Bytes,
    /// How many bits of the last byte are still free.
    free: u32,
}

#[allow(clippy::indexing_slicing, reason = "a constant has nothing else")]
impl Bits {
    /// Appends the lowest `count` bits of a number, the highest first.
    const fn push(&mut self, number: u32, count: u32) {
        let mut left = count;
        while 0 < left {
            left -= 1;
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            self.free -= 1;
            self.bytes.bytes[self.bytes.length - 1] |=
                (number >> left & 1) as u8 * (1 << self.free);
        }
    }

    /// As many zeros as the number has digits behind its first, then the
    /// number.
    const fn push_gamma(&mut self, number: u32) {
        self.push(number, 2 * number.ilog2() + 1);
    }
}

/// The `length` bytes that were packed.
pub fn unpacked(packed: &[u8], length: usize) -> Vec<u8> {
    let mut reader = Reader { packed, bits: 0, there: 0 };
    let mut bytes = vec![0; length];
    let mut at = 0;
    while let Some(next) = bytes.get_mut(at) {
        if reader.bits(1) == 0 {
            *next = match reader.bits(7) {
                OTHER => reader.bits(8),
                byte => byte,
            } as u8;
            at += 1;
            continue;
        }
        let distance = (reader.gamma() - 1) << LOWER | reader.bits(LOWER);
        let from = at.saturating_sub(distance as usize);
        for from in from..from + reader.gamma() as usize + SHORTEST - 1 {
            let byte = bytes.get(from).copied().unwrap_or_default();
            let Some(next) = bytes.get_mut(at) else { break };
            *next = byte;
            at += 1;
        }
    }
    bytes
}

struct Reader<'a> {
    packed: &'a [u8],
    /// The lowest bits are those that are read next, `there` of them.
    bits: u64,
    there: u32,
}

impl Reader<'_> {
    /// A number of `count` bits. Behind the end all bits are set, which ends
    /// every number.
    fn bits(&mut self, count: u32) -> u32 {
        while self.there < count {
            let byte = match self.packed.split_first() {
                Some((byte, rest)) => {
                    self.packed = rest;
                    *byte
                }
                None => u8::MAX,
            };
            self.bits = self.bits << 8 | u64::from(byte);
            self.there += 8;
        }
        self.there -= count;
        (self.bits >> self.there) as u32 & ((1 << count) - 1)
    }

    fn gamma(&mut self) -> u32 {
        let mut digits = 0;
        while self.bits(1) == 0 {
            digits += 1;
        }
        1 << digits | self.bits(digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn bytes(text: &str, times: usize) -> Bytes {
        let mut bytes = Bytes::new();
        let mut at = 0;
        while at < text.len() * times {
            bytes.push(text.as_bytes()[at % text.len()]);
            at += 1;
        }
        bytes
    }

    /// Packs and unpacks a text, and says how long it was in between.
    #[track_caller]
    fn check(text: &str, times: usize) -> usize {
        let packed = bytes(text, times).packed();
        let packed = &packed.bytes[..packed.length];
        assert_eq!(unpacked(packed, text.len() * times), text.repeat(times).as_bytes());
        packed.len()
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        for text in ["", "a", "ab", "aaaaaaaaaa", "abcabcabcd", "\0\u{1}é…\0\u{1}é…", "none alike"]
        {
            check(text, 1);
        }
    }

    #[test]
    fn what_repeats_takes_next_to_nothing() {
        assert!(check("The model that speaks. ", 1000) < 40);
    }

    #[test]
    fn other_bytes_come_to_an_end() {
        for packed in [&[][..], &[0xff; 9], &[0x84]] {
            assert_eq!(unpacked(packed, 9).len(), 9);
        }
    }
}
