//! What is shown: the page that an event asks for, or one that says what is wrong with it.

use std::fmt::Display;

use futures_util::future::join;
use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::{EnvironmentName, EstateName};
use watchkeeper_window::call::{Call, CallMode, Verb};
use watchkeeper_window::facts::{Frame, Viewer, WindowFacts};
use watchkeeper_window::html::Html;
use watchkeeper_window::page::{self, Selection, Shown};

use super::event::{EventError, OnlyRows, WidgetEvent, anybody};
use super::ports::PeerWindows;
use super::{MeantScope, WindowReader};
use crate::platform::Platform;
use crate::ports::Clock as _;
use crate::runbook::Stack;

/// The answer to an event that came at `now`: the page, as text; the rows, as JSON, for a peer; or the widget's own documentation,
/// which is `description`.
pub async fn answer<P: Platform, W: PeerWindows>(
    reader: &WindowReader<P>,
    peers: &W,
    stack: &Stack,
    event: Value,
    description: &str,
    now: Timestamp,
) -> Value {
    let event = match WidgetEvent::read(event) {
        Ok(event) if event.describe => return json!({ "markdown": description }),
        Ok(event) if event.call.verb == Verb::Rows => return rows(reader, stack, now).await,
        Ok(event) => event,
        Err(error) => return refused(reader, anybody(), &error, now),
    };
    let viewer = event.viewer.clone();
    match shown(reader, peers, stack, event, now).await {
        Ok(page) => Value::String(page.into()),
        Err(error) => refused(reader, viewer, &error, now),
    }
}

async fn rows<P: Platform>(reader: &WindowReader<P>, stack: &Stack, now: Timestamp) -> Value {
    let rows = reader.rows(stack, |_, _| true, now).await;
    serde_json::to_value(rows).unwrap_or_else(|error| json!({ "unwritten": error.to_string() }))
}

async fn shown<P: Platform, W: PeerWindows>(
    reader: &WindowReader<P>,
    peers: &W,
    stack: &Stack,
    event: WidgetEvent,
    now: Timestamp,
) -> Result<Html, EventError> {
    let WidgetEvent { call, only, viewer, .. } = event;
    tracing::info!(page = %call.verb, "asked for");
    let frame = || Frame {
        now,
        took_ms: reader.clock.now().duration_since(now).as_millis().try_into().unwrap_or_default(),
        viewer: viewer.clone(),
        stack: reader.own.clone(),
    };
    if let Verb::Window = call.verb {
        let peers = async {
            // One environment is one stack's, and it is known here.
            if call.environment.is_some() { [].into() } else { super::peers::rows(peers, &reader.clock).await }
        };
        let selection = selection(stack, &call, only)?;
        let meant = |estate: &Estate, environment: &Environment| {
            let named = selection.environment.as_ref().is_none_or(|name| name == environment.name());
            selection.estate.as_ref().is_none_or(|name| name == estate.name()) && named
        };
        let (own, peers) = join(reader.rows(stack, meant, now), peers).await;
        let facts = WindowFacts { own, peers };
        return Ok(page::window(&frame(), &facts, &selection));
    }
    let meant = meant(stack, &call)?;
    match (call.verb, call.mode) {
        (Verb::Run, _) => {
            let facts = reader.run(stack, &meant, named(&call)?, now).await;
            Ok(page::run(&frame(), &facts))
        }
        (Verb::Report, _) if meant.region != stack.home.region => Err(wrong(
            "region",
            &meant.region,
            &format!("{}: a report is shown by its region's stack", stack.home.region),
        )),
        (Verb::Report, _) => {
            let facts = reader.report(&meant, call.kind.unwrap_or_default(), named(&call)?).await;
            Ok(page::report(&frame(), &facts))
        }
        (Verb::Question, _) => {
            let facts = reader.question(stack, &meant, named(&call)?, now).await;
            Ok(page::question(&frame(), &facts))
        }
        (Verb::Plan, _) => {
            let facts = reader.plan(stack, &meant, now).await;
            Ok(page::plan(&frame(), &facts))
        }
        (Verb::Emergency, _) => {
            let facts = reader.emergency(stack, &meant, now).await;
            Ok(page::emergency(&frame(), &facts))
        }
        (Verb::Backups, _) | (Verb::Backup, Some(CallMode::Plan)) => {
            let facts = reader.backups(meant.estate, meant.environment, now).await;
            Ok(page::backups(&frame(), &facts))
        }
        (Verb::Failover, None | Some(CallMode::Plan)) | (Verb::Failback, Some(CallMode::Plan)) => {
            let facts = reader.failover(stack, meant.estate, meant.environment, now).await;
            let facts = facts.ok_or_else(|| wrong("environment", meant.environment.name(), "a pair of two regions"))?;
            Ok(page::failover(&frame(), &facts))
        }
        (verb, _) => Err(wrong("do", verb, "a page: what acts is asked of the function window-act")),
    }
}

/// Which rows are meant. A name that no document has is a mistake, and never "everything".
fn selection(stack: &Stack, call: &Call, only: Option<OnlyRows>) -> Result<Selection, EventError> {
    if let (None, Some(environment)) = (&call.estate, &call.environment) {
        return Err(wrong("estate", "nothing", &format!("the estate of the environment {environment}")));
    }
    if let Some(estate) = &call.estate {
        let found = match &call.environment {
            Some(environment) => stack.find(estate.as_str(), environment.as_str()).map(drop),
            None => stack.estates.estate(estate.as_str()).map(drop),
        };
        found.map_err(|unknown| wrong("estate", estate, &unknown.to_string()))?;
    }
    let only = match only {
        None => Shown::All,
        Some(OnlyRows::Person) => Shown::Person,
        Some(OnlyRows::Asleep) => Shown::Asleep,
        Some(OnlyRows::Awake) => Shown::Awake,
    };
    Ok(Selection { estate: call.estate.clone(), environment: call.environment.clone(), only })
}

/// The environment that a page is about, in this stack's region unless another of its own is named.
fn meant<'a>(stack: &'a Stack, call: &Call) -> Result<MeantScope<'a>, EventError> {
    let name = |name: Option<&str>, field| name.map(ToOwned::to_owned).ok_or_else(|| wrong(field, "nothing", "a name"));
    let estate = name(call.estate.as_ref().map(EstateName::as_str), "estate")?;
    let environment = name(call.environment.as_ref().map(EnvironmentName::as_str), "environment")?;
    let found = stack.find(&estate, &environment);
    let (estate, environment) = found.map_err(|unknown| wrong("environment", &environment, &unknown.to_string()))?;
    if !stack.home.has(environment) {
        let expected =
            format!("an environment of account {} with something in {}", stack.home.account, stack.home.region);
        return Err(wrong("environment", environment.name(), &expected));
    }
    let region = call.region.clone().unwrap_or_else(|| stack.home.region.clone());
    if !environment.has_resources(&region) {
        return Err(wrong("region", &region, "a region that the environment has something in"));
    }
    Ok(MeantScope { estate, environment, region })
}

fn named(call: &Call) -> Result<&str, EventError> {
    call.id.as_deref().ok_or_else(|| wrong("id", "nothing", "the name of an execution"))
}

fn wrong(field: &str, found: impl Display, expected: &str) -> EventError {
    EventError { field: field.to_owned(), found: found.to_string(), expected: expected.to_owned() }
}

fn refused<P: Platform>(reader: &WindowReader<P>, viewer: Viewer, error: &EventError, now: Timestamp) -> Value {
    tracing::info!(%error, "not understood");
    let frame = Frame { now, took_ms: 0, viewer, stack: reader.own.clone() };
    Value::String(page::bad_request(&frame, &error.field, &error.found, &error.expected).into())
}
