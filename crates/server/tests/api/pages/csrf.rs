//! Forms are taken only from our own pages.

use serde_json::json;

use super::browser::Browser;
use super::{SIGN_IN, sign_in, signed_in};
use crate::context::TestOrg;
use crate::users::fixtures::PASSWORD;

fn fields(token: Option<&str>) -> Vec<(String, String)> {
    let fields = [("username", Some("isaac@example.com")), ("password", Some(PASSWORD)), ("_csrf", token)];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
}

on_both_engines! {
    async fn a_form_without_the_token_of_this_browser_is_refused(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let (browser, other) = (Browser::new(&org), Browser::new(&org));
        let foreign = other.open(SIGN_IN).await.filled(SIGN_IN, &[]);
        let foreign = foreign.iter().find(|(name, _)| name == "_csrf").unwrap().1.clone();
        browser.open(SIGN_IN).await;
        for token in [None, Some(""), Some("nonsense"), Some(foreign.as_str())] {
            let refused = browser.post(SIGN_IN, &fields(token)).await;
            assert_eq!((refused.status, refused.heading().as_str()), (403, "This form is no longer good"), "{token:?}");
            assert_eq!(browser.cookie("sid"), None);
        }
        assert_eq!(Browser::new(&org).post(SIGN_IN, &fields(Some(&foreign))).await.status, 403, "no cookie at all");
    }
}

on_both_engines! {
    async fn a_form_that_another_site_had_sent_is_refused(org: TestOrg) {
        let browser = Browser::new(&org);
        let page = browser.open(SIGN_IN).await;
        for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 401)] {
            let sent = browser.post_with(SIGN_IN, &page.filled(SIGN_IN, &[]), &[("sec-fetch-site", site)]).await;
            assert_eq!(sent.status, status, "{site}");
        }
    }
}

on_both_engines! {
    async fn a_form_of_before_the_sign_in_is_not_good_after_it(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let browser = Browser::new(&org);
        let page = browser.open(SIGN_IN).await;
        let old = page.filled(SIGN_IN, &[("username", "isaac@example.com"), ("password", PASSWORD)]);
        sign_in(&browser, "isaac@example.com", PASSWORD).await;
        assert_eq!(browser.post(SIGN_IN, &old).await.status, 403);
    }
}

on_both_engines! {
    async fn signing_out_takes_a_form_of_ours(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let browser = signed_in(&org, "isaac@example.com", PASSWORD).await;
        let asked = browser.get("/login/signout").await;
        assert_eq!(asked.heading(), "Sign out?");
        assert_eq!(browser.post("/login/signout", &[]).await.status, 403);
        assert_eq!(browser.get("/app/UserHome").await.status, 200, "still signed in");
        let sid = browser.cookie("sid").unwrap();
        let out = browser.submit(&asked, "/login/signout", &[]).await;
        assert_eq!((out.heading().as_str(), browser.cookie("sid")), ("Sign in", None));
        let closed = org.post("/api/v1/sessions", json!({ "sessionToken": sid })).await;
        assert_eq!(closed.status, 401);
        browser.set_cookie("sid", &sid);
        assert_eq!(browser.get("/app/UserHome").await.target().unwrap(), "/login/login.htm?fromURI=%2Fapp%2FUserHome");
    }
}
