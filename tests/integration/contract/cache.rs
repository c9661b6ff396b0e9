//! The cache of compiled components: used only if nobody else can have modified
//! it, and rebuilt if anything looks wrong. It never makes loading fail.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use connector_tests::command;
use connector_tests::nats::until;
use twox_hash::XxHash3_128;

use super::*;

struct Cached {
    dir: tempfile::TempDir,
    host: Host,
}

impl Cached {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache_dir = Some(dir.path().join("compiled"));
        let host = Host::new(HostOptions { cache_dir, ..HostOptions::default() }).unwrap();
        Self { dir, host }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("compiled")
    }

    /// Returns the name of the loaded connector.
    fn load(&self, wasm: &[u8]) -> String {
        let connector = self.host.load(wasm).unwrap();
        assert_serves(&connector);
        connector.descriptor().name.clone()
    }

    /// The only file in the cache.
    fn file(&self) -> PathBuf {
        let files: Vec<_> = fs::read_dir(self.folder()).unwrap().collect();
        let [Ok(file)] = files.as_slice() else { panic!("{files:?}") };
        file.path()
    }

    /// Loads `guest`, then replaces its cache entry with the compiled `other`,
    /// written as the host would write it. A host that trusts the cache
    /// mistakes one for the other.
    fn planted(&self) -> PathBuf {
        let other = self.swapped();
        let (compiled, _) = other.split_last_chunk::<16>().unwrap();
        let file = self.file();
        let name = file.file_name().unwrap().as_encoded_bytes();
        let checksum = XxHash3_128::oneshot(&[name, compiled].concat());
        fs::write(&file, [compiled, &checksum.to_le_bytes()].concat()).unwrap();
        file
    }

    /// Loads `guest`, then replaces its cache file with that of `other`.
    /// Returns the content of that file.
    fn swapped(&self) -> Vec<u8> {
        self.load(&named("other"));
        let other = fs::read(self.file()).unwrap();
        fs::remove_file(self.file()).unwrap();
        self.load(&named("guest"));
        fs::write(self.file(), &other).unwrap();
        other
    }
}

fn named(name: &str) -> Vec<u8> {
    Guest::good().named(name).build()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The inode number: it changes if the file is written again.
fn identity(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().ino()
}

/// Makes a file look unused for two months.
fn make_old(path: &Path) {
    let two_months = Duration::from_secs(60 * 24 * 3600);
    fs::File::open(path).unwrap().set_modified(SystemTime::now() - two_months).unwrap();
}

#[test]
fn the_second_load_uses_the_compiled_file() {
    let cached = Cached::new();
    cached.load(&named("guest"));
    let written = identity(&cached.file());
    cached.load(&named("guest"));
    assert_eq!(identity(&cached.file()), written);
}

#[test]
fn a_file_that_only_the_user_can_write_is_trusted() {
    let cached = Cached::new();
    cached.planted();
    assert_eq!(cached.load(&named("guest")), "other");
}

#[test]
fn only_the_user_can_access_the_cache() {
    let cached = Cached::new();
    cached.load(&named("guest"));
    assert_eq!(mode(&cached.folder()), 0o700);
    assert_eq!(mode(&cached.file()), 0o600);
}

#[test]
fn a_damaged_file_is_rebuilt() {
    let cached = Cached::new();
    cached.load(&named("guest"));
    let whole = fs::read(cached.file()).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        *bytes.get_mut(at).unwrap() ^= 1;
        bytes
    };
    let half = whole.get(..whole.len() / 2).unwrap().to_vec();
    for damaged in [
        flipped(0),
        flipped(40),
        flipped(whole.len() / 2),
        flipped(whole.len() - 1),
        half,
        Vec::new(),
        b"short".to_vec(),
        whole.get(..16).unwrap().to_vec(),
    ] {
        fs::write(cached.file(), &damaged).unwrap();
        let before = identity(&cached.file());
        assert_eq!(cached.load(&named("guest")), "guest");
        assert_ne!(identity(&cached.file()), before, "the file was not rewritten");
        assert_ne!(fs::read(cached.file()).unwrap(), damaged);
        let anew = identity(&cached.file());
        cached.load(&named("guest"));
        assert_eq!(identity(&cached.file()), anew, "the new file was not reused");
    }
}

#[test]
fn the_file_of_another_component_is_not_trusted() {
    let cached = Cached::new();
    let other = cached.swapped();
    assert_eq!(cached.load(&named("guest")), "guest");
    assert_ne!(fs::read(cached.file()).unwrap(), other, "the file was not rewritten");
}

#[test]
fn loads_even_if_the_folder_is_not_writable() {
    let cached = Cached::new();
    fs::create_dir(cached.folder()).unwrap();
    for mode in [0o500, 0o000, 0o200] {
        set_mode(&cached.folder(), mode);
        assert_eq!(cached.load(&named("guest")), "guest", "{mode:o}");
    }
    set_mode(&cached.folder(), 0o700);
}

#[test]
fn a_folder_that_others_can_write_to_is_not_trusted() {
    for open in [0o770, 0o707, 0o777] {
        let cached = Cached::new();
        cached.planted();
        set_mode(&cached.folder(), open);
        assert_eq!(cached.load(&named("guest")), "guest", "{open:o}");
    }
}

#[test]
fn a_file_that_others_can_write_to_is_not_trusted() {
    for open in [0o620, 0o602, 0o666] {
        let cached = Cached::new();
        let file = cached.planted();
        set_mode(&file, open);
        assert_eq!(cached.load(&named("guest")), "guest", "{open:o}");
        assert_eq!(mode(&cached.file()), 0o600);
    }
}

#[test]
fn a_link_is_not_followed() {
    let cached = Cached::new();
    let file = cached.planted();
    let elsewhere = cached.dir.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    let planted = fs::read(&elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert_eq!(cached.load(&named("guest")), "guest");
    assert!(!fs::symlink_metadata(cached.file()).unwrap().is_symlink());
    assert_eq!(fs::read(&elsewhere).unwrap(), planted, "the host wrote through the link");
}

#[test]
fn a_folder_that_is_a_link_is_not_followed() {
    let cached = Cached::new();
    cached.planted();
    let elsewhere = cached.dir.path().join("elsewhere");
    fs::rename(cached.folder(), &elsewhere).unwrap();
    symlink(&elsewhere, cached.folder()).unwrap();
    assert_eq!(cached.load(&named("guest")), "guest");
}

#[test]
fn loads_even_if_the_folder_cannot_be_created() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for cache_dir in [file.clone(), file.join("compiled")] {
        let cache_dir = Some(cache_dir);
        let host = Host::new(HostOptions { cache_dir, ..HostOptions::default() }).unwrap();
        assert_serves(&host.load(&named("guest")).unwrap());
    }
}

#[test]
fn a_rejected_component_is_rejected_again() {
    let cached = Cached::new();
    let endless = Guest::good().with("(func $describe (result i32) unreachable)").build();
    for _ in 0..2 {
        let Err(error) = cached.host.load(&endless) else { panic!("loaded an invalid component") };
        assert!(matches!(error, LoadError::Describe(_)), "{error:?}");
    }
    assert_eq!(cached.load(&named("guest")), "guest");
}

#[test]
fn files_unused_for_a_long_time_are_removed() {
    let cached = Cached::new();
    cached.load(&named("old"));
    let old = cached.file();
    make_old(&old);
    cached.load(&named("new"));
    assert!(!old.exists());
    let new = cached.file();
    // Loading a file counts as using it.
    make_old(&new);
    cached.load(&named("new"));
    cached.load(&named("newer"));
    assert!(new.exists());
}

/// Whether a process has no child processes, whichever of its threads started them.
fn has_no_children(id: u32) -> bool {
    let Ok(mut threads) = fs::read_dir(format!("/proc/{id}/task")) else { return false };
    threads.all(|thread| {
        let children = thread.unwrap().path().join("children");
        fs::read_to_string(children).is_ok_and(|children| children.is_empty())
    })
}

#[test]
fn files_in_use_by_another_process_are_kept() {
    let cached = Cached::new();
    let mut other = command(None);
    other.env("XDG_CACHE_HOME", cached.dir.path()).arg("mcp");
    let mut other = other.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let folder = cached.dir.path().join("connector/compiled");
    let used = until("the other process uses its compiled connector", || {
        let mut files = fs::read_dir(&folder).ok()?.map(|file| file.unwrap().path());
        let file =
            files.find(|file| file.extension().is_some_and(|extension| extension == "cwasm"))?;
        // The child process that compiled it locks it too; wait until that
        // process has exited.
        let is_used =
            has_no_children(other.id()) && fs::File::open(&file).ok()?.try_lock().is_err();
        is_used.then_some(file)
    });
    make_old(&used);
    let options = HostOptions { cache_dir: Some(folder), ..HostOptions::default() };
    let host = Host::new(options).unwrap();
    host.load(&named("one")).unwrap();
    assert!(used.exists());
    drop(other.stdin.take());
    other.wait().unwrap();
    host.load(&named("another")).unwrap();
    assert!(!used.exists());
}
