//! Random numbers, of which there are none in a sandbox. The crate seeds its
//! hash maps with them; who finds keys that collide uses up their own time.
#![allow(unsafe_code, reason = "the symbol that `getrandom` looks for")]

use getrandom03::Error;

#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(start: *mut u8, length: usize) -> Result<(), Error> {
    // SAFETY: `getrandom` passes a buffer of this length.
    unsafe { start.write_bytes(0x5a, length) };
    Ok(())
}
