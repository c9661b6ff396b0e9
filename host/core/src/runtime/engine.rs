//! The wasmtime configuration, with a reason for each setting.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures,
};

use crate::budget::MAX_INSTANCES;
use crate::runtime::backtrace::MAX_FRAMES;

/// How often running guests check their deadline and cancellation.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The memory that a free slot keeps mapped instead of returning it to the
/// system: about as much as one run of a connector touches.
const KEEP_RESIDENT: usize = 256 * 1024;

/// The maximum number of parts of a component: one core module with its memory, and
/// the small modules that wasm-tools adds to adapt it, each with its table.
pub(crate) const CORE_INSTANCES: u32 = 4;
pub(crate) const MEMORIES: u32 = 1;
pub(crate) const TABLES: u32 = 4;

/// Proposals that no guest language needs by default.
const NOT_NEEDED: WasmFeatures = WasmFeatures::MEMORY64
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::GC)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES);

/// The sizes that the engine is configured for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineOptions {
    /// The maximum number of concurrent runs.
    pub concurrent_runs: u32,
    /// The maximum linear memory of one instance, in bytes.
    pub max_memory: usize,
    /// The stack for guest code, in bytes. Less than the stack of the run's thread.
    pub max_stack: usize,
}

/// Creates the engine and starts its clock.
pub(crate) fn engine(options: EngineOptions) -> wasmtime::Result<Engine> {
    // The pool reserves address space for every slot. If that is scarce (because
    // of `ulimit -v` or a small container), instances are allocated on demand.
    let on_demand = config(options.max_stack);
    let mut pooling = on_demand.clone();
    pooling.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)));
    let engine = Engine::new(&pooling).or_else(|_| Engine::new(&on_demand))?;
    start_clock(&engine)?;
    Ok(engine)
}

/// The configuration that all guests share.
pub(crate) fn config(max_stack: usize) -> Config {
    let mut config = Config::new();
    // The guest's exports and the host's functions are synchronous: a run blocks
    // its thread. Concurrency support would make each call slower.
    config.concurrency_support(false);
    // Guests are stopped through the epoch, which they check at loop heads and
    // function entries.
    config.epoch_interruption(true);
    config.max_wasm_stack(max_stack);
    // A trap is reported with function names. Addresses would not help anyone.
    config.wasm_backtrace_max_frames(NonZeroUsize::new(MAX_FRAMES));
    config.generate_address_map(false);
    // Features that no connector needs are off, so an update of wasmtime cannot
    // enable them.
    config.wasm_features(NOT_NEEDED, false);
    config
}

/// A pool of slots that are created once and reset between runs, which is much
/// cheaper than mapping memory again. A component that needs more than its share
/// is not loaded, because it would take slots from other runs.
fn pool(options: EngineOptions) -> PoolingAllocationConfig {
    // Each run has slots for the instances that its functions start. The four
    // extra ones are for describing a connector while all others are in use.
    let runs = options.concurrent_runs.saturating_mul(MAX_INSTANCES);
    let instances = runs.saturating_add(4);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES))
        .max_memory_size(options.max_memory)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        // Since Linux 6.7 the kernel reports which pages were written, and only
        // those are reset.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Advances the epoch until the engine is dropped. The reference to the engine is
/// weak, so dropping a host leaves no thread behind.
pub(crate) fn start_clock(engine: &Engine) -> wasmtime::Result<()> {
    let engine = engine.weak();
    thread::Builder::new().name("connector-clock".to_owned()).spawn(move || {
        loop {
            thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    })?;
    Ok(())
}
