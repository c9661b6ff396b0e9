//! Recognizes file types by their content, and maps them to media types and
//! extensions.
//!
//! A name and a media type are only claims. Providers look at the content, and so
//! does the host, once, when a file is received or stored. Audio and its containers
//! are recognized here: the `infer` crate recognizes MPEG audio by two bytes that
//! raw samples often begin with, cannot distinguish audio from video in MP4, and
//! does not look past an ID3 tag.

use std::io::{self, Read, Seek, SeekFrom};

/// How much of a file is read, in bytes: enough for two frames of MPEG audio.
const HEAD: u64 = 4096;
/// The maximum number of ID3 tags that are skipped. Usually there is one.
const MAX_TAGS: usize = 4;

/// The media type of an unknown file.
pub(crate) const OCTET_STREAM: &str = "application/octet-stream";

/// A kind of file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Kind {
    /// The usual extension.
    pub extension: &'static str,
    /// The matching media type.
    pub mime_type: &'static str,
    /// Other extensions of such files, with their media types.
    also: &'static [(&'static str, &'static str)],
}

const fn kind(
    extension: &'static str,
    mime_type: &'static str,
    also: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { extension, mime_type, also }
}

const TEXT: Kind = kind("txt", "text/plain", &[]);
const SVG: Kind = kind("svg", "image/svg+xml", &[]);
const WAV: Kind = kind("wav", "audio/wav", &[]);
const FLAC: Kind = kind("flac", "audio/flac", &[]);
const AAC: Kind = kind("aac", "audio/aac", &[("adts", "audio/aac")]);
const MP3: Kind = kind(
    "mp3",
    "audio/mpeg",
    &[("mpga", "audio/mpeg"), ("mpeg", "audio/mpeg"), ("mp2", "audio/mpeg")],
);
const OGG: Kind =
    kind("ogg", "audio/ogg", &[("oga", "audio/ogg"), ("opus", "audio/ogg"), ("spx", "audio/ogg")]);
const VORBIS: Kind = kind("ogg", "audio/ogg", &[("oga", "audio/ogg")]);
const OGG_VIDEO: Kind = kind("ogv", "video/ogg", &[("ogg", "video/ogg")]);
const WEBM: Kind = kind("webm", "audio/webm", &[("weba", "audio/webm")]);
const WEBM_VIDEO: Kind = kind("webm", "video/webm", &[]);
const MATROSKA: Kind = kind("mka", "audio/x-matroska", &[]);
const MATROSKA_VIDEO: Kind = kind("mkv", "video/x-matroska", &[("mka", "audio/x-matroska")]);
const M4A: Kind = kind("m4a", "audio/mp4", &[("mp4", "audio/mp4"), ("m4b", "audio/mp4")]);
const MP4: Kind = kind("mp4", "video/mp4", &[("m4a", "audio/mp4"), ("m4v", "video/x-m4v")]);
/// Like QuickTime, a container of the MP4 family, also used with its extensions.
const THREE_GP: Kind = kind(
    "3gp",
    "video/3gpp",
    &[("3g2", "video/3gpp2"), ("mp4", "video/mp4"), ("m4a", "audio/mp4")],
);
const QUICKTIME: Kind =
    kind("mov", "video/quicktime", &[("mp4", "video/mp4"), ("m4a", "audio/mp4")]);
const MPEG: Kind = kind("mpeg", "video/mpeg", &[]);
const WMA: Kind = kind("wma", "audio/x-ms-wma", &[]);
const WMV: Kind = kind("wmv", "video/x-ms-wmv", &[("wma", "audio/x-ms-wma")]);

/// The kinds that are recognized here. `infer` recognizes the others.
const KINDS: &[Kind] = &[
    TEXT,
    SVG,
    WAV,
    FLAC,
    AAC,
    MP3,
    OGG,
    VORBIS,
    OGG_VIDEO,
    WEBM,
    WEBM_VIDEO,
    MATROSKA,
    MATROSKA_VIDEO,
    M4A,
    MP4,
    THREE_GP,
    QUICKTIME,
    MPEG,
    WMA,
    WMV,
];

impl Kind {
    /// Recognizes content by its signature. Some containers may hold audio or
    /// video; if the head does not show which, the `claimed` media type decides.
    pub fn of(mut content: impl Read + Seek, claimed: &str) -> io::Result<Option<Self>> {
        let mut head = head_at(&mut content, 0)?;
        let mut start = 0;
        let mut is_tagged = false;
        for _ in 0..MAX_TAGS {
            let Some(length) = tag_length(&head) else { break };
            is_tagged = true;
            start += length;
            head = head_at(&mut content, start)?;
        }
        let is_audio = top(&essence(claimed)) == "audio";
        let found = Self::of_head(&head, is_audio);
        // An ID3 tag precedes MPEG audio, and rarely anything else.
        let other = found.filter(|kind| matches!(*kind, FLAC | AAC | WAV));
        Ok(if is_tagged { other.or(Some(MP3)) } else { found })
    }

    fn of_head(head: &[u8], is_audio: bool) -> Option<Self> {
        let is = |at: usize, signature: &[u8]| {
            head.get(at..).is_some_and(|rest| rest.starts_with(signature))
        };
        if is(0, b"fLaC") {
            Some(FLAC)
        } else if (is(0, b"RIFF") || is(0, b"RF64")) && is(8, b"WAVE") {
            Some(WAV)
        } else if is(0, b"OggS") {
            Some(Self::of_ogg(head, is_audio))
        } else if is(0, b"\x1a\x45\xdf\xa3") {
            Some(Self::of_matroska(head, is_audio))
        } else if is(4, b"ftyp") {
            Some(Self::of_mp4(head, is_audio))
        } else if is(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11") {
            Some(if is_audio { WMA } else { WMV })
        } else if is(0, b"\0\0\x01\xba") || is(0, b"\0\0\x01\xb3") {
            Some(MPEG)
        } else if is_mpeg_audio(head) {
            Some(MP3)
        } else if is_adts(head) {
            Some(AAC)
        } else if is_svg(head) {
            Some(SVG)
        } else {
            inferred(head).or_else(|| is_text(head).then_some(TEXT))
        }
    }

    fn of_ogg(head: &[u8], is_audio: bool) -> Self {
        if contains(head, b"\x80theora") && !is_audio {
            OGG_VIDEO
        } else if contains(head, b"\x01vorbis") {
            VORBIS
        } else {
            OGG
        }
    }

    fn of_matroska(head: &[u8], is_audio: bool) -> Self {
        let mut codecs = ["V_VP", "V_AV", "V_MP"].iter();
        let is_video = !is_audio && codecs.any(|id| contains(head, id.as_bytes()));
        match (contains(head, b"matroska"), is_video) {
            (true, true) => MATROSKA_VIDEO,
            (true, false) => MATROSKA,
            (false, true) => WEBM_VIDEO,
            (false, false) => WEBM,
        }
    }

    fn of_mp4(head: &[u8], is_audio: bool) -> Self {
        // Images have their own brands: AVIF, HEIC and so on.
        let image = inferred(head).filter(|kind| top(kind.mime_type) == "image");
        match (head.get(8..11), image) {
            (_, Some(image)) => image,
            (Some(b"M4A" | b"M4B" | b"M4P"), _) => M4A,
            _ if is_audio => M4A,
            (Some(b"qt "), _) => QUICKTIME,
            (Some([b'3', b'g', _]), _) => THREE_GP,
            _ => MP4,
        }
    }

    /// The media type of a file of this kind with this extension, or `None` if such
    /// files do not have this extension.
    pub fn mime_type_as(&self, extension: &str) -> Option<&'static str> {
        let named = self.names().find(|(name, _)| *name == extension);
        if let Some((_, mime_type)) = named {
            return Some(mime_type);
        }
        // `infer` has one extension per kind: `jpg` but not `jpeg`.
        let guessed = mime_guess::from_ext(extension).first_raw();
        guessed.filter(|guessed| self.also.is_empty() && *guessed == self.mime_type)
    }

    /// The extensions of such files with their media types, the usual one
    /// first.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        [(self.extension, self.mime_type)].into_iter().chain(self.also.iter().copied())
    }

    /// The most common of these extensions that such files may have.
    pub fn extension_among<'a>(&self, extensions: &'a [String]) -> Option<&'a str> {
        let mut names = self.names();
        let listed = names.find_map(|(name, _)| extensions.iter().find(|other| *other == name));
        let has = |extension: &&String| self.mime_type_as(extension).is_some();
        listed.or_else(|| extensions.iter().find(has)).map(String::as_str)
    }

    /// Whether it is text without a signature.
    pub fn is_text(&self) -> bool {
        *self == TEXT
    }
}

/// Recognizes content with `infer`. Ignores its results for MPEG audio and AAC,
/// which it recognizes by only two bytes.
fn inferred(head: &[u8]) -> Option<Kind> {
    let found = infer::get(head)?;
    match found.mime_type() {
        "audio/mpeg" | "audio/aac" => None,
        mime_type => {
            let known = KINDS.iter().find(|kind| kind.mime_type == mime_type);
            Some(known.copied().unwrap_or(kind(found.extension(), mime_type, &[])))
        }
    }
}

fn head_at(content: &mut (impl Read + Seek), start: u64) -> io::Result<Vec<u8>> {
    content.seek(SeekFrom::Start(start))?;
    let mut head = Vec::new();
    content.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn contains(head: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(head, needle).is_some()
}

/// The length of an ID3v2 tag, including its header. Each byte of a size has seven
/// bits.
fn tag_length(head: &[u8]) -> Option<u64> {
    let rest = head.strip_prefix(b"ID3")?;
    let size = rest.get(3..7).unwrap_or_default();
    Some(10 + size.iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f)))
}

/// Whether the head begins with a frame of MPEG audio whose header has no reserved
/// values, followed by another frame if the head is long enough. Checking only the
/// first two bytes would match many raw samples.
fn is_mpeg_audio(head: &[u8]) -> bool {
    let [0xff, second, third, ..] = *head else { return false };
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    let (bit_rate, sample_rate) = (usize::from(third >> 4), usize::from(third >> 2 & 3));
    let is_valid =
        second & 0xe0 == 0xe0 && version != 1 && layer != 0 && bit_rate != 15 && sample_rate != 3;
    if !is_valid {
        return false;
    }
    let next = frame_length(version, layer, bit_rate, sample_rate, third >> 1 & 1)
        .and_then(|length| head.get(length..)?.get(..2));
    match next {
        Some([first, second]) => *first == 0xff && second & 0xe0 == 0xe0,
        _ => true,
    }
}

/// The length of a frame of MPEG audio, or `None` for a free bit rate.
fn frame_length(
    version: u8,
    layer: u8,
    bit_rate: usize,
    sample_rate: usize,
    padding: u8,
) -> Option<usize> {
    // In thousands of bits per second, for the indexes from 1 on.
    const LAYER_1: [usize; 14] =
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448];
    const LAYER_2: [usize; 14] = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
    const LAYER_3: [usize; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const LOW_1: [usize; 14] = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
    const LOW_2_AND_3: [usize; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let is_first_version = version == 3;
    let rates = match (is_first_version, layer) {
        (true, 3) => LAYER_1,
        (true, 2) => LAYER_2,
        (true, _) => LAYER_3,
        (false, 3) => LOW_1,
        (false, _) => LOW_2_AND_3,
    };
    let bit_rate = 1000 * rates.get(bit_rate.checked_sub(1)?)?;
    let sample_rate = [44_100, 48_000, 32_000].get(sample_rate)?;
    let sample_rate = match version {
        3 => *sample_rate,
        2 => sample_rate / 2,
        _ => sample_rate / 4,
    };
    let padding = usize::from(padding);
    Some(match layer {
        3 => (12 * bit_rate / sample_rate + padding) * 4,
        1 if !is_first_version => 72 * bit_rate / sample_rate + padding,
        _ => 144 * bit_rate / sample_rate + padding,
    })
}

/// Like [`is_mpeg_audio`] for AAC in ADTS, whose headers contain the frame length.
fn is_adts(head: &[u8]) -> bool {
    let [0xff, second, third, ..] = *head else { return false };
    if second & 0xf6 != 0xf0 || third >> 2 & 15 > 12 {
        return false;
    }
    let Some([fourth, fifth, sixth]) = head.get(3..6) else { return true };
    let length = usize::from(fourth & 3) << 11 | usize::from(*fifth) << 3 | usize::from(sixth >> 5);
    match head.get(length..).and_then(|next| next.get(..2)) {
        Some([first, second]) => *first == 0xff && second & 0xf6 == 0xf0,
        _ => true,
    }
}

/// Whether the head is an SVG document: the element `svg`, preceded only by
/// whitespace, declarations and comments. Its signature alone only shows that it is
/// XML.
fn is_svg(head: &[u8]) -> bool {
    let mut rest = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = match rest {
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'!', ..] => b">",
            [b'<', b's', b'v', b'g', next, ..] => {
                return next.is_ascii_whitespace() || matches!(next, b'>' | b'/');
            }
            _ => return false,
        };
        match memchr::memmem::find(rest, end) {
            Some(at) => rest = rest.get(at + end.len()..).unwrap_or_default(),
            None => return false,
        }
    }
}

/// Whether the bytes are text in UTF-8. The last character may be truncated.
fn is_text(head: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ' && !byte.is_ascii_whitespace();
    let is_utf8 = match str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    is_utf8 && !head.is_empty() && !head.iter().any(is_control)
}

/// Whether files of this type are audio, video, images or PDF documents that are
/// recognized by a signature. Other types have no signature, or, like archives,
/// share it with many formats.
fn has_signature(mime_type: &str) -> bool {
    let is_known = |kind: &Kind| kind.names().any(|(_, other)| other == mime_type);
    (is_media(mime_type) || mime_type == "application/pdf")
        && (KINDS.iter().any(is_known) || infer::is_mime_supported(mime_type))
}

/// Whether it is the type of an image, audio or video.
pub(crate) fn is_media(mime_type: &str) -> bool {
    matches!(top(mime_type), "image" | "audio" | "video")
}

fn top(mime_type: &str) -> &str {
    mime_type.split('/').next().unwrap_or_default()
}

/// The media type of a file, given its content and the `claimed` type. A signature
/// overrides the claim. Without one, as for raw samples or CSV, the claimed type
/// is used.
pub(crate) fn mime_type<'a>(kind: Option<Kind>, extension: &str, claimed: &'a str) -> &'a str {
    let essence = essence(claimed);
    let Some(kind) = kind else {
        return if has_signature(&essence) { OCTET_STREAM } else { claimed };
    };
    let found = kind.mime_type_as(extension).unwrap_or(kind.mime_type);
    let is_refuted = if has_signature(&essence) {
        true
    } else if is_media(&essence) {
        // Raw samples may look like the signature of something other than audio.
        top(&essence) == top(found) || top(found) == "text"
    } else {
        has_signature(found) || essence == OCTET_STREAM
    };
    if is_refuted { found } else { claimed }
}

/// Whether a file with this extension may have content of this kind. An archive may
/// be a document, and text may be CSV, but content that is not recognized as audio
/// is not audio.
pub(crate) fn may_have(extension: &str, kind: Option<Kind>) -> bool {
    let has_signature = || mime_guess::from_ext(extension).first_raw().is_some_and(has_signature);
    kind.is_none_or(|kind| kind.mime_type_as(extension).is_some() || !has_signature())
}

/// A media type in lower case and without parameters.
pub(crate) fn essence(mime_type: &str) -> String {
    mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The usual extension of files of a media type.
pub(crate) fn usual_extension(mime_type: &str) -> Option<&'static str> {
    let mime_type = essence(mime_type);
    let known = KINDS.iter().find(|kind| kind.mime_type == mime_type);
    if let Some(kind) = known {
        return Some(kind.extension);
    }
    // `audio/x-m4a` is not a registered type, but it contains the extension.
    let subtype = mime_type.split('/').nth(1).unwrap_or_default();
    let subtype = subtype.strip_prefix("x-").unwrap_or(subtype);
    let guessed = || mime_guess::get_mime_extensions_str(&mime_type).unwrap_or_default();
    let all = KINDS.iter().flat_map(Kind::names).map(|(extension, _)| extension);
    let mut all = all.chain(guessed().iter().copied());
    match mime_type.as_str() {
        OCTET_STREAM => None,
        _ => all.find(|extension| *extension == subtype).or_else(|| guessed().first().copied()),
    }
}

/// Sets the extension of a name. A suffix that is not a known extension is part of
/// the name and stays.
pub(crate) fn with_extension(name: &str, extension: &str) -> String {
    let is_known = |suffix: &str| {
        let suffix = suffix.to_lowercase();
        !mime_guess::from_ext(&suffix).is_empty()
            || KINDS.iter().flat_map(Kind::names).any(|(known, _)| known == suffix)
    };
    match name.rsplit_once('.') {
        Some((_, suffix)) if suffix.eq_ignore_ascii_case(extension) => name.to_owned(),
        Some((stem, suffix)) if !stem.is_empty() && is_known(suffix) => {
            format!("{stem}.{extension}")
        }
        _ => format!("{}.{extension}", name.trim_matches('.')),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn kind_of(content: &[u8], claimed: &str) -> Option<(&'static str, &'static str)> {
        let kind = Kind::of(Cursor::new(content), claimed).unwrap()?;
        Some((kind.extension, kind.mime_type))
    }

    /// An ID3 tag of this length, followed by `rest`.
    fn tagged(length: u8, rest: &[u8]) -> Vec<u8> {
        [b"ID3\x04\0\0\0\0", &[length / 128, length % 128][..], &vec![0; length.into()], rest]
            .concat()
    }

    fn joined(pieces: &[&[u8]]) -> Vec<u8> {
        pieces.concat()
    }

    #[test]
    fn recognizes_content_by_its_first_bytes() {
        let frame = joined(&[b"\xff\xfb\x90\x64", &[0; 413], b"\xff\xfb\x90\x64"]);
        let adts = joined(&[b"\xff\xf1\x50\x80\x02\x1f\xfc", &[0; 9], b"\xff\xf1\x50\x80"]);
        let matroska = joined(&[b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska"]);
        let opus = joined(&[b"OggS\0\x02", &[0; 22], b"OpusHead"]);
        for (content, extension, mime_type) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "png", "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "jpg", "image/jpeg"),
            (b"GIF89a", "gif", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "webp", "image/webp"),
            (b"<svg/>", "svg", "image/svg+xml"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "wav", "audio/wav"),
            (b"RF64\xff\xff\xff\xffWAVEds64", "wav", "audio/wav"),
            (b"fLaC\0\0\0\x22", "flac", "audio/flac"),
            (b"OggS\0\x02", "ogg", "audio/ogg"),
            (&opus, "ogg", "audio/ogg"),
            (b"OggS\0\x02\x80theora", "ogv", "video/ogg"),
            (b"\x1a\x45\xdf\xa3\x01", "webm", "audio/webm"),
            (b"\x1a\x45\xdf\xa3\x42\x82\x84webm\x86V_VP9", "webm", "video/webm"),
            (&matroska, "mka", "audio/x-matroska"),
            (b"\0\0\0\x20ftypM4A ", "m4a", "audio/mp4"),
            (b"\0\0\0\x20ftypM4B ", "m4a", "audio/mp4"),
            (b"\0\0\0\x20ftypisom", "mp4", "video/mp4"),
            (b"\0\0\0\x20ftyp3gp4", "3gp", "video/3gpp"),
            (b"\0\0\0\x14ftypqt  ", "mov", "video/quicktime"),
            (b"\0\0\0\x10ftypavif\0\0\0\0", "avif", "image/avif"),
            (b"ID3", "mp3", "audio/mpeg"),
            (&tagged(200, b""), "mp3", "audio/mpeg"),
            (&tagged(200, &frame), "mp3", "audio/mpeg"),
            (&tagged(200, &tagged(10, b"fLaC")), "flac", "audio/flac"),
            (&tagged(20, &adts), "aac", "audio/aac"),
            (&frame, "mp3", "audio/mpeg"),
            (b"\xff\xf3\x90", "mp3", "audio/mpeg"),
            (&adts, "aac", "audio/aac"),
            (b"\0\0\x01\xba\x44", "mpeg", "video/mpeg"),
            (b"#!AMR\n\0\0\0\0\0\0", "amr", "audio/amr"),
            (b"FORM\0\0\0\0AIFFCOMM", "aiff", "audio/x-aiff"),
            (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "wmv", "video/x-ms-wmv"),
            (b"%PDF-1.7\n", "pdf", "application/pdf"),
            (b"PK\x03\x04\x14\0", "zip", "application/zip"),
            (b"<!doctype html><title>", "html", "text/html"),
            ("Grüße\n\tan alle\r\n".as_bytes(), "txt", "text/plain"),
            (b"{\"a\": 1}", "txt", "text/plain"),
            (b"cut in the middle of \xc3", "txt", "text/plain"),
        ] {
            let shown = content.escape_ascii();
            assert_eq!(kind_of(content, ""), Some((extension, mime_type)), "{shown}");
        }
    }

    #[test]
    fn the_claimed_type_decides_between_audio_and_video() {
        for (content, extension) in [
            (&b"\0\0\0\x20ftypisom"[..], "m4a"),
            (b"\0\0\0\x20ftyp3gp4", "m4a"),
            (b"\x1a\x45\xdf\xa3\x42\x82\x84webm\x86V_VP9", "webm"),
            (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "wma"),
        ] {
            let (found, mime_type) = kind_of(content, "Audio/x; codecs=y").unwrap();
            assert_eq!(found, extension);
            assert!(mime_type.starts_with("audio/"), "{mime_type}");
        }
        assert_eq!(kind_of(b"\0\0\0\x10ftypavif\0\0\0\0", "audio/x"), Some(("avif", "image/avif")));
    }

    /// Raw samples often begin with what looks like a two-byte signature.
    #[test]
    fn does_not_recognize_bytes_without_a_signature() {
        let quiet = joined(&[b"\xff\xff\xff\xff", &[0, 0, 0xff, 0xff].repeat(600)]);
        let sync = joined(&[b"\xff\xfb\x90\x64", &[1; 500]]);
        let adts = joined(&[b"\xff\xf1\x50\x80\x02\x1f\xfc", &[1; 500]]);
        for content in [&b""[..], b"\0\0\0\0", b"a\0b", b"ok\xffok", &quiet, &sync, &adts] {
            assert_eq!(kind_of(content, "audio/pcm"), None, "{}", content.escape_ascii());
        }
    }

    #[test]
    fn the_claimed_type_is_used_unless_the_content_contradicts_it() {
        let wav = b"RIFF\0\0\0\0WAVE";
        let zip = b"PK\x03\x04\x14\0";
        for (content, extension, claimed, expected) in [
            (&wav[..], "mp3", "audio/mpeg", "audio/wav"),
            (wav, "pcm", "audio/pcm", "audio/wav"),
            (wav, "bin", OCTET_STREAM, "audio/wav"),
            (wav, "txt", "text/plain", "audio/wav"),
            (b"sorry", "mp3", "audio/mpeg", "text/plain"),
            (b"sorry", "pcm", "audio/pcm", "text/plain"),
            (b"a;b\n", "csv", "text/csv; charset=utf-8", "text/csv; charset=utf-8"),
            (b"sorry", "pdf", "application/pdf", "text/plain"),
            (b"notes", "bin", OCTET_STREAM, "text/plain"),
            (zip, "jar", "application/java-archive", "application/java-archive"),
            (zip, "png", "image/png", "application/zip"),
            // The signature of an icon.
            (b"\0\0\x01\0\0\0", "pcm", "audio/pcm", "audio/pcm"),
            (b"\x01\x02\xff", "mp3", "audio/mpeg", OCTET_STREAM),
            (b"\x01\x02\xff", "x", "audio/x-unheard-of", "audio/x-unheard-of"),
        ] {
            let kind = Kind::of(Cursor::new(content), claimed).unwrap();
            assert_eq!(mime_type(kind, extension, claimed), expected, "{claimed}");
        }
    }

    #[test]
    fn media_types_have_usual_extensions() {
        for (mime_type, extension) in [
            ("audio/mpeg", Some("mp3")),
            ("audio/mp3", Some("mp3")),
            ("audio/ogg; codecs=opus", Some("ogg")),
            ("audio/x-m4a", Some("m4a")),
            ("audio/x-wav", Some("wav")),
            ("audio/webm", Some("webm")),
            ("image/jpeg", Some("jpeg")),
            ("text/plain", Some("txt")),
            ("text/csv", Some("csv")),
            ("application/json", Some("json")),
            (OCTET_STREAM, None),
            ("x/unheard-of", None),
            ("", None),
        ] {
            assert_eq!(usual_extension(mime_type), extension, "{mime_type}");
        }
    }

    #[test]
    fn replaces_only_a_known_extension() {
        for (name, extension, expected) in [
            ("talk.wav", "mp3", "talk.mp3"),
            ("talk.MP3", "mp3", "talk.MP3"),
            ("voice.oga", "ogg", "voice.ogg"),
            ("talk", "mp3", "talk.mp3"),
            ("talk.v2", "mp3", "talk.v2.mp3"),
            ("two.MP3.bak", "mp3", "two.MP3.bak.mp3"),
            ("voice.", "ogg", "voice.ogg"),
            (".oga", "ogg", "oga.ogg"),
            ("ü.opus", "ogg", "ü.ogg"),
        ] {
            assert_eq!(with_extension(name, extension), expected, "{name}");
        }
    }
}
