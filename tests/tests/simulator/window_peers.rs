//! The operator's window over several stacks: their rows stand on one page, and one that does not answer is never said to be calm.

use serde_json::{Value, json};
use watchkeeper_control::ports::{AwsError, Clock as _, Fault};
use watchkeeper_control::window::answer;
use watchkeeper_control::window::ports::PeerWindows;
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::run_until_done_or_crash;
use watchkeeper_window::facts::FunctionArn;

use crate::scene::afternoon;
use crate::window::reader;

/// What the window of the other account does when it is asked.
pub(crate) enum OtherWindow {
    /// It answers as the function does.
    Answers(InMemoryHarness),
    /// It says something else.
    Says(Value),
    /// It may not be called.
    Denies,
    /// It does not answer.
    Hangs,
}

struct Peers(Vec<FunctionArn>, OtherWindow);

impl Peers {
    fn of(window: OtherWindow) -> Self {
        let arn = "arn:aws:lambda:us-east-1:210987654321:function:watchkeeper-window";
        Self(vec![arn.parse().unwrap()], window)
    }
}

impl PeerWindows for Peers {
    fn peers(&self) -> &[FunctionArn] {
        &self.0
    }

    async fn ask(&self, peer: &FunctionArn, event: &Value) -> Result<Value, AwsError> {
        match &self.1 {
            OtherWindow::Answers(harness) => Ok(answered(harness, &Self(Vec::new(), OtherWindow::Hangs), event).await),
            OtherWindow::Says(text) => Ok(text.clone()),
            OtherWindow::Denies => {
                Err(AwsError { operation: "Invoke", subject: peer.to_string(), fault: Fault::Denied, source: None })
            }
            OtherWindow::Hangs => std::future::pending().await,
        }
    }
}

async fn answered(harness: &InMemoryHarness, peers: &Peers, event: &Value) -> Value {
    Box::pin(answer(&reader(&harness.sim), peers, harness.stack(), event.clone(), "", harness.sim.now())).await
}

/// The page of everything, beside what the window of the other account does.
fn page(other: OtherWindow, event: &Value) -> String {
    page_of(&afternoon(), other, event)
}

/// The page that an event asks for.
pub(crate) fn page_of(harness: &InMemoryHarness, other: OtherWindow, event: &Value) -> String {
    let page = run_until_done_or_crash(&harness.sim, answered(harness, &Peers::of(other), event)).unwrap();
    page.as_str().unwrap_or_else(|| panic!("no page: {page}")).to_owned()
}

#[test]
fn rows_of_another_account_stand_on_the_same_page_and_their_buttons_call_its_own_functions() {
    let other = || OtherWindow::Answers(afternoon().in_account("210987654321"));
    for event in [json!({}), json!({ "estate": "clos-v2" })] {
        let page = page(other(), &event);
        for environment in ["dev", "prod"] {
            assert!(page.contains(&format!(r#""environment":"{environment}""#)), "{environment}: {page}");
        }
        assert!(page.contains("arn:aws:lambda:us-east-1:123456789012:function:watchkeeper-window"), "{page}");
    }
    // What is known to be one stack's is asked of that one alone.
    let page = page(OtherWindow::Hangs, &json!({ "estate": "clos-v2", "environment": "dev" }));
    assert!(!page.contains("210987654321"), "{page}");
}

#[test]
fn a_peer_that_does_not_answer_is_not_read_and_nothing_is_said_to_be_calm() {
    let errors = json!({ "errorMessage": "no", "errorType": "Runtime.ExitError" });
    for (other, why) in [
        (OtherWindow::Hangs, "no answer within 2 s"),
        (OtherWindow::Denies, "Invoke"),
        (OtherWindow::Says(json!("<p>a page</p>")), "found no rows as this release knows them"),
        (OtherWindow::Says(errors), "found no rows as this release knows them"),
    ] {
        let page = page(other, &json!({}));
        assert!(page.contains("210987654321</b> in") || page.contains("210987654321 in"), "{page}");
        assert!(page.contains("cannot be read") && page.contains(why), "{why}: {page}");
        assert!(!page.contains("All quiet"), "{page}");
    }
}
