//! Sealing: authenticated encryption that detects a record that was changed or
//! moved to another place.
//!
//! Sealed data is a version byte, a random 24-byte nonce and the ciphertext of
//! XChaCha20-Poly1305. Nonces of that length can be random without a practical
//! limit on the number of records.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::error::StoreError;
use super::key::Key;

const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;

/// Encrypts plaintext for one place.
///
/// # Errors
/// If the operating system returns no random numbers.
pub(super) fn seal(key: &Key, place: &[u8], text: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0; NONCE_LENGTH];
    getrandom::fill(&mut nonce).map_err(StoreError::Randomness)?;
    let payload = Payload { msg: text, aad: place };
    // Fails only for plaintext of 256 GiB or more.
    let encrypted = cipher(key).encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
    Ok([&[VERSION], &nonce[..], &encrypted].concat())
}

/// Decrypts data that was sealed with this key for this place.
pub(super) fn open(key: &Key, place: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (version, rest) = sealed.split_first()?;
    let (nonce, encrypted) = rest.split_first_chunk::<NONCE_LENGTH>()?;
    if *version != VERSION {
        return None;
    }
    let payload = Payload { msg: encrypted, aad: place };
    cipher(key).decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

/// Returns the nonce of sealed data, which is different each time.
pub(super) fn nonce(sealed: &[u8]) -> &[u8] {
    sealed.get(1..=NONCE_LENGTH).unwrap_or_default()
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
        Key::from_base64(&text).unwrap()
    }

    #[test]
    fn opens_only_unchanged_text_with_the_same_key_and_place() {
        let sealed = seal(&key(1), b"here", b"text").unwrap();
        assert_eq!(**open(&key(1), b"here", &sealed).unwrap(), *b"text");
        assert!(open(&key(2), b"here", &sealed).is_none());
        assert!(open(&key(1), b"there", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&key(1), b"here", &changed).is_none(), "byte {at}");
            assert!(open(&key(1), b"here", &sealed[..at]).is_none(), "{at} bytes");
        }
    }

    #[test]
    fn sealing_the_same_text_twice_gives_different_results() {
        let [one, two] = [(); 2].map(|()| seal(&key(1), b"here", b"text").unwrap());
        assert_ne!(one[1..25], two[1..25]);
        assert_ne!(one[25..], two[25..]);
    }

    /// draft-irtf-cfrg-xchacha-03, A.3.1.
    #[test]
    fn decrypts_the_published_test_vector() {
        let bytes = |text: &str| -> Vec<u8> {
            let digits: Vec<char> = text.chars().collect();
            let pair = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
            digits.chunks(2).map(pair).collect()
        };
        use base64::Engine;
        let key = bytes("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
        let key = base64::engine::general_purpose::STANDARD.encode(key);
        let key = Key::from_base64(&key).unwrap();
        let nonce = bytes("404142434445464748494a4b4c4d4e4f5051525354555657");
        let encrypted = bytes(concat!(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb",
            "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452",
            "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9",
            "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
        ));
        let sealed = [&[VERSION], &nonce[..], &encrypted].concat();
        let text = open(&key, &bytes("50515253c0c1c2c3c4c5c6c7"), &sealed).unwrap();
        assert!(text.starts_with(b"Ladies and Gentlemen of the class of '99"));
    }
}
