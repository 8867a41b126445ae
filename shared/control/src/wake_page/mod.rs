//! The page of an environment that sleeps: what its load balancer's requests are answered, and what its button starts.
//!
//! Whoever reaches the load balancer reaches this. A request reads at most the ledger, and nothing of AWS beside it; what was read
//! counts for [`SEEN_FOR`]. It writes only that its button was pressed, and starts only `reconcile`, with one wish: awake for a
//! while.

mod answers;
mod form;
mod look;
mod press;
mod web;

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::wake_page::WakePolicy;

pub use form::{BadForm, ButtonForm, FIELD};
pub use web::{PressedAt, WebAnswer, WebRequest};

use self::look::SeenScope;
use crate::platform::Platform;
use crate::runbook::Stack;

/// For how long what was read of the ledger answers whoever asks next: ten thousand requests in a minute read it a dozen times.
pub const SEEN_FOR: SignedDuration = SignedDuration::from_secs(5);

/// What answers at wake pages. It stays from one request to the next.
#[derive(Debug)]
pub struct WakePageRunbook<P: Platform> {
    ledger: P::Ledger,
    reconcile: P::Machine,
    seen: Mutex<BTreeMap<Scope, SeenScope>>,
}

/// The environment whose page is asked for.
struct PageScope<'a> {
    estate: &'a Estate,
    environment: &'a Environment,
    policy: WakePolicy,
    scope: Scope,
}

impl<P: Platform> WakePageRunbook<P> {
    /// Over a ledger, and the machine `reconcile`.
    pub fn new(ledger: P::Ledger, reconcile: P::Machine) -> Self {
        Self { ledger, reconcile, seen: Mutex::new(BTreeMap::new()) }
    }

    /// The answer to a request that came at `now`.
    pub async fn answer(&self, stack: &Stack, request: &WebRequest, now: Timestamp) -> WebAnswer {
        if request.is_health_check() {
            return answers::healthy();
        }
        let Some(page) = page_of(stack, &request.target_group) else {
            tracing::warn!(target_group = request.target_group, "a request for a page that no document names");
            return answers::nothing_here();
        };
        let mut answer = if request.is_button() || request.body.is_none() {
            self.pressed(&page, request, now).await
        } else {
            self.shown(&page, request, now).await
        };
        if request.method == "HEAD" {
            answer.body.clear();
        }
        answer
    }
}

/// The environment of the document that names a target group for its page.
fn page_of<'a>(stack: &'a Stack, target_group: &str) -> Option<PageScope<'a>> {
    let mut all = stack.environments().filter_map(|(estate, environment)| {
        let policy = WakePolicy::of(environment)?;
        let here = environment.document().regions.primary == stack.home.region;
        (here && policy.place.target_group.as_str() == target_group).then(|| {
            let scope = stack.scope(estate, environment);
            PageScope { estate, environment, policy, scope }
        })
    });
    all.next()
}
