//! Compiling in a process of its own, with an end to its time and memory: a
//! component can be made so that compiling it takes forever.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use connector_host::{Host, HostOptions};

use super::error::Error;

/// The most processor time that compiling may take, in seconds. The largest known
/// component takes a quarter of it.
const PROCESSOR_TIME: u64 = 90;
/// The most time, on a machine that does other work.
const TIME: Duration = Duration::from_secs(600);
/// The most memory, in bytes.
const MEMORY: u64 = 2 << 30;
/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Compiles a component into the cache, in another process.
///
/// # Errors
/// If that takes too long or too much.
pub fn in_other_process(file: &Path) -> Result<(), Error> {
    let failed = |why: String| Error::Usage {
        message: format!("{} cannot be compiled: {why}", file.display()),
        hint: None,
    };
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut compiler = Command::new(program);
    // Of the environment, where the cache is: the rest holds secrets, and this
    // process is for components that may be hostile.
    compiler.env_clear();
    for name in ["HOME", "XDG_CACHE_HOME"] {
        compiler.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    let mut compiler = compiler
        .arg("compile")
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let begun = Instant::now();
    loop {
        match compiler.try_wait() {
            // What is wrong with the component says whoever loads it next.
            Ok(Some(status)) if status.code().is_some() => return Ok(()),
            // It was ended by a signal: of its limits, or for memory.
            Ok(Some(_)) => {
                return Err(failed(format!(
                    "it takes more than {PROCESSOR_TIME} s of processor time or {} MiB of memory",
                    MEMORY >> 20
                )));
            }
            Ok(None) if begun.elapsed() < TIME => thread::sleep(LOOK),
            Ok(None) => {
                let _ = compiler.kill();
                let _ = compiler.wait();
                return Err(failed(format!("it takes longer than {} s", TIME.as_secs())));
            }
            Err(error) => return Err(failed(error.to_string())),
        }
    }
}

/// That other process.
pub fn compile(file: &Path) -> Result<(), Error> {
    limit();
    let host = Host::new(HostOptions { concurrent_runs: 1, ..HostOptions::default() })?;
    // Whether it is a connector is found out later.
    let _ = host.load_file(file);
    Ok(())
}

#[cfg(unix)]
fn limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    for (resource, most) in [(Resource::Data, MEMORY), (Resource::Cpu, PROCESSOR_TIME)] {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

#[cfg(not(unix))]
fn limit() {}
