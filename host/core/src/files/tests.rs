use std::fs;

use super::granted::file_url;
use super::*;
use crate::budget::{Account, Limits, MAX_FILES};
use crate::contract::file_entry::{MAX_NAME, safe_name};
use crate::contract::{FailureKind, FileEntry};

fn files_of(files: &Files, file_bytes: u64) -> RunFiles {
    let account = Account::new(&Limits { file_bytes, ..Limits::default() });
    RunFiles::new(Some(files.clone()), Vec::new(), SharedFiles::default(), account)
}

#[test]
fn a_name_stays_in_its_folder() {
    for (given, kept) in [
        ("speech.mp3", "speech.mp3"),
        ("../../etc/passwd", "passwd"),
        ("..", "file"),
        ("", "file"),
        ("/", "file"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        ("a\r\nb\0.mp3", "ab.mp3"),
        (".bashrc", "bashrc"),
        ("..%2f..%2fx", "%2f..%2fx".replace('%', "_").trim_start_matches('.')),
        ("name:stream", "name_stream"),
        ("Grüße 1.wav", "Grüße 1.wav"),
        ("talk. .wav", "talk. .wav"),
        ("notes. . ", "notes"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("com1 .txt", "_com1 .txt"),
        ("LPT³.txt", "_LPT³.txt"),
        ("console.txt", "console.txt"),
        // A connector must not create files that control connectors.
        ("connectors.lock", "_connectors.lock"),
        ("a/Connectors.Lock", "_Connectors.Lock"),
        ("x.wasm", "x.wasm.bin"),
        ("X.WASM. ", "X.WASM.bin"),
    ] {
        assert_eq!(safe_name(given), kept, "{given:?}");
    }
}

/// A component is recognized both by its name and by its content.
#[test]
fn a_run_cannot_store_a_component() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["x", "x.bin", "x.wasm", "x.txt"] {
        let mut run = files_of(&Files::new(dir.path()), 1_000);
        let mut file = run.create(name, "application/wasm").unwrap();
        file.write_all(b"\0asm\x0d\0\x01\0").unwrap();
        file.name_by_content().unwrap();
        let entry = file.keep(&mut run).unwrap();
        assert!(!entry.name.to_lowercase().ends_with(".wasm"), "{}", entry.name);
        run.keep_all();
    }
}

#[test]
fn a_long_name_is_truncated_before_its_extension() {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("{}.wav", "😀音".repeat(120));
    for _ in 0..2 {
        let mut run = files_of(&Files::new(dir.path()), 1_000);
        let mut file = run.create(&name, "audio/wav").unwrap();
        file.write_all(b"RIFF").unwrap();
        let entry = file.keep(&mut run).unwrap();
        assert!(entry.name.ends_with(".wav") && entry.name.len() <= 255, "{}", entry.name);
        run.keep_all();
    }
    assert_eq!(safe_name(&"a".repeat(300)), "a".repeat(MAX_NAME));
    assert_eq!(safe_name(&format!("a.{}", "b".repeat(300))).len(), MAX_NAME);
}

#[test]
fn a_kept_file_does_not_replace_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = files_of(&Files::new(dir.path()), 1_000);
    let mut names = Vec::new();
    for content in ["one", "two", "three"] {
        let mut file = run.create("speech.mp3", "audio/mpeg").unwrap();
        file.write_all(content.as_bytes()).unwrap();
        names.push(file.keep(&mut run).unwrap().name);
    }
    run.keep_all();
    assert_eq!(names, ["speech.mp3", "speech-2.mp3", "speech-3.mp3"]);
    assert_eq!(fs::read_to_string(dir.path().join("speech-2.mp3")).unwrap(), "two");
}

#[test]
fn limits_the_total_size_and_number_of_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = files_of(&Files::new(dir.path()), 10);
    let mut first = run.create("a", "text/plain").unwrap();
    first.write_all(b"seven b").unwrap();
    first.keep(&mut run).unwrap();
    let mut second = run.create("b", "text/plain").unwrap();
    second.write_all(b"two").unwrap();
    let failure = second.write_all(b"!").unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge);
    assert_eq!(failure.message, "a run may store at most 10 bytes in files");
    // A file that is not kept does not count.
    drop(second);
    let mut third = run.create("c", "text/plain").unwrap();
    third.write_all(b"two").unwrap();
    third.keep(&mut run).unwrap();
    for count in 2..MAX_FILES {
        run.create(&format!("{count}"), "text/plain").unwrap().keep(&mut run).unwrap();
    }
    let Err(failure) = run.create("one more", "text/plain") else { panic!("it was created") };
    assert_eq!(failure.kind, FailureKind::TooLarge);
}

#[test]
fn a_file_that_is_not_kept_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let run = files_of(&Files::new(dir.path()), 1_000);
    let mut file = run.create("speech.mp3", "audio/mpeg").unwrap();
    file.write_all(b"half").unwrap();
    drop(file);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_unreported_file_is_removed_with_its_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = FileStore::new(dir.path().join("store"), "/files/");
    for files in [Files::new(dir.path().join("folder")), Files::stored(store)] {
        let run_of_two = |report_one: bool| {
            let mut run = files_of(&files, 1_000);
            let mut make = || {
                let mut file = run.create("speech.mp3", "audio/mpeg").unwrap();
                file.write_all(b"content").unwrap();
                let entry = file.keep(&mut run).unwrap();
                let path = run.stored.last().unwrap().path.clone();
                (entry, path)
            };
            let (one, two) = (make(), make());
            if report_one {
                run.reported(&one.0);
            }
            (run, one.1, two.1)
        };
        let (run, one, two) = run_of_two(true);
        drop(run);
        assert!(one.exists() && !two.exists());
        let (run, one, two) = run_of_two(false);
        run.keep_all();
        assert!(one.exists() && two.exists());
    }
}

#[test]
fn an_input_may_name_only_granted_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wav");
    fs::write(&path, "RIFF").unwrap();
    let files = Files::new(dir.path());
    let entry = FileEntry::named("a.wav", &file_url(&path).unwrap());
    let refused = || files.open(&entry).err().unwrap();
    assert!(refused().contains("not among the files"));
    assert_eq!(files.grant(&path).unwrap(), entry);
    assert_eq!(files.open(&entry).ok().unwrap().content.size(), 4);
    let url = format!("file://{}/./a.wav", dir.path().display());
    assert!(files.open(&FileEntry::named("a.wav", &url)).is_ok());
    let call = files.for_call();
    assert!(call.open(&entry).is_err());
    call.grant_url(&url).unwrap();
    assert!(call.open(&FileEntry::named("a.wav", &url)).is_ok());
}

#[test]
fn reads_the_granted_file_even_if_another_replaces_it() {
    let dir = tempfile::tempdir().unwrap();
    let [path, secret] = ["a.wav", "secret"].map(|name| dir.path().join(name));
    fs::write(&path, "RIFF").unwrap();
    fs::write(&secret, "secret").unwrap();
    let files = Files::new(dir.path().join("out"));
    let entry = files.grant(&path).unwrap();
    let mut run = files_of(&files, 1_000);
    let mut file = run.create("b.txt", "text/plain").unwrap();
    file.write_all(b"own").unwrap();
    let stored = file.keep(&mut run).unwrap();
    for path in [path, run.stored[0].path.clone()] {
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&secret, &path).unwrap();
    }
    assert_eq!(files.open(&entry).ok().unwrap().read(0, 100).unwrap(), b"RIFF");
    assert_eq!(run.open(&stored).err().unwrap().kind, FailureKind::NotFound);
}

#[test]
fn a_handle_can_be_built_from_its_url() {
    let entry = FileEntry::from_json(&serde_json::json!({"url": "file:///tmp/My%20Talk.MP3"}));
    let entry = entry.unwrap();
    assert_eq!(entry.name, "My Talk.MP3");
    assert_eq!(entry.extension, "mp3");
    assert_eq!(entry.mime_type, "audio/mpeg");
}
