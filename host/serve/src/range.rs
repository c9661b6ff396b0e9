//! Range requests for files (RFC 9110 §14).
//!
//! A single byte range is supported. Anything else, including multiple ranges,
//! is ignored, which the RFC allows: the response is the whole file.
//!
//! This is implemented here because tower-http's parser returns 416 for an
//! invalid range, and both it and `headers::Range` refuse a suffix that is longer
//! than the file, for which the RFC requires the whole file.

use axum::http::{HeaderMap, Method, header};

/// The part of a file to send.
#[derive(Debug, Eq, PartialEq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The first and the last byte, inclusive.
    Bytes(u64, u64),
    /// A range outside the file.
    Outside,
}

impl Part {
    /// Returns the part that a request asks for, given the size of the file.
    pub fn requested(method: &Method, headers: &HeaderMap, size: u64) -> Self {
        let mut ranges = headers.get_all(header::RANGE).iter();
        let (Some(range), None) = (ranges.next(), ranges.next()) else { return Self::Whole };
        // `If-Range` applies the range only if the file has not changed. The
        // whole file is correct in either case.
        if method != Method::GET || headers.contains_key(header::IF_RANGE) {
            return Self::Whole;
        }
        range.to_str().ok().and_then(|range| Self::parse(range, size)).unwrap_or(Self::Whole)
    }

    /// Returns `None` for anything but a single byte range.
    fn parse(range: &str, size: u64) -> Option<Self> {
        let (unit, set) = range.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = set.trim().split_once('-')?;
        let end = size.checked_sub(1);
        let (first, last) = match (first, last) {
            ("", suffix) => (size.saturating_sub(number(suffix)?), u64::MAX),
            (first, "") => (number(first)?, u64::MAX),
            (first, last) => (number(first)?, number(last)?),
        };
        if first > last {
            return None;
        }
        Some(match end {
            Some(end) if first <= end => Self::Bytes(first, last.min(end)),
            _ => Self::Outside,
        })
    }
}

/// Parses a number. One that overflows is larger than any file.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str) -> Part {
        let mut headers = HeaderMap::new();
        headers.append(header::RANGE, range.parse().unwrap());
        Part::requested(&Method::GET, &headers, 10)
    }

    #[test]
    fn a_single_byte_range_is_served() {
        for (range, part) in [
            ("bytes=0-0", Part::Bytes(0, 0)),
            ("bytes=1-3", Part::Bytes(1, 3)),
            ("Bytes = 1-3", Part::Bytes(1, 3)),
            ("bytes=01-03", Part::Bytes(1, 3)),
            ("bytes=9-", Part::Bytes(9, 9)),
            ("bytes=0-99999999999999999999999999", Part::Bytes(0, 9)),
            ("bytes=-1", Part::Bytes(9, 9)),
            ("bytes=-99999999999999999999999999", Part::Bytes(0, 9)),
        ] {
            assert_eq!(asked(range), part, "{range}");
        }
    }

    #[test]
    fn a_range_beyond_the_end_is_outside() {
        let far = "bytes=99999999999999999999-";
        for range in ["bytes=10-", "bytes=10-20", "bytes=-0", far] {
            assert_eq!(asked(range), Part::Outside, "{range}");
        }
    }

    #[test]
    fn any_other_range_header_is_ignored() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=3-1",
            "bytes=0-0,2-2",
            "bytes=0-,0-,0-",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1-2-3",
            "items=0-1",
            "bytes 0-1",
        ] {
            assert_eq!(asked(range), Part::Whole, "{range}");
        }
        let mut headers = HeaderMap::new();
        headers.append(header::RANGE, "bytes=0-0".parse().unwrap());
        assert_eq!(Part::requested(&Method::HEAD, &headers, 10), Part::Whole);
        headers.append(header::RANGE, "bytes=1-1".parse().unwrap());
        assert_eq!(Part::requested(&Method::GET, &headers, 10), Part::Whole);
    }
}
