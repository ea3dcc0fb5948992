//! The requests that are measured, as bytes, and the users they are about.

use std::net::SocketAddr;

/// Users of one department: what a `search` for it finds.
pub(crate) const DEPARTMENT_SIZE: usize = 20;

/// A server and the token that it accepts.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) server: SocketAddr,
    token: String,
}

impl Api {
    pub(crate) fn new(server: SocketAddr, token: String) -> Self {
        Self { server, token }
    }

    /// Appends `GET path`.
    pub(crate) fn get(&self, request: &mut Vec<u8>, path: &str) {
        self.head(request, "GET", path);
        request.extend_from_slice(b"\r\n");
    }

    /// Appends `POST path` with a JSON body.
    pub(crate) fn post(&self, request: &mut Vec<u8>, path: &str, body: &str) {
        self.head(request, "POST", path);
        let rest = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        request.extend_from_slice(rest.as_bytes());
    }

    /// Appends `POST path` from somebody without a token, whose address is client `number`'s.
    pub(crate) fn post_as_client(&self, request: &mut Vec<u8>, number: usize, path: &str, body: &str) {
        let [.., high, middle, low] = number.to_be_bytes();
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.{high}.{middle}.{low}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        request.extend_from_slice(text.as_bytes());
    }

    /// A request with a JSON body, or none if it is empty.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let mut request = Vec::with_capacity(512);
        self.head(&mut request, method, path);
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let rest = format!("{kind}Content-Length: {}\r\n\r\n{body}", body.len());
        request.extend_from_slice(rest.as_bytes());
        request
    }

    fn head(&self, request: &mut Vec<u8>, method: &str, path: &str) {
        for part in [method, " ", path, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: SSWS ", &self.token, "\r\n"] {
            request.extend_from_slice(part.as_bytes());
        }
    }

    /// Appends the request that creates user `number`.
    pub(crate) fn create_user(&self, request: &mut Vec<u8>, number: usize) {
        self.post(request, "/api/v1/users", &profile(number));
    }
}

pub(crate) fn login(number: usize) -> String {
    format!("user{number:08}@bench.example")
}

pub(crate) fn department(number: usize) -> String {
    format!("Department {}", number / DEPARTMENT_SIZE)
}

/// Ten attributes, which with the links of an answer make about 1.5 KB.
fn profile(number: usize) -> String {
    let (login, department) = (login(number), department(number));
    let city = number % 500;
    format!(
        r#"{{"profile":{{"firstName":"Given{number}","lastName":"Family{number}","email":"{login}","login":"{login}","displayName":"Given{number} Family{number}","title":"Engineer","department":"{department}","city":"City {city}","countryCode":"DE","employeeNumber":"E{number:08}"}}}}"#
    )
}
