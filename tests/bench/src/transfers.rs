//! Many concurrent transfers of large audio files.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use connector_tests::process::Process;
use serde_json::{Value, json};

use crate::clients::{Client, client};

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The direction of a transfer.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Direction {
    /// A transcription.
    Up,
    /// Speech.
    Down,
}

/// The memory per transfer in KB, and the total throughput in MB per second.
pub fn transfers(
    name: &str,
    base_url: &str,
    direction: Direction,
    count: u32,
    bytes: u64,
) -> Value {
    let client = client(name, base_url, count);
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("talk.wav");
    if let Direction::Up = direction {
        write_wav(&recording, bytes).unwrap();
    }
    let transfer = || match direction {
        Direction::Up => assert_eq!(client.transcribe(&recording), "Good morning."),
        Direction::Down => download(&*client, folder.path(), bytes),
    };
    transfer();
    let idle = Process::own().figures().own_memory;
    let (peak, took) = watched(|| {
        let started = Instant::now();
        thread::scope(|scope| (0..count).for_each(|_| drop(scope.spawn(transfer))));
        started.elapsed()
    });
    json!({
        "kilobytes": peak.saturating_sub(idle) as f64 * 1.024 / f64::from(count),
        "rate": bytes as f64 * f64::from(count) / 1e6 / took.as_secs_f64(),
    })
}

fn download(client: &dyn Client, folder: &Path, bytes: u64) {
    let path = client.speak(folder);
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
    fs::remove_file(path).unwrap();
}

/// The peak memory of this process during the work, in KiB.
fn watched<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut peak = 0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(Process::own().figures().own_memory);
                thread::sleep(POLL_INTERVAL);
            }
            peak
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        (watcher.join().unwrap(), result)
    })
}

/// Silence: 24 kHz, 16 bit, mono.
fn write_wav(path: &Path, bytes: u64) -> io::Result<()> {
    let body = u32::try_from(bytes).unwrap() - 44;
    let mut wav = Vec::from(*b"RIFF");
    wav.extend((body + 36).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(24_000_u32.to_le_bytes());
    wav.extend(48_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(body.to_le_bytes());
    fs::write(path, wav)?;
    fs::File::options().write(true).open(path)?.set_len(bytes)
}
