//! Hand-written seeds and their mutations.

use proptest::collection::vec;
use proptest::prelude::{Just, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};
use proptest::strategy::Strategy;

/// One change to a seed.
#[derive(Clone, Debug)]
enum Change {
    /// Replaces a byte.
    Byte(Index, u8),
    /// Flips a bit.
    Bit(Index, u8),
    /// Inserts bytes.
    Insert(Index, Vec<u8>),
    /// Removes a piece.
    Remove(Index, usize),
    /// Repeats a piece.
    Repeat(Index, usize),
    /// Removes the rest.
    Cut(Index),
}

/// The seeds, each with up to six changes. An insertion is random bytes or one of
/// the `words`, which are meaningful to the parser.
pub fn mutated(
    seeds: &'static [&'static [u8]],
    words: &'static [&'static [u8]],
) -> impl Strategy<Value = Vec<u8>> {
    (select(seeds), vec(change(words), 0..=6))
        .prop_map(|(seed, changes)| changes.iter().fold(seed.to_vec(), changed))
}

/// The same for text. Invalid UTF-8 that results from a change is replaced.
pub fn mutated_text(
    seeds: &'static [&'static str],
    words: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    (select(seeds), vec(change_with(words), 0..=6)).prop_map(|(seed, changes)| {
        let bytes = changes.iter().fold(seed.as_bytes().to_vec(), changed);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Splits bytes at these positions, as if they arrived in pieces.
pub fn cut(bytes: &[u8], positions: &[Index]) -> Vec<Vec<u8>> {
    let mut positions: Vec<usize> = positions.iter().map(|at| at.index(bytes.len() + 1)).collect();
    positions.sort_unstable();
    let ends = positions.iter().copied().chain([bytes.len()]);
    let starts = [0].into_iter().chain(positions.iter().copied());
    starts.zip(ends).map(|(from, to)| bytes.get(from..to).unwrap_or_default().to_vec()).collect()
}

fn change(words: &'static [&'static [u8]]) -> impl Strategy<Value = Change> {
    change_with(words.iter().map(|word| word.to_vec()).collect())
}

fn change_with(words: Vec<Vec<u8>>) -> impl Strategy<Value = Change> {
    let position = any::<Index>;
    prop_oneof![
        1 => (position(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => (position(), 0..8_u8).prop_map(|(at, bit)| Change::Bit(at, bit)),
        1 => (position(), vec(any::<u8>(), 1..=4)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        3 => (position(), select(words)).prop_map(|(at, word)| Change::Insert(at, word)),
        1 => (position(), 1..8_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (position(), 1..16_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        1 => (position(), Just(())).prop_map(|(at, ())| Change::Cut(at)),
    ]
}

fn changed(mut bytes: Vec<u8>, change: &Change) -> Vec<u8> {
    let position = |at: &Index| at.index(bytes.len() + 1);
    match change {
        Change::Byte(at, byte) => {
            let at = position(at);
            if let Some(old) = bytes.get_mut(at) {
                *old = *byte;
            }
        }
        Change::Bit(at, bit) => {
            let at = position(at);
            if let Some(old) = bytes.get_mut(at) {
                *old ^= 1 << bit;
            }
        }
        Change::Insert(at, new) => {
            let at = position(at);
            bytes.splice(at..at, new.iter().copied());
        }
        Change::Remove(at, length) => {
            let at = position(at);
            bytes.drain(at..(at + length).min(bytes.len()));
        }
        Change::Repeat(at, length) => {
            let at = position(at);
            let piece: Vec<u8> = bytes.iter().skip(at).take(*length).copied().collect();
            bytes.splice(at..at, piece);
        }
        Change::Cut(at) => bytes.truncate(position(at)),
    }
    bytes
}
