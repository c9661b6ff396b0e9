//! A constant in place of random numbers, which a sandbox does not have. The
//! crate seeds its hash maps with it. An attacker who crafts colliding keys only
//! uses up the time of their own run.
#![allow(unsafe_code, reason = "`getrandom` expects this symbol")]

use getrandom03::Error;

#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(start: *mut u8, length: usize) -> Result<(), Error> {
    // SAFETY: `getrandom` passes a buffer of this length.
    unsafe { start.write_bytes(0x5a, length) };
    Ok(())
}
