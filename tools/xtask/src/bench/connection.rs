//! A minimal HTTP/1.1 client for one open connection. It only finds the end of each response, so that the load
//! generator uses little of the CPU that it shares with the server.

use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Time limit for connecting, and for one response.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open connection.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    line: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect to workerd")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), line: Vec::new() })
    }

    /// Sends a request, reads the whole response and returns its status.
    pub(super) fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.get_mut().write_all(request)?;
        read_answer(&mut self.stream, &mut self.line)
    }
}

/// How the end of a response body is marked.
enum Body {
    Length(usize),
    Chunked,
}

fn read_answer(stream: &mut impl BufRead, line: &mut Vec<u8>) -> Result<u16> {
    let status_line = read_line(stream, line)?;
    let status: u16 = status_line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .with_context(|| format!("invalid status line {status_line:?}"))?;
    let mut body = (status == 204 || status == 304).then_some(Body::Length(0));
    loop {
        let header = read_line(stream, line)?;
        if header.is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else { bail!("invalid header {header:?}") };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            body = Some(Body::Length(value.parse().context("Content-Length is not a number")?));
        } else if name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked") {
            body = Some(Body::Chunked);
        }
    }
    match body {
        Some(Body::Length(length)) => skip(stream, length)?,
        Some(Body::Chunked) => skip_chunks(stream, line)?,
        None => bail!("a response has neither Content-Length nor chunked encoding"),
    }
    Ok(status)
}

fn skip_chunks(stream: &mut impl BufRead, line: &mut Vec<u8>) -> Result<()> {
    loop {
        let size = read_line(stream, line)?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)
            .with_context(|| format!("invalid chunk size {size:?}"))?;
        skip(stream, size)?;
        // The line break after the chunk; after the last chunk, the empty line that ends the body.
        if !read_line(stream, line)?.is_empty() {
            bail!("a chunk is longer than its size");
        }
        if size == 0 {
            return Ok(());
        }
    }
}

fn read_line<'line>(stream: &mut impl BufRead, line: &'line mut Vec<u8>) -> Result<&'line str> {
    line.clear();
    if stream.read_until(b'\n', line)? == 0 {
        bail!("workerd closed the connection");
    }
    Ok(std::str::from_utf8(line).context("a response head is not UTF-8")?.trim_end())
}

fn skip(stream: &mut impl BufRead, mut length: usize) -> Result<()> {
    while length > 0 {
        let there = stream.fill_buf()?.len().min(length);
        if there == 0 {
            bail!("workerd closed the connection within a response");
        }
        stream.consume(there);
        length -= there;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read_answer;

    fn read(mut bytes: &[u8]) -> (Option<u16>, usize) {
        let status = read_answer(&mut bytes, &mut Vec::new()).ok();
        (status, bytes.len())
    }

    #[test]
    fn a_response_is_read_to_its_end_and_no_further() {
        assert_eq!(read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP"), (Some(200), 4));
        assert_eq!(read(b"HTTP/1.1 204 No Content\r\n\r\nHTTP"), (Some(204), 4));
        let chunked =
            b"HTTP/1.1 202 A\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x\r\n0123456789\r\n0\r\n\r\nHTTP";
        assert_eq!(read(chunked), (Some(202), 4));
    }

    #[test]
    fn a_broken_response_is_an_error() {
        for broken in [
            &b""[..],
            b"nonsense\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        ] {
            assert_eq!(read(broken).0, None, "{}", String::from_utf8_lossy(broken));
        }
    }
}
