//! Just enough of HTTP/1.1 for a stand-in: one message after another on one connection, with a length
//! or in chunks. Not in here: what is asked and answered.

use std::io::{self, Read, Write};

/// Longer heads are refused.
const HEADERS_MAX: usize = 64;

/// A request, as far as a stand-in looks at it.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// The header `X-Amz-Target`, or nothing.
    pub(super) target: String,
    pub(super) body: Vec<u8>,
}

/// How the body of a message ends.
enum Framing {
    Length(usize),
    Chunks,
}

/// Reads a request; none where the other side has hung up. `buffer` keeps what came beyond it.
///
/// # Errors
/// When it is no HTTP, or the connection breaks.
pub(super) fn read(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let (mut request, framing) = loop {
        if let Some((request, framing, head)) = parse(buffer)? {
            buffer.drain(..head);
            break (request, framing);
        }
        if !fill(stream, buffer)? {
            return if buffer.is_empty() {
                Ok(None)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
    };
    match framing {
        Framing::Length(length) => request.body = take(stream, buffer, length)?,
        Framing::Chunks => loop {
            let length = chunk_length(stream, buffer)?;
            let chunk = take(stream, buffer, length.saturating_add(2))?;
            if length == 0 {
                break;
            }
            request.body.extend(chunk.into_iter().take(length));
        },
    }
    Ok(Some(request))
}

/// Writes an answer in one piece, so that no half of it waits for the other.
///
/// # Errors
/// When the connection breaks.
pub(super) fn write(
    stream: &mut impl Write,
    status: &str,
    headers: &str,
    body: &str,
) -> io::Result<()> {
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
    stream.write_all(answer.as_bytes())?;
    stream.flush()
}

fn parse(buffer: &[u8]) -> io::Result<Option<(Request, Framing, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = match parsed.parse(buffer).map_err(bad)? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(head) => head,
    };
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: parsed.path.unwrap_or_default().to_owned(),
        ..Request::default()
    };
    let mut framing = Framing::Length(0);
    for header in parsed.headers.iter() {
        let value = String::from_utf8_lossy(header.value);
        match header.name.to_ascii_lowercase().as_str() {
            "content-length" => framing = Framing::Length(value.parse().map_err(bad)?),
            "transfer-encoding" => framing = Framing::Chunks,
            "x-amz-target" => request.target = value.into_owned(),
            _ => {}
        }
    }
    Ok(Some((request, framing, head)))
}

fn chunk_length(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<usize> {
    loop {
        if let Some(end) = buffer.windows(2).position(|pair| pair == b"\r\n") {
            let line: Vec<u8> = buffer.drain(..end.saturating_add(2)).take(end).collect();
            let text = String::from_utf8_lossy(&line);
            let digits = text.split(';').next().unwrap_or_default();
            return usize::from_str_radix(digits.trim(), 16).map_err(bad);
        }
        if !fill(stream, buffer)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn take(stream: &mut impl Read, buffer: &mut Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
    while buffer.len() < length {
        if !fill(stream, buffer)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(buffer.drain(..length).collect())
}

/// Whether anything came.
fn fill(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut piece = [0; 16 * 1024];
    let count = stream.read(&mut piece)?;
    buffer.extend(piece.iter().take(count));
    Ok(count > 0)
}

fn bad(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time, as an unlucky network would.
    struct Drops(io::Cursor<Vec<u8>>);

    impl Read for Drops {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let end = 1.min(into.len());
            self.0.read(&mut into[..end])
        }
    }

    #[test]
    fn messages_are_read_one_after_another() {
        let text = "POST /a HTTP/1.1\r\nContent-Length: 3\r\nX-Amz-Target: D.GetItem\r\n\r\nabc\
            POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nde\r\n1\r\nf\r\n0\r\n\r\n\
            GET /c HTTP/1.1\r\n\r\n";
        let mut stream = Drops(io::Cursor::new(text.as_bytes().to_vec()));
        let mut buffer = Vec::new();
        let mut found = Vec::new();
        while let Some(request) = read(&mut stream, &mut buffer).unwrap() {
            let body = String::from_utf8(request.body).unwrap();
            found.push(format!("{} {} {} {body}", request.method, request.path, request.target));
        }
        assert_eq!(found, ["POST /a D.GetItem abc", "POST /b  def", "GET /c  "]);
    }

    #[test]
    fn what_breaks_off_or_is_no_http_is_an_error() {
        for text in ["POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", "what\r\n\r\n", "GET /a HT"]
        {
            let mut stream = io::Cursor::new(text.as_bytes().to_vec());
            assert!(read(&mut stream, &mut Vec::new()).is_err(), "{text}");
        }
    }
}
