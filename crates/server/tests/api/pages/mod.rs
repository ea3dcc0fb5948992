//! The hosted pages, as a browser without scripts sees them.

pub mod browser;
mod csrf;
mod factors;
mod links;
mod sign_in;

use self::browser::{Browser, Page};
use crate::context::TestOrg;

/// The path of the sign-in page.
pub const SIGN_IN: &str = "/login/login.htm";

/// Signs in on the sign-in page, and shows where that leads.
pub async fn sign_in(browser: &Browser, username: &str, password: &str) -> Page {
    let page = browser.open(SIGN_IN).await;
    assert_eq!(page.heading(), "Sign in");
    browser.submit(&page, SIGN_IN, &[("username", username), ("password", password)]).await
}

/// A browser in which Isaac is signed in.
pub async fn signed_in(org: &TestOrg, username: &str, password: &str) -> Browser {
    let browser = Browser::new(org);
    let home = sign_in(&browser, username, password).await;
    assert_eq!((home.status, home.path.as_str()), (200, "/app/UserHome"));
    browser
}
