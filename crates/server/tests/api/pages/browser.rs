//! A browser without scripts: keeps cookies, reads pages, sends their forms.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use parking_lot::Mutex;
use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::context::TestOrg;
use crate::log;

/// A browser with cookies of its own.
pub struct Browser {
    address: SocketAddr,
    host: String,
    client: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// A page, or a redirect.
#[derive(Debug)]
pub struct Page {
    pub path: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
}

impl Browser {
    pub fn new(org: &TestOrg) -> Self {
        Self::at_host(org, &org.address().to_string())
    }

    /// A browser at another host of the server.
    pub fn at_host(org: &TestOrg, host: &str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { address: org.address(), host: host.to_owned(), client, cookies: Mutex::default() }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().get(name).cloned()
    }

    /// Plants a cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().insert(name.to_owned(), value.to_owned());
    }

    /// Looks at a page, or at where it sends the browser.
    pub async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, None, &[]).await
    }

    /// The same, and follows redirects within the server.
    pub async fn open(&self, path: &str) -> Page {
        let page = self.get(path).await;
        self.follow(page).await
    }

    /// Fills the form of a page that goes to `action`, with the hidden fields that it has, and follows where that leads.
    pub async fn submit(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let sent = self.post(action, &page.filled(action, fields)).await;
        self.follow(sent).await
    }

    /// The same with fields that take the place of the form's own.
    pub async fn submit_first(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let mut filled = page.filled(action, fields);
        filled.reverse();
        let sent = self.post(action, &filled).await;
        self.follow(sent).await
    }

    /// Sends a form, and shows what came back.
    pub async fn post(&self, action: &str, fields: &[(String, String)]) -> Page {
        self.post_with(action, fields, &[]).await
    }

    /// The same with more headers.
    pub async fn post_with(&self, action: &str, fields: &[(String, String)], headers: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, action, Some(body), headers).await
    }

    /// Follows redirects within the server.
    pub async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(target) = page.target() else { return page };
            assert!(target.starts_with('/'), "{target} is elsewhere");
            page = self.get(&target).await;
        }
        panic!("redirects without end: {page:?}")
    }

    async fn send(&self, method: Method, path: &str, body: Option<String>, headers: &[(&str, &str)]) -> Page {
        let cookies: Vec<_> = self.cookies.lock().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        request = request.header("host", &self.host).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            let (pair, rest) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.lock().remove(name);
            } else {
                log::keep_secret(value);
                self.set_cookie(name, value);
            }
        }
        Page { path: path.to_owned(), status, headers, html: response.text().await.unwrap() }
    }
}

impl Page {
    /// Where it sends the browser.
    pub fn target(&self) -> Option<String> {
        self.headers.get("location").map(|target| target.to_str().unwrap().to_owned())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Its heading.
    #[track_caller]
    pub fn heading(&self) -> String {
        self.between("<h1>", "</h1>").unwrap_or_else(|| panic!("no heading in {self:?}"))
    }

    /// What it says is wrong.
    #[track_caller]
    pub fn problem(&self) -> String {
        let found = self.between("<p class=\"problem\" role=\"alert\" id=\"problem\">", "</p>");
        found.unwrap_or_else(|| panic!("no problem in {self:?}"))
    }

    pub fn says(&self, text: &str) -> bool {
        unescaped(&self.html).contains(text)
    }

    fn between(&self, begin: &str, end: &str) -> Option<String> {
        let (_, rest) = self.html.split_once(begin)?;
        rest.split_once(end).map(|(text, _)| unescaped(text.trim()))
    }

    /// The fields of the form that goes to `action`: its hidden ones, and these.
    #[track_caller]
    pub fn filled(&self, action: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let form = self.html.split(&format!("<form method=\"post\" action=\"{action}\">")).nth(1);
        let form = form.unwrap_or_else(|| panic!("no form to {action} in {self:?}")).split("</form>").next().unwrap();
        let attribute = |tag: &str, name: &str| {
            let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
            rest.split_once('"').map(|(value, _)| unescaped(value))
        };
        let hidden = form.split("<input").skip(1).filter(|tag| tag.contains("type=\"hidden\""));
        let hidden = hidden.map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap_or_default()));
        hidden.chain(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect()
    }
}

fn unescaped(text: &str) -> String {
    let entities = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
