//! A small HTTP client over blocking sockets: a test of durability should see each byte that was acknowledged.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::HANG;

/// The API token that the server is told to accept.
pub(crate) const TOKEN: &str = "00crashCrashCrashCrashCrashCrashCrashCrash";

/// A keep-alive HTTP connection, one exchange at a time.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    server: SocketAddr,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The address of the next page, without the host.
    pub(crate) next: Option<String>,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn connect(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(HANG))?;
        Ok(Self { stream: BufReader::new(stream), server })
    }

    pub(crate) fn exchange(&mut self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: SSWS {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.server,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status_line = self.line()?;
        let status =
            status_line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let (mut length, mut next) = (0, None);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "transfer-encoding" => panic!("{path} is answered in chunks, which this client cannot read"),
                "link" => next = next.or_else(|| next_page(value)),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        // Not every answer has a JSON body.
        Ok(Answer { status, next, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    pub(crate) fn get(&mut self, path: &str) -> Value {
        self.get_if_there(path).unwrap_or_else(|| panic!("{path} is not there"))
    }

    pub(crate) fn get_if_there(&mut self, path: &str) -> Option<Value> {
        let answer = self.exchange("GET", path, "").unwrap();
        match answer.status {
            200 => Some(answer.body),
            404 => None,
            status => panic!("GET {path}: {status} {}", answer.body),
        }
    }

    /// The items of a list, following its links to the end.
    pub(crate) fn pages(&mut self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = self.exchange("GET", &path, "").unwrap();
            assert_eq!(answer.status, 200, "GET {path}: {}", answer.body);
            items.extend(answer.body.as_array().unwrap().iter().cloned());
            next = answer.next;
        }
        items
    }
}

fn next_page(link: &str) -> Option<String> {
    let link = link.split(", <").find(|link| link.ends_with(r#"rel="next""#))?;
    let address = link.trim_start_matches('<').split('>').next()?;
    address.find("/api/").map(|path| address[path..].to_owned())
}
