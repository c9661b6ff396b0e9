//! A stand-in for random numbers, which a sandbox does not have. The crate seeds
//! its hash maps with them; anyone who finds colliding keys wastes only their own
//! time.
#![allow(unsafe_code, reason = "the symbol that `getrandom` looks for")]

use getrandom03::Error;

#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(start: *mut u8, length: usize) -> Result<(), Error> {
    // SAFETY: `getrandom` passes a buffer of this length.
    unsafe { start.write_bytes(0x5a, length) };
    Ok(())
}
