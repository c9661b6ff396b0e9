//! Lists the files of the page for `src/page.rs`. If the page is not bundled
//! yet, the list is empty, and the service reports that.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    // <target>/release/build/connector-serve-…/out
    let page = out.ancestors().nth(4).unwrap_or(Path::new("")).join("ui/dist");
    println!("cargo::rerun-if-changed={}", page.display());
    let mut list = String::from("&[");
    for (name, path) in [files(&page, ""), files(&page.join("assets"), "assets/")].concat() {
        println!("cargo::rerun-if-changed={}", path.display());
        let _ = write!(list, "({name:?}, include_bytes!({path:?})),");
    }
    list.push(']');
    if let Err(error) = fs::write(out.join("page.rs"), list) {
        println!("cargo::error=cannot write the list of the page's files: {error}");
    }
}

/// The files of a folder, sorted, with their names in the page.
fn files(folder: &Path, prefix: &str) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .filter_map(|path| Some((format!("{prefix}{}", path.file_name()?.to_str()?), path)))
        .collect();
    files.sort();
    files
}
