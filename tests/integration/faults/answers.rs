//! HTTP responses as bytes.

use super::calls::Call;

/// The head of the last response on a connection, without the empty line at its
/// end.
pub fn head(status: &str, headers: &[&str]) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}")
}

/// A response with a `Content-Length`.
pub fn whole(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let head = head(status, headers);
    let length = body.len();
    [format!("{head}Content-Length: {length}\r\n\r\n").as_bytes(), body].concat()
}

/// A chunked response.
pub fn chunked(headers: &[&str], chunks: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let head = head("200 OK", headers);
    let mut answer = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in chunks {
        answer.extend(self::chunk(chunk.as_ref()));
    }
    answer.extend(b"0\r\n\r\n");
    answer
}

/// One chunk.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// A JSON response.
pub fn json(status: &str, body: &str) -> Vec<u8> {
    whole(status, &["Content-Type: application/json"], body.as_bytes())
}

/// The response of a provider without faults: its head without the empty line,
/// and its body.
pub fn good(call: Call) -> (String, String) {
    let (media_type, pieces) = call.good();
    (head("200 OK", &[&format!("Content-Type: {media_type}")]), pieces.concat())
}

/// The same response with its length.
pub fn good_whole(call: Call) -> Vec<u8> {
    let (head, body) = good(call);
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The same response with these headers; without a length, it ends with the
/// connection.
pub fn good_with(call: Call, headers: &str) -> Vec<u8> {
    let (head, body) = good(call);
    format!("{head}{headers}\r\n{body}").into_bytes()
}

/// The same response in chunks, one for each piece.
pub fn good_chunked(call: Call) -> Vec<u8> {
    let (media_type, pieces) = call.good();
    chunked(&[&format!("Content-Type: {media_type}")], &pieces)
}
