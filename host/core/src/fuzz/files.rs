//! File names and IDs: whatever they are, files stay in their folder.

use std::fs;
use std::io::Write;
use std::path::{Component, Path};

use fuzzing::{mutated_text, try_all};
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use serde_json::json;

use crate::contract::FileEntry;
use crate::contract::file_entry::safe_name;
use crate::files::FileStore;

const NAMES: &[&str] = &[
    "speech.mp3",
    "../../etc/passwd",
    "C:\\Windows\\evil.exe",
    ".bashrc",
    "CON",
    "nul.tar.gz",
    "com1 .txt",
    "LPT³",
    "name:stream",
    "Grüße 1.wav",
    "a. . .",
    "conin$",
    "talk.wav ",
];

const WORDS: &[&str] = &[
    "/",
    "\\",
    "..",
    ".",
    " ",
    ":",
    "\0",
    "\r\n",
    "%2f",
    "~",
    "CON",
    "aux",
    "com",
    "lpt9",
    "¹",
    "😀",
    "ß",
    "İ",
    "\u{202e}",
    "\u{feff}",
    "ﬀ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "音音音音音音",
];

/// Names that Windows reserves, compared with the name up to the first dot.
const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

fn names() -> impl Strategy<Value = String> {
    let long = "[a-z音😀. /]{100,400}";
    prop_oneof![3 => mutated_text(NAMES, WORDS), 1 => long, 1 => any::<String>()]
}

#[test]
fn every_name_is_one_part_of_a_path() {
    let folder = tempfile::tempdir().unwrap();
    try_all(file!(), 15_000, &names(), |given| {
        let name = safe_name(&given);
        let parts: Vec<Component> = Path::new(&name).components().collect();
        assert!(matches!(parts.as_slice(), [Component::Normal(part)] if **part == *name), "{name}");
        assert!(!name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']), "{name:?}");
        assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']), "{name:?}");
        assert!(!name.chars().any(char::is_control), "{name:?}");
        assert!(name.len() <= 255 - "-4294967295".len(), "{} bytes", name.len());
        let stem = name.split('.').next().unwrap().trim_end().to_uppercase();
        let is_port = |kind: &str| {
            let number = stem.strip_prefix(kind).filter(|number| number.chars().count() == 1);
            number.is_some_and(|number| "0123456789¹²³".contains(number))
        };
        assert!(!DEVICES.contains(&stem.as_str()), "{name:?} is a device");
        assert!(!is_port("COM") && !is_port("LPT"), "{name:?} is a port");
        assert_eq!(safe_name(&name), name, "a safe name is unchanged");

        let path = folder.path().join(&name);
        assert_eq!(path.parent(), Some(folder.path()));
        fs::write(&path, b"x").unwrap();
        fs::remove_file(&path).unwrap();
    });
}

#[test]
fn a_stored_file_is_found_by_its_id_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("files"), "/files/");
    let secret = folder.path().join("secret");
    fs::create_dir(&secret).unwrap();
    fs::write(secret.join("key"), b"k").unwrap();
    let ids = prop_oneof!["(\\.\\./|file_|[0-9a-f]{0,34}|/|\\PC){0,4}", "file_[0-9a-fA-Fg/.]{32}"];
    try_all(file!(), 500, &(names(), ids), |(name, id)| {
        let mut file = store.create(&name, "text/plain").unwrap();
        file.write_all(b"content").unwrap();
        let kept = file.keep().unwrap();
        assert!(kept.path.starts_with(folder.path().join("files")), "{:?}", kept.path);
        assert_eq!(kept.path.file_name().unwrap().to_str().unwrap(), kept.entry.name);
        let found = store.find_by_url(&kept.entry.url).unwrap();
        assert_eq!((found.path, found.entry.name), (kept.path, kept.entry.name));
        assert!(store.find(&id).is_none(), "{id}");
        assert!(!store.remove(&id).unwrap(), "{id}");
        assert!(store.remove(kept.entry.url.strip_prefix("/files/").unwrap()).unwrap());
        assert!(secret.join("key").is_file());
    });
}

#[test]
fn reading_a_handle_again_does_not_change_it() {
    let urls = prop_oneof!["file:///[ -~ä]{0,20}", "/files/file_[0-9a-f]{32}", any::<String>()];
    let inputs = (urls, names(), any::<Option<String>>(), any::<Option<String>>());
    try_all(file!(), 10_000, &inputs, |(url, name, extension, mime_type)| {
        let given = json!({
            "url": url, "name": name, "extension": extension, "mimeType": mime_type,
        });
        let Some(entry) = FileEntry::from_json(&given) else {
            assert_eq!(url, "");
            return;
        };
        assert_eq!(entry.url, url);
        assert!(![&entry.name, &entry.extension, &entry.mime_type].contains(&&String::new()));
        assert_eq!(FileEntry::from_json(&json!(entry)), Some(entry));
    });
}
