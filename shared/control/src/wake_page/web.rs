//! Requests to a wake page and answers to them, as HTTP has them: what a browser, a crawler or the application's own client sends.

use std::collections::BTreeMap;

use super::form::{ButtonForm, FIELD};

/// The user agent of a load balancer's health checks (Application Load Balancers user guide, "Lambda functions as targets", enable
/// health checks).
const HEALTH_CHECKER: &str = "ELB-HealthChecker/";

/// A request to a target group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebRequest {
    /// The ARN of the target group that it came by.
    pub target_group: String,
    /// The method, in upper case.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// The query, as it was sent, without the question mark.
    pub query: String,
    /// The headers, by their names in lower case.
    pub headers: BTreeMap<String, Vec<String>>,
    /// The body; nothing where it was said to be in a coding that it is not in.
    pub body: Option<Vec<u8>>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAnswer {
    /// The status code.
    pub status: u16,
    /// The headers, each once.
    pub headers: Vec<(&'static str, String)>,
    /// The body, in UTF-8.
    pub body: String,
}

/// Where a press comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PressedAt {
    /// The page itself.
    Page,
    /// Another site, a program, or nobody can tell.
    Elsewhere,
}

impl WebRequest {
    /// The first value of a header; its name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.first().map(String::as_str)
    }

    /// Whether the load balancer asks whether its target is healthy.
    pub fn is_health_check(&self) -> bool {
        self.header("user-agent").is_some_and(|agent| agent.starts_with(HEALTH_CHECKER))
    }

    /// Whether whoever asks wants data and no page.
    pub fn wants_json(&self) -> bool {
        let accepts = |kind: &str| self.header("accept").is_some_and(|accept| accept.contains(kind));
        accepts("application/json") && !accepts("text/html")
    }

    /// Whether the page's own button was pressed: a form that begins with its field. What the application's clients send begins
    /// otherwise, and is theirs.
    pub fn is_button(&self) -> bool {
        let form =
            self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let begins = self.body.as_ref().is_some_and(|body| body.starts_with(format!("{FIELD}=").as_bytes()));
        self.method == "POST" && form && begins
    }

    /// What the button sent.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn form(&self) -> Result<ButtonForm, super::form::BadForm> {
        ButtonForm::read(self.body.as_deref().unwrap_or_default())
    }

    /// Where a press comes from, by what a browser says and no page can make it say otherwise: `Sec-Fetch-Site` (Fetch Metadata
    /// Request Headers, W3C), or where it does not send that, as without TLS, `Origin` (Fetch standard, "append a request Origin
    /// header": with each POST).
    pub fn pressed_at(&self) -> PressedAt {
        let own = match (self.header("sec-fetch-site"), self.header("origin"), self.header("host")) {
            (Some(site), ..) => site == "same-origin",
            (None, Some(origin), Some(host)) => {
                let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
                named.is_some_and(|named| named.eq_ignore_ascii_case(host))
            }
            _ => false,
        };
        if own { PressedAt::Page } else { PressedAt::Elsewhere }
    }

    /// The same address again, as a reference within the site: two slashes at its beginning would name another host (RFC 3986,
    /// 4.2), and so would a backslash to a browser (URL standard, "relative slash state").
    pub fn again(&self) -> String {
        let path = self.path.trim_start_matches(['/', '\\']);
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let place = format!("/{path}{query}");
        if place.bytes().all(|byte| byte.is_ascii_graphic()) { place } else { "/".to_owned() }
    }

    /// Whether the button was pressed a moment ago in this browser.
    pub(super) fn pressed_before(&self) -> bool {
        let all = self.headers.get("cookie").into_iter().flatten();
        all.flat_map(|cookies| cookies.split(';')).any(|cookie| cookie.trim() == format!("{FIELD}=1"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;

    use super::*;

    fn request(method: &str, headers: &[(&str, &str)], body: &[u8]) -> WebRequest {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]));
        WebRequest {
            method: method.to_owned(),
            headers: headers.collect(),
            body: Some(body.to_vec()),
            ..WebRequest::default()
        }
    }

    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

    #[rstest]
    #[case::the_button("POST", FORM, b"watchkeeper-wake=shop%2Fdev", true)]
    #[case::with_a_charset("POST", ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"), b"watchkeeper-wake=a", true)]
    #[case::a_form_of_the_application("POST", FORM, b"user=anna&watchkeeper-wake=shop%2Fdev", false)]
    #[case::a_field_that_only_begins_so("POST", FORM, b"watchkeeper-wakes=1", false)]
    #[case::json("POST", ("content-type", "application/json"), b"watchkeeper-wake=a", false)]
    #[case::another_method("PUT", FORM, b"watchkeeper-wake=a", false)]
    #[case::a_look("GET", FORM, b"watchkeeper-wake=a", false)]
    #[case::nothing("POST", FORM, b"", false)]
    fn only_the_pages_own_form_is_its_button(
        #[case] method: &str,
        #[case] header: (&str, &str),
        #[case] body: &[u8],
        #[case] is: bool,
    ) {
        assert_eq!(request(method, &[header], body).is_button(), is);
    }

    #[rstest]
    #[case::the_page_itself(&[("sec-fetch-site", "same-origin")], PressedAt::Page)]
    #[case::another_site(&[("sec-fetch-site", "cross-site"), ("origin", "http://shop.example"), ("host", "shop.example")], PressedAt::Elsewhere)]
    #[case::a_neighbour(&[("sec-fetch-site", "same-site")], PressedAt::Elsewhere)]
    #[case::without_tls(&[("origin", "http://shop.example:8080"), ("host", "shop.example:8080")], PressedAt::Page)]
    #[case::in_another_case(&[("origin", "http://shop.example"), ("host", "Shop.Example")], PressedAt::Page)]
    #[case::of_another_port(&[("origin", "http://shop.example:81"), ("host", "shop.example")], PressedAt::Elsewhere)]
    #[case::of_a_longer_name(&[("origin", "http://shop.example.net"), ("host", "shop.example")], PressedAt::Elsewhere)]
    #[case::of_an_opaque_origin(&[("origin", "null"), ("host", "shop.example")], PressedAt::Elsewhere)]
    #[case::a_program(&[("host", "shop.example")], PressedAt::Elsewhere)]
    #[case::without_a_host(&[("origin", "http://shop.example")], PressedAt::Elsewhere)]
    fn a_press_counts_where_it_comes_from_the_page_itself(
        #[case] headers: &[(&str, &str)],
        #[case] expected: PressedAt,
    ) {
        assert_eq!(request("POST", headers, b"").pressed_at(), expected);
    }

    #[rstest]
    #[case::a_page("/orders/7", "tab=2&q=a%20b", "/orders/7?tab=2&q=a%20b")]
    #[case::the_root("/", "", "/")]
    #[case::another_host("//evil.example/x", "", "/evil.example/x")]
    #[case::another_host_by_backslashes("/\\evil.example", "", "/evil.example")]
    #[case::a_second_header("/a\r\nSet-Cookie: x", "", "/")]
    #[case::no_path("", "", "/")]
    fn after_a_press_the_browser_looks_at_the_same_address(
        #[case] path: &str,
        #[case] query: &str,
        #[case] expected: &str,
    ) {
        let request = WebRequest { path: path.to_owned(), query: query.to_owned(), ..WebRequest::default() };
        assert_eq!(request.again(), expected);
    }

    #[rstest]
    #[case::a_browser("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false)]
    #[case::a_client("application/json, text/plain, */*", true)]
    #[case::both("application/json, text/html", false)]
    #[case::anything("*/*", false)]
    fn data_is_for_who_wants_it_and_no_page(#[case] accept: &str, #[case] is: bool) {
        assert_eq!(request("GET", &[("accept", accept)], b"").wants_json(), is);
    }

    #[test]
    fn a_browser_that_has_pressed_is_known_for_a_moment() {
        let of = |cookie: &str| request("GET", &[("cookie", cookie)], b"").pressed_before();
        assert!(of("session=1; watchkeeper-wake=1") && !of("watchkeeper-wake=2") && !of(""));
    }
}
