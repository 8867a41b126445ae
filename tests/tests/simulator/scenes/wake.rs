//! The page of an environment that sleeps, in memory: its load balancer is what follows from the rule.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_tests::harness::{APPLICATION, HarnessError};
use watchkeeper_tests::sandbox::{SiteVisit, VisitAnswer};
use watchkeeper_tests::scenarios::wake::WakePageHarness;
use watchkeeper_tests::scenarios::{Harness, RunEnd};

use super::{InMemoryScene, seen};

/// How many come by in a crowded night.
const CROWD: usize = 10_000;

/// An event of a load balancer, with one value a header.
pub(crate) fn event(visit: &SiteVisit, group: &str) -> Value {
    let (path, query) = visit.path.split_once('?').unwrap_or((&visit.path, ""));
    let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let host = ("host", "shop.example");
    let headers = visit.headers.iter().map(|(name, value)| (*name, value.as_str())).chain([host]);
    json!({
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": visit.method,
        "path": path,
        "queryStringParameters": query,
        "headers": headers.collect::<BTreeMap<_, _>>(),
        "body": visit.body,
        "isBase64Encoded": false,
    })
}

/// What a client is answered.
pub(crate) fn answered(answer: &Value) -> VisitAnswer {
    let headers = answer["headers"].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    VisitAnswer {
        status: answer["statusCode"].as_u64().unwrap_or_default().try_into().unwrap_or_default(),
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect(),
        body: text(&answer["body"]),
    }
}

impl InMemoryScene {
    /// The target group of the page, where the rule shows it.
    fn shown(&self) -> Option<String> {
        let page = self.environment.page(&self.scope.region)?;
        let shows = self.harness.sim.rule(&page.rule)?.actions.shows(&page.target_group);
        shows.then(|| page.target_group.to_string())
    }

    fn application() -> VisitAnswer {
        VisitAnswer { status: 200, headers: BTreeMap::new(), body: APPLICATION.to_owned() }
    }
}

impl WakePageHarness for InMemoryScene {
    async fn rule(&self) -> Result<String, HarnessError> {
        let page = self.environment.page(&self.scope.region);
        let found = page.and_then(|page| self.harness.sim.rule(&page.rule));
        Ok(found.map(|rule| format!("{:?}", rule.actions)).unwrap_or_default())
    }

    async fn visit(&mut self, visit: &SiteVisit) -> Result<VisitAnswer, HarnessError> {
        let Some(group) = self.shown() else { return Ok(Self::application()) };
        Ok(answered(&self.harness.visit(&self.page, &event(visit, &group))))
    }

    /// Looks come to one process; presses to one each.
    async fn visits(&mut self, many: usize, visit: &SiteVisit) -> Result<Vec<VisitAnswer>, HarnessError> {
        let Some(group) = self.shown() else { return Ok(vec![Self::application(); many]) };
        let event = event(visit, &group);
        if visit.method == "GET" {
            return Ok((0..many).map(|_| answered(&self.harness.visit(&self.page, &event))).collect());
        }
        let answers = self.harness.visit_at_once(&vec![event; many]);
        Ok(answers.unwrap_or_default().iter().map(answered).collect())
    }

    fn crowd(&self) -> usize {
        CROWD
    }

    async fn page_calls(&self, since: u64) -> Result<(usize, usize), HarnessError> {
        let (ledger, beside): (Vec<_>, Vec<_>) =
            self.since(since).partition(|call| format!("{:?}", call.operation).starts_with("Ledger"));
        Ok((ledger.len(), beside.len()))
    }

    async fn woken(&mut self) -> Result<Vec<RunEnd>, HarnessError> {
        let since = self.now().await?;
        let played = self.harness.play("Reconcile");
        let took = self.harness.sim.now().duration_since(since).unsigned_abs();
        Ok(played.into_iter().map(|(name, end)| seen(name, &end, took)).collect())
    }
}
