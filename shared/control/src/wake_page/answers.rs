//! The answers, as HTTP has them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use watchkeeper_domain::wake_page::WakeState;
use watchkeeper_window::facts::{WakeNotice, WakePageFacts};
use watchkeeper_window::html::Html;
use watchkeeper_window::page;

use super::{BadForm, FIELD, PageScope, WakePageRunbook, WebAnswer, WebRequest};
use crate::platform::Platform;
use crate::runbook::in_full;

/// Nothing runs, nothing is loaded, nothing is framed; the form goes back to where it came from (Content Security Policy level 3).
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// When a program should come again that was told nothing better, in seconds.
const AGAIN: i64 = 300;
/// The same while it wakes.
const SOON: i64 = 10;
/// The longest that a program is sent away for.
const LONGEST: i64 = 24 * 3600;

/// For how long a browser that pressed is answered by what is so now, and not by what was read a moment ago.
const PRESSED_FOR: SignedDuration = SignedDuration::from_secs(15);

impl<P: Platform> WakePageRunbook<P> {
    /// The page, or the same as data.
    pub(super) async fn shown(&self, of: &PageScope<'_>, request: &WebRequest, now: Timestamp) -> WebAnswer {
        let seen = if request.pressed_before() { self.read(of, now).await } else { self.look(of, now).await };
        match seen {
            Ok(seen) => page(request, &seen.facts(of, None, now)),
            Err(error) => {
                let (estate, environment) = (&of.scope.estate, &of.scope.environment);
                tracing::error!(%estate, %environment, error = in_full(&error), "a page was not read");
                unread(of, now)
            }
        }
    }
}

/// To a load balancer that asks whether we are well.
pub(super) fn healthy() -> WebAnswer {
    plain(200, "well\n")
}

/// To whoever comes by a target group that is of no page: it tells nothing.
pub(super) fn nothing_here() -> WebAnswer {
    plain(404, "nothing here\n")
}

/// The page of an environment, or the same as data for who wants that.
pub(super) fn page(request: &WebRequest, facts: &WakePageFacts) -> WebAnswer {
    let status = match facts.notice {
        None | Some(WakeNotice::Halted | WakeNotice::NotStarted) => 503,
        Some(WakeNotice::WrongToken) => 403,
        // Too Many Requests (RFC 6585, 4).
        Some(WakeNotice::UsedUp { .. }) => 429,
    };
    let mut answer = if request.wants_json() { data(status, facts) } else { html(status, page::wake(facts)) };
    answer.headers.push(("Retry-After", again(facts).to_string()));
    answer
}

/// When a program should come again, in seconds.
fn again(facts: &WakePageFacts) -> i64 {
    let until = |at: Timestamp| at.duration_since(facts.now).as_secs().clamp(SOON, LONGEST);
    match (&facts.notice, &facts.state) {
        (Some(WakeNotice::UsedUp { again, .. }), _) => until(*again),
        (_, WakeState::Asleep { until: Some(at), .. }) => until(*at),
        (_, WakeState::Asleep { .. }) => AGAIN,
        (_, WakeState::Waking { .. } | WakeState::Awake) => SOON,
    }
}

fn data(status: u16, facts: &WakePageFacts) -> WebAnswer {
    let mut told = json!({ "estate": facts.estate, "environment": facts.environment });
    let second = |at: &Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(*at);
    let more = match &facts.state {
        WakeState::Asleep { since, until, .. } => {
            json!({ "state": "asleep", "since": since.as_ref().map(second), "until": until.as_ref().map(second) })
        }
        WakeState::Waking { since } => json!({ "state": "waking", "since": second(since) }),
        WakeState::Awake => json!({ "state": "awake" }),
    };
    if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
        told.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    answered(status, "application/json", told.to_string() + "\n")
}

/// That it cannot be told how an environment is.
pub(super) fn unread(of: &PageScope<'_>, now: Timestamp) -> WebAnswer {
    let mut answer = html(503, page::wake_unread(&of.scope, &of.policy.zone, now));
    answer.headers.push(("Retry-After", SOON.to_string()));
    answer
}

/// To a form that is not the button's.
pub(super) fn not_understood(bad: &BadForm) -> WebAnswer {
    html(400, page::wake_not_understood(&bad.field, &bad.found, &bad.expected))
}

/// To a press from another site, or from a program.
pub(super) fn pressed_elsewhere() -> WebAnswer {
    html(403, page::wake_pressed_elsewhere())
}

/// The same address again, as a look: what a browser loads anew presses nothing (RFC 9110, 15.4.4).
pub(super) fn look_again(request: &WebRequest) -> WebAnswer {
    let mut answer = plain(303, "");
    let cookie = format!("{FIELD}=1; Max-Age={}; Path=/; HttpOnly; SameSite=Lax", PRESSED_FOR.as_secs());
    answer.headers.extend([("Location", request.again()), ("Set-Cookie", cookie)]);
    answer
}

fn html(status: u16, page: Html) -> WebAnswer {
    answered(status, "text/html; charset=utf-8", page.into())
}

fn plain(status: u16, text: &str) -> WebAnswer {
    answered(status, "text/plain; charset=utf-8", text.to_owned())
}

fn answered(status: u16, kind: &str, body: String) -> WebAnswer {
    let headers = vec![
        ("Content-Type", kind.to_owned()),
        ("Cache-Control", "no-store".to_owned()),
        ("X-Robots-Tag", "noindex".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        // With `no-referrer` a browser would send `Origin: null` with the form (Fetch standard).
        ("Referrer-Policy", "same-origin".to_owned()),
        ("Content-Security-Policy", POLICY.to_owned()),
    ];
    WebAnswer { status, headers, body }
}
