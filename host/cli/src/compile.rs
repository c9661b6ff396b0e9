//! Compiling components in a separate process with limits on time and memory.
//! A malicious component can make compilation take forever.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use connector_host::{Host, HostOptions};

use super::error::Error;

/// The limit on CPU time in seconds. The largest known component takes a quarter
/// of it.
const MAX_CPU_TIME: u64 = 90;
/// The limit on elapsed time, which is longer on a busy machine.
const MAX_TIME: Duration = Duration::from_secs(600);
/// The limit on memory in bytes.
const MAX_MEMORY: u64 = 2 << 30;
/// The interval for checking whether the process has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Compiles a component into the cache, in a separate process.
///
/// # Errors
/// If it exceeds a limit.
pub fn in_separate_process(file: &Path) -> Result<(), Error> {
    let failed = |why: String| Error::Usage {
        message: format!("cannot compile {}: {why}", file.display()),
        hint: None,
    };
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut compiler = Command::new(program);
    // Keeps only the variables that locate the cache. Others may contain secrets,
    // and the component may be malicious.
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
    let started = Instant::now();
    loop {
        match compiler.try_wait() {
            // If the component is invalid, loading it reports the error.
            Ok(Some(status)) if status.code().is_some() => return Ok(()),
            // Killed by a signal: it exceeded a limit, or the system ran out of memory.
            Ok(Some(_)) => {
                return Err(failed(format!(
                    "compilation exceeded {MAX_CPU_TIME} s of CPU time or {} MiB of memory",
                    MAX_MEMORY >> 20
                )));
            }
            Ok(None) if started.elapsed() < MAX_TIME => thread::sleep(POLL_INTERVAL),
            Ok(None) => {
                let _ = compiler.kill();
                let _ = compiler.wait();
                return Err(failed(format!("compilation exceeded {} s", MAX_TIME.as_secs())));
            }
            Err(error) => return Err(failed(error.to_string())),
        }
    }
}

/// Compiles a component into the cache: the main function of the separate
/// process.
pub fn compile(file: &Path) -> Result<(), Error> {
    limit();
    let host = Host::new(HostOptions { concurrent_runs: 1, ..HostOptions::default() })?;
    // The parent process reports errors when it loads the component.
    let _ = host.load_file(file);
    Ok(())
}

#[cfg(unix)]
fn limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    for (resource, max) in [(Resource::Data, MAX_MEMORY), (Resource::Cpu, MAX_CPU_TIME)] {
        let _ = setrlimit(resource, Rlimit { current: Some(max), maximum: Some(max) });
    }
}

#[cfg(not(unix))]
fn limit() {}
