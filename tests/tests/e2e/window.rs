//! The operator's window: what its pages say is what AWS and the ledger hold, and its buttons do what they say.

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_tests::harness::{DeployedStack, EndedExecution};
use watchkeeper_tests::scenarios::all_asleep as asleep;

use crate::field::{Plot, play};

/// The most bytes of a page (the limit of `shared/window`).
pub(crate) const BYTES: usize = watchkeeper_window::page::BYTES_MAX;

/// The two functions of a stack's window.
pub(crate) struct Window<'a> {
    stack: &'a DeployedStack,
    account: &'a str,
}

/// What is in a `<cwdb-action>`: whom it calls, with what, and what it asks before.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) call: Value,
    pub(crate) confirmation: String,
    endpoint: String,
}

impl<'a> Window<'a> {
    pub(crate) fn of(stack: &'a DeployedStack, account: &'a str) -> Self {
        Self { stack, account }
    }

    fn arn(&self, output: &str) -> String {
        let name = self.stack.outputs().get(output).unwrap();
        format!("arn:aws:lambda:{}:{}:function:{name}", self.stack.region(), self.account)
    }

    /// What the function that acts answers to an event as it is.
    pub(crate) async fn acts(&self, event: &Value) -> String {
        self.stack.control().widget(&self.arn("WindowActFunction"), event).await.unwrap()
    }

    /// A page of the function that looks.
    pub(crate) async fn page(&self, event: Value) -> String {
        self.stack.control().widget(&self.arn("WindowFunction"), &event).await.unwrap()
    }

    /// The page that pressing a button leads to, by somebody who has filled the form.
    pub(crate) async fn press(&self, action: &Action, form: Value) -> String {
        let mut event = action.call.clone();
        event["widgetContext"] = json!({ "forms": { "all": form } });
        self.stack.control().widget(&action.endpoint, &event).await.unwrap()
    }
}

/// The buttons of a page that act.
pub(crate) fn actions(page: &str) -> Vec<Action> {
    let found = page.split("<cwdb-action").skip(1).map(|rest| {
        let (tag, rest) = rest.split_once('>').unwrap();
        let (body, _) = rest.split_once("</cwdb-action>").unwrap();
        let attribute = |name: &str| {
            let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
            Some(unescaped(rest.split_once('"')?.0))
        };
        Action {
            call: serde_json::from_str(&unescaped(body)).unwrap(),
            confirmation: attribute("confirmation").unwrap_or_default(),
            endpoint: attribute("endpoint").unwrap(),
        }
    });
    found.collect()
}

/// The button that does this to an environment.
pub(crate) fn action(page: &str, verb: &str, environment: &str) -> Action {
    let all = actions(page);
    let ours = |action: &&Action| action.call["do"] == verb && action.call["environment"] == environment;
    all.iter().find(ours).unwrap_or_else(|| panic!("no {verb} of {environment}: {all:#?}")).clone()
}

fn unescaped(text: &str) -> String {
    let all = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    all.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

/// The name of the execution that a page says was started.
pub(crate) fn started(page: &str) -> &str {
    let (_, rest) = page.split_once("window-").unwrap_or_else(|| panic!("nothing was started: {page}"));
    let end = rest.find('<').unwrap();
    let begin = page.len() - rest.len() - "window-".len();
    &page[begin..page.len() - rest.len() + end]
}

/// How often a page says that something cannot be read, beside the meaning of the shape.
fn unread(page: &str) -> usize {
    page.matches("cannot be read").count() - 1
}

async fn ended(plot: &Plot, page: &str, since: Timestamp) -> EndedExecution {
    let name = started(page);
    plot.stack.ended_by_name(name, since).await.unwrap().unwrap_or_else(|| panic!("no execution {name}"))
}

const ACCOUNT: &str = "123456789012";

#[test]
fn the_window_shows_an_environment_asleep_and_its_button_wakes_it() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let original = plot.capacity().await;
        let window = Window::of(plot.stack, ACCOUNT);
        plot.stack.tick(plot.time("19:05")).await.unwrap();
        assert!(asleep(&plot.capacity().await));

        let now = plot.stack.pass(jiff::SignedDuration::from_mins(2)).await.unwrap();
        let page = window.page(json!({"estate": "clos-v2", "environment": "dev"})).await;
        assert!(page.contains("asleep") && unread(&page) == 0, "{page}");
        let wake = action(&page, "awake", "dev");
        assert!(wake.confirmation.starts_with("Wake clos-v2 dev until"), "{}", wake.confirmation);

        // Two presses at the same moment are one execution: the later one finds it, or finds that nothing is left to do.
        let form = || json!({"by": "Anna", "reason": "a demonstration"});
        let (one, other) = tokio::join!(window.press(&wake, form()), window.press(&wake, form()));
        let is_late = |page: &str| page.contains("It would be something else by now");
        let (answer, twin) = if is_late(&one) { (other, one) } else { (one, other) };
        assert!(is_late(&twin) || started(&twin) == started(&answer), "{twin}");
        let run = ended(&plot, &answer, now).await;
        assert_eq!(run.outcome(), "done", "{}", run.says());
        assert_eq!(plot.capacity().await, original);
        let kept = plot.stack.ledger().load(&plot.scope).await.unwrap();
        let wish = kept.intents.iter().find(|intent| intent.reason.contains("a demonstration")).unwrap();
        assert!(wish.reason.contains("Anna") && wish.by == run.name, "{wish:?}");

        // Pressed once more, it is asked again, for nothing is left to do; a quarter of an hour later the page is too old.
        let again = window.press(&wake, json!({"by": "Anna", "reason": "a demonstration"})).await;
        assert_ne!(action(&again, "awake", "dev").call["plan"], wake.call["plan"], "{again}");
        assert_eq!(plot.capacity().await, original);
        plot.stack.pass(jiff::SignedDuration::from_mins(16)).await.unwrap();
        let late = window.press(&wake, json!({})).await;
        assert!(late.contains("stale-event"), "{late}");

        let page = window.page(json!({"estate": "clos-v2", "environment": "dev"})).await;
        assert!(page.contains("awake"), "{page}");
        plot.stack.run(&json!({"estate": "clos-v2", "environment": "dev", "want": "as-scheduled"})).await.unwrap();
    });
}

#[test]
fn a_plan_that_is_another_one_by_now_is_asked_again_and_starts_nothing() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let window = Window::of(plot.stack, ACCOUNT);
        plot.stack.tick(plot.time("19:05")).await.unwrap();
        plot.stack.pass(jiff::SignedDuration::from_mins(2)).await.unwrap();
        let wake = action(&window.page(json!({"estate": "clos-v2", "environment": "dev"})).await, "awake", "dev");

        // Somebody starts a task meanwhile: what was promised is not what would be done.
        let service = plot.capacity().await.services.into_keys().next().unwrap();
        plot.stack.site().set_count(&service, 1).await.unwrap();
        let (before, mark) = (plot.capacity().await, plot.mark().await);
        let page = window.press(&wake, json!({"by": "Anna", "reason": "a demonstration"})).await;
        let again = action(&page, "awake", "dev");
        assert_ne!(again.call["plan"], wake.call["plan"], "{page}");
        let calls = plot.stack.api_calls(mark).await.unwrap();
        assert_eq!((calls.count("StartExecution"), plot.capacity().await), (0, before));

        let since = plot.stack.control().now().await.unwrap();
        let answer = window.press(&again, json!({"by": "Anna", "reason": "a demonstration"})).await;
        assert_eq!(ended(&plot, &answer, since).await.outcome(), "done");
        plot.stack.run(&json!({"estate": "clos-v2", "environment": "dev", "want": "as-scheduled"})).await.unwrap();
    });
}

#[test]
fn a_halt_needs_a_name_and_a_reason_and_is_lifted_by_its_button() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let window = Window::of(plot.stack, ACCOUNT);
        let now = plot.stack.control().now().await.unwrap();
        let dev = json!({"estate": "clos-v2", "environment": "dev"});
        let halt = action(&window.page(dev.clone()).await, "halt", "dev");
        for form in
            [json!({}), json!({"by": "Anna"}), json!({"reason": "a migration"}), json!({"by": "-", "reason": "x"})]
        {
            let refused = window.press(&halt, form.clone()).await;
            assert!(refused.contains("Request.Invalid"), "{form}: {refused}");
        }
        assert_eq!(plot.stack.ledger().load(&plot.scope).await.unwrap().halt, None);

        let answer = window.press(&halt, json!({"by": "Anna", "reason": "a <b>migration</b>"})).await;
        ended(&plot, &answer, now).await;
        let kept = plot.stack.ledger().load(&plot.scope).await.unwrap().halt.unwrap();
        assert_eq!((kept.by.as_str(), kept.reason.as_str()), ("Anna", "a <b>migration</b>"));
        let page = window.page(dev.clone()).await;
        assert!(page.contains("halted") && page.contains("a &lt;b&gt;migration"), "{page}");

        plot.stack.pass(jiff::SignedDuration::from_mins(1)).await.unwrap();
        let lift = action(&window.page(dev).await, "lift", "dev");
        let answer = window.press(&lift, json!({"by": "Berta"})).await;
        ended(&plot, &answer, now).await;
        assert_eq!(plot.stack.ledger().load(&plot.scope).await.unwrap().halt, None);
    });
}

#[test]
fn what_cannot_be_read_is_said_and_never_taken_for_calm() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let window = Window::of(plot.stack, ACCOUNT);
        plot.stack.control().withdraw("Window", "Observe").await.unwrap();
        let page = window.page(json!({"estate": "clos-v2", "environment": "dev"})).await;
        assert!(unread(&page) > 0 && !page.contains("All quiet"), "{page}");
        assert!(!plot.stack.control().forgive_denials().await.unwrap().is_empty());
        plot.stack.control().restore_rights().await.unwrap();
        let page = window.page(json!({"estate": "clos-v2", "environment": "dev"})).await;
        assert_eq!(unread(&page), 0, "{page}");
    });
}

#[test]
fn a_mistake_is_a_page_that_names_the_field_and_describe_describes() {
    play(async |harness| {
        let plot = Plot::fresh(harness, "clos-v2", "dev").await;
        let window = Window::of(plot.stack, ACCOUNT);
        for (event, field) in [
            (json!({"dou": "window"}), "event"),
            (json!({"estate": "clos-v3"}), "estate"),
            (json!({"do": "awake", "estate": "clos-v2", "environment": "dev", "at": 1}), "do"),
            (json!({"do": "run", "estate": "clos-v2", "environment": "dev"}), "id"),
        ] {
            let page = window.page(event.clone()).await;
            assert!(page.contains("Request.Invalid") && page.contains(field), "{event}: {page}");
        }
        let described = window.page(json!({"describe": true})).await;
        assert!(described.contains("read-only"), "{described}");
    });
}
