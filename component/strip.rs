//! Takes the custom sections out of a component and out of the modules in it:
//! names of its parts and of the programs that made it, which nothing reads,
//! and the linker has no switch for leaving them out.
//!
//! Usage: strip FROM TO. A section is its number, its length in LEB128, and
//! its content (the component model's binary format, "Binary.md").

use std::{env, fs, process};

/// The magic number and the version in front of the first section.
const PREAMBLE: usize = 8;
/// What the preamble of a component ends in; that of a module ends in zeros.
const COMPONENT: u8 = 1;
/// The number of custom sections.
const CUSTOM: u8 = 0;
/// The number of sections of a component that are modules.
const MODULE: u8 = 1;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [from, to] = arguments.as_slice() else { fail("usage: strip FROM TO") };
    let component = fs::read(from).unwrap_or_else(|error| fail(&format!("{from}: {error}")));
    let Some(stripped) = stripped(&component) else { fail(&format!("{from} is no component")) };
    fs::write(to, stripped).unwrap_or_else(|error| fail(&format!("{to}: {error}")));
}

fn fail(message: &str) -> ! {
    eprintln!("strip: {message}");
    process::exit(1);
}

fn stripped(component: &[u8]) -> Option<Vec<u8>> {
    let (preamble, mut rest) = component.split_at_checked(PREAMBLE)?;
    let is_component = preamble.get(6) == Some(&COMPONENT);
    let mut stripped = preamble.to_vec();
    while let [number, behind @ ..] = rest {
        let (length, digits) = leb128(behind)?;
        let (section, next) = rest.split_at_checked(1 + digits + length)?;
        if is_component && *number == MODULE {
            let module = self::stripped(section.get(1 + digits..)?)?;
            stripped.push(MODULE);
            push_leb128(&mut stripped, module.len());
            stripped.extend(module);
        } else if *number != CUSTOM {
            stripped.extend_from_slice(section);
        }
        rest = next;
    }
    Some(stripped)
}

/// An unsigned number, and how many bytes it takes.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        number |= usize::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return Some((number, index + 1));
        }
    }
    None
}

fn push_leb128(bytes: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    while 0x80 <= rest {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}
