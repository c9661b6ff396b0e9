//! The allocator of components.
//!
//! It begins with memory that an instance has from the start. That of the
//! standard library asks for more at once, and a memory that grows costs the
//! host two system calls for each run: more than the rest of a short action.
#![allow(unsafe_code, reason = "an allocator hands out memory")]

use std::alloc::Layout;
use std::arch::wasm32::memory_grow;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// What is there from the start: more than the usual run needs.
const FIRST: usize = 256 << 10;
/// A page of WebAssembly.
const PAGE: usize = 64 << 10;

#[global_allocator]
static ALLOCATOR: TalcSyncCell<Memory, WasmBinning> = TalcSyncCell::new_wasm(Memory { end: None });

/// Where the allocator has its memory from.
#[derive(Debug)]
struct Memory {
    /// The end of the last heap.
    end: Option<NonNull<u8>>,
}

// SAFETY: nothing here allocates.
unsafe impl Source for Memory {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        static mut MEMORY: [MaybeUninit<u8>; FIRST] = [MaybeUninit::uninit(); FIRST];

        let Some(end) = talc.source.end else {
            // SAFETY: nothing else uses this memory, and this is done once.
            talc.source.end =
                Some(unsafe { talc.claim((&raw mut MEMORY).cast(), FIRST) }.ok_or(())?);
            return Ok(());
        };
        // Room for what the heap keeps beside what is asked for.
        let pages = (layout.size() + layout.align()).div_ceil(PAGE) + 1;
        let start = memory_grow::<0>(pages);
        if start == usize::MAX {
            return Err(());
        }
        let start = std::ptr::without_provenance_mut::<u8>(start * PAGE);
        // SAFETY: the memory is new, and the heap that ends where it starts is
        // the one that was claimed last.
        talc.source.end = unsafe {
            match end.as_ptr() == start {
                true => Some(talc.extend(end, start.wrapping_add(pages * PAGE))),
                false => talc.claim(start, pages * PAGE),
            }
        };
        talc.source.end.map(drop).ok_or(())
    }
}
