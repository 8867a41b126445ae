//! Nights with a page on the load balancer: what those who come by are told, and what its button does.

pub mod needs;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::wake_page::WakePolicy;

use super::{ChosenNight, Harness, Played, RunEnd, all_asleep, count, later, line, listed, millis};
use crate::harness::HarnessError;
use crate::sandbox::{SiteVisit, VisitAnswer};

/// The interval of the schedule.
const TICK: SignedDuration = SignedDuration::from_mins(5);

/// How many press at the same moment.
const PRESSES: usize = 100;

/// An environment behind a load balancer, whose rule and page its document names.
pub trait WakePageHarness: Harness {
    /// What the rule does, whole and to the letter, as AWS describes it.
    async fn rule(&self) -> Result<String, HarnessError>;

    /// Somebody comes by the load balancer.
    async fn visit(&mut self, visit: &SiteVisit) -> Result<VisitAnswer, HarnessError>;

    /// So many do at the same moment.
    async fn visits(&mut self, many: usize, visit: &SiteVisit) -> Result<Vec<VisitAnswer>, HarnessError>;

    /// How many come by in a night that is crowded.
    fn crowd(&self) -> usize;

    /// How many calls the page has made since a mark: of the ledger, and of everything else.
    async fn page_calls(&self, since: u64) -> Result<(usize, usize), HarnessError>;

    /// The executions that the page has started since the last look, each at its end.
    async fn woken(&mut self) -> Result<Vec<RunEnd>, HarnessError>;
}

/// Somebody looks with a browser.
pub fn look() -> SiteVisit {
    let accept = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8".to_owned());
    SiteVisit { method: "GET", path: "/orders?page=2".to_owned(), headers: vec![accept], body: String::new() }
}

/// Somebody presses the button of a page, in a browser that shows it.
pub fn press(harness: &impl Harness) -> SiteVisit {
    let scope = harness.scope();
    SiteVisit {
        method: "POST",
        headers: vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("sec-fetch-site", "same-origin".to_owned()),
        ],
        body: format!("watchkeeper-wake={}%2F{}", scope.estate, scope.environment),
        ..look()
    }
}

fn with(visit: SiteVisit, name: &'static str, value: &str) -> SiteVisit {
    let mut headers = visit.headers;
    headers.retain(|(other, _)| *other != name);
    headers.push((name, value.to_owned()));
    SiteVisit { headers, ..visit }
}

/// The status, and the text of a page without its markup.
fn seen(answer: &VisitAnswer) -> String {
    let body = answer.body.split_once("<main").map_or(answer.body.as_str(), |(_, main)| main);
    let texts = body.split('<').map(|part| part.rsplit('>').next().unwrap_or_default());
    let text: String = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ").chars().take(160).collect();
    format!("{} {:?}", answer.status, text.trim())
}

/// A night in which its page is looked at, crawled, checked and pressed: it wakes by the button alone, once, and the load balancer
/// is as it was.
pub async fn a_wake_by_its_page(harness: &mut impl WakePageHarness) -> Played {
    let (night, policy) = needs::page(harness.environment(), harness.now().await?)?;
    let application = harness.visit(&look()).await?;
    harness.tick(night.day).await?;
    let (original, rule) = (harness.capacity().await?, harness.rule().await?);
    harness.check("by day the application answers", application.status == 200, seen(&application));

    let evening = later(night.evening, TICK);
    let run = harness.tick(evening).await?;
    harness.run_ended("it falls asleep", run.as_ref(), "done");
    harness.woken().await?;
    let mark = harness.mark().await?;
    is_shown(harness).await?;
    wakes_nothing(harness).await?;
    crowd(harness).await?;
    let woken = harness.woken().await?;
    let names = listed(woken.iter().map(|run| &run.name));
    harness.check("none of them starts anything", woken.is_empty(), format!("executions: {names}"));
    let (_, beside) = harness.page_calls(mark).await?;
    harness.check("the page reads nothing but the ledger", beside == 0, format!("{beside} other calls"));
    let found = harness.capacity().await?;
    harness.check("it is still asleep", all_asleep(&found), line(&found));

    harness.told().await?;
    is_pressed(harness, &original, &rule, &application).await?;
    sleeps_again(harness, &night, &policy, &original, &rule).await
}

/// What somebody meets there.
async fn is_shown(harness: &mut impl WakePageHarness) -> Played {
    let called = format!("{} {} is asleep", harness.scope().estate, harness.scope().environment);
    let page = harness.visit(&look()).await?;
    let good = page.status == 503 && page.body.contains(&called) && page.body.contains("Wake it for");
    harness.check("asleep, its page answers, with a button", good, seen(&page));
    let header = |name: &str| page.headers.get(name).cloned().unwrap_or_default();
    let kept = (header("cache-control"), header("x-robots-tag"), header("retry-after"));
    let good = kept.0 == "no-store" && kept.1 == "noindex" && kept.2.parse::<u32>().is_ok();
    harness.check("nobody keeps or lists it, and programs learn when to come again", good, format!("{kept:?}"));
    let data = harness.visit(&with(look(), "accept", "application/json")).await?;
    let state = serde_json::from_str::<Value>(&data.body).unwrap_or_default();
    harness.check("a program gets data", data.status == 503 && state["state"] == "asleep", seen(&data));
    let head = harness.visit(&SiteVisit { method: "HEAD", ..look() }).await?;
    harness.check("a look at the head has no body", head.status == 503 && head.body.is_empty(), seen(&head));
    let health = harness.visit(&with(look(), "user-agent", "ELB-HealthChecker/2.0")).await?;
    harness.check("a health check is well", health.status == 200, seen(&health));
    Ok(())
}

/// What wakes nothing.
async fn wakes_nothing(harness: &mut impl WakePageHarness) -> Played {
    let button = press(harness);
    let json = ("content-type", "application/json".to_owned());
    let cases = [
        ("a crawler", with(look(), "user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)"), 503),
        (
            "a form of the application's own",
            SiteVisit { body: "user=anna&watchkeeper-wake=1".to_owned(), ..button.clone() },
            503,
        ),
        (
            "a call of the application's own client",
            SiteVisit { headers: vec![json], body: "{}".to_owned(), ..button.clone() },
            503,
        ),
        ("another method", SiteVisit { method: "PUT", ..button.clone() }, 503),
        ("a form of another site", with(button.clone(), "sec-fetch-site", "cross-site"), 403),
        ("a program without a browser", SiteVisit { headers: vec![button.headers[0].clone()], ..button.clone() }, 403),
        (
            "a form of another environment",
            SiteVisit { body: "watchkeeper-wake=other%2Fdev".to_owned(), ..button.clone() },
            400,
        ),
        ("a form with another field", SiteVisit { body: format!("{}&until=9d", button.body), ..button }, 400),
    ];
    for (who, visit, expected) in cases {
        let answer = harness.visit(&visit).await?;
        harness.check(&format!("{who} is answered and wakes nothing"), answer.status == expected, seen(&answer));
    }
    Ok(())
}

/// Many come by.
async fn crowd(harness: &mut impl WakePageHarness) -> Played {
    let (many, mark, began) = (harness.crowd(), harness.mark().await?, harness.now().await?);
    let answers = harness.visits(many, &look()).await?;
    let took = harness.now().await?.duration_since(began).unsigned_abs();
    let shown = answers.iter().filter(|answer| answer.status == 503).count();
    harness.check("all of a crowd see the page", shown == many, format!("{shown} of {many}"));
    let (ledger, _) = harness.page_calls(mark).await?;
    harness.measured("visits", count(many));
    harness.measured("visits_ms", millis(took));
    harness.measured("reads_of_visits", count(ledger));
    // Each process reads for itself, and anew every five seconds.
    let seen = format!("{ledger} calls of the ledger for {many} visits in {} ms", millis(took));
    harness.check("what one has read answers the others", ledger <= many / 5, seen);
    Ok(())
}

/// Many press at the same moment.
async fn is_pressed(
    harness: &mut impl WakePageHarness,
    original: &Capacity,
    rule: &str,
    application: &VisitAnswer,
) -> Played {
    let button = press(harness);
    let answers = harness.visits(PRESSES, &button).await?;
    let seen_again = answers.iter().filter(|it| it.status == 303 || it.status == 200).count();
    let first = answers.first().map(seen).unwrap_or_default();
    harness.check("whoever presses looks again", seen_again == PRESSES, format!("{seen_again} of {PRESSES}; {first}"));
    let place = answers.iter().find(|it| it.status == 303).and_then(|it| it.headers.get("location")).cloned();
    harness.check("at the same address", place.as_deref() == Some("/orders?page=2"), format!("{place:?}"));
    let woken = harness.woken().await?;
    let names = listed(woken.iter().map(|run| &run.name));
    harness.check("a hundred presses are one execution", woken.len() == 1, names);
    harness.run_ended("it wakes", woken.first(), "done");
    let (memory, _) = harness.ledger().presses(harness.scope()).await?;
    harness.check("and count once", memory.count == 1, format!("{memory:?}"));
    harness.same("it is awake, exactly as it was", original).await?;
    let found = harness.rule().await?;
    harness.check("the rule is as it was, to the letter", found == *rule, found);
    let answer = harness.visit(&look()).await?;
    harness.check("the application answers", answer.body == application.body, seen(&answer));
    let told = harness.told().await?;
    let by_page = told.iter().any(|(_, text)| text.contains("by its wake page"));
    harness.check("a person is told who woke it", by_page, format!("{told:?}"));
    Ok(())
}

/// It ends by itself, and the morning is as ever.
async fn sleeps_again(
    harness: &mut impl WakePageHarness,
    night: &ChosenNight,
    policy: &WakePolicy,
    original: &Capacity,
    rule: &str,
) -> Played {
    let end: Timestamp = later(harness.now().await?, policy.lasts.signed());
    let run = harness.tick(end).await?;
    harness.run_ended("when its time is over, it sleeps again", run.as_ref(), "done");
    let page = harness.visit(&look()).await?;
    harness.check("its page answers again", page.status == 503 && page.body.contains("is asleep"), seen(&page));
    let run = harness.tick(night.morning).await?;
    harness.run_ended("it wakes in the morning", run.as_ref(), "done");
    harness.same("it is as it was", original).await?;
    let found = harness.rule().await?;
    harness.check("and so is the rule", found == *rule, found);
    Ok(())
}
