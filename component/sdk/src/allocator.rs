//! The global allocator for components.
//!
//! It starts with memory that is part of the instance. The standard library's
//! allocator grows the memory immediately, which costs the host two system
//! calls per run: more than the rest of a short action.
#![allow(unsafe_code, reason = "an allocator manages raw memory")]

use std::alloc::Layout;
use std::arch::wasm32::memory_grow;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// The size of the initial heap, in bytes: more than most runs need.
const FIRST: usize = 256 << 10;
/// The size of a WebAssembly page, in bytes.
const PAGE: usize = 64 << 10;

#[global_allocator]
static ALLOCATOR: TalcSyncCell<Memory, WasmBinning> = TalcSyncCell::new_wasm(Memory { end: None });

/// The source of the allocator's memory.
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
            // SAFETY: nothing else uses this memory, and it is claimed only once.
            talc.source.end =
                Some(unsafe { talc.claim((&raw mut MEMORY).cast(), FIRST) }.ok_or(())?);
            return Ok(());
        };
        // One more page for the metadata of the heap.
        let pages = (layout.size() + layout.align()).div_ceil(PAGE) + 1;
        let start = memory_grow::<0>(pages);
        if start == usize::MAX {
            return Err(());
        }
        let start = std::ptr::without_provenance_mut::<u8>(start * PAGE);
        // SAFETY: the memory is new. A heap that ends where the new memory
        // starts is the one that was claimed last.
        talc.source.end = unsafe {
            if end.as_ptr() == start {
                Some(talc.extend(end, start.wrapping_add(pages * PAGE)))
            } else {
                talc.claim(start, pages * PAGE)
            }
        };
        talc.source.end.map(drop).ok_or(())
    }
}
