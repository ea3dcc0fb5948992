//! A keep-alive HTTP/1.1 connection that does as little as a client can: one write, one read, one parse of the head.
//! A complete client costs about as much as the server that it measures.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAX_HEADERS: usize = 48;

/// One connection; one exchange at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    received: BytesMut,
}

/// An answer, its body as it came (a chunked one is put together).
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: BytesMut,
}

enum Framing {
    Length(usize),
    Chunked,
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(server).await.with_context(|| format!("connect to {server}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: BytesMut::with_capacity(64 * 1024) })
    }

    /// Sends `request`, which is complete, and waits for the answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Response> {
        self.stream.write_all(request).await?;
        let (status, framing) = loop {
            self.receive().await?;
            if let Some(head) = take_head(&mut self.received)? {
                break head;
            }
        };
        let body = match framing {
            Framing::Length(length) => self.take(length).await?,
            Framing::Chunked => self.take_chunks().await?,
        };
        ensure!(self.received.is_empty(), "the server sent more than one answer");
        // Bodies that were handed out keep their memory; without this the buffer would grow a little each time.
        self.received.reserve(16 * 1024);
        Ok(Response { status, body })
    }

    async fn take(&mut self, length: usize) -> Result<BytesMut> {
        self.received.reserve(length.saturating_sub(self.received.len()));
        while self.received.len() < length {
            self.receive().await?;
        }
        Ok(self.received.split_to(length))
    }

    async fn take_chunks(&mut self) -> Result<BytesMut> {
        let mut body = BytesMut::new();
        loop {
            let Ok(httparse::Status::Complete((line, size))) = httparse::parse_chunk_size(&self.received) else {
                self.receive().await?;
                continue;
            };
            let size = usize::try_from(size)?;
            self.received.advance(line);
            body.extend_from_slice(&self.take(size).await?);
            self.take(b"\r\n".len()).await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn receive(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// Takes a complete head off the front of what was received.
fn take_head(received: &mut BytesMut) -> Result<Option<(u16, Framing)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(received)? else { return Ok(None) };
    let status = head.code.context("an answer without a status")?;
    let mut framing = Framing::Length(0);
    for header in head.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            framing = Framing::Length(std::str::from_utf8(header.value)?.parse()?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Framing::Chunked;
        }
    }
    received.advance(length);
    Ok(Some((status, framing)))
}
