//! What is asked for by a button: how old its page is, which scope is meant, and which of the intents that the window offers.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::request::RequestError;
use watchkeeper_window::call::{Call, Verb};
use watchkeeper_window::facts::OfferedIntent;

use super::PAGE_MAX_AGE;
use crate::runbook::{ErrorName, RunbookError, Stack};
use crate::window::event::EventError;
use crate::window::pages::MeantScope;

/// How far ahead of this clock a page may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// Why nothing was started: the name of the error or guardrail, what was found, and what was expected.
pub(super) struct Refusal(pub(super) String, pub(super) String, pub(super) String);

impl From<EventError> for Refusal {
    fn from(error: EventError) -> Self {
        Self(ErrorName::RequestInvalid.to_string(), format!("{}: {}", error.field, error.found), error.expected)
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        EventError::from(error).into()
    }
}

impl From<RunbookError> for Refusal {
    fn from(error: RunbookError) -> Self {
        let name = error.name();
        Self(name.to_string(), error.message(), name.advice().to_owned())
    }
}

/// The instant of the page whose button was pressed.
pub(super) fn page(call: &Call, now: Timestamp) -> Result<Timestamp, Refusal> {
    let at = call.at.ok_or_else(|| missing("at", "the instant of the page, in seconds since 1970"))?;
    let at = Timestamp::from_second(at).map_err(|_| missing("at", "seconds since 1970"))?;
    let age = now.duration_since(at);
    if age > PAGE_MAX_AGE || age < -AHEAD {
        let expected = format!("a page of the last {PAGE_MAX_AGE:#}, here is a fresh one");
        return Err(Refusal(GuardrailCode::StaleEvent.to_string(), format!("a page of {at}, {age:#} ago"), expected));
    }
    Ok(at)
}

/// The scope that is meant; nothing for everything, which only the halt switch has.
pub(super) fn meant<'a>(stack: &'a Stack, call: &Call) -> Result<Option<MeantScope<'a>>, Refusal> {
    if matches!(call.verb, Verb::HaltAll | Verb::LiftAll) {
        return Ok(None);
    }
    let estate = call.estate.as_ref().ok_or_else(|| missing("estate", "the name of an estate"))?;
    let environment = call.environment.as_ref().ok_or_else(|| missing("environment", "the name of an environment"))?;
    let (estate, environment) = stack.find(estate.as_str(), environment.as_str()).map_err(RunbookError::from)?;
    let home = &stack.home.region;
    if let Some(region) = call.region.as_ref().filter(|region| *region != home) {
        return Err(EventError {
            field: "region".to_owned(),
            found: region.to_string(),
            expected: format!("{home}: what is meant elsewhere is done by that region's stack"),
        }
        .into());
    }
    if !environment.is_of_account(&stack.home.account) || !environment.regions().contains(home) {
        return Err(EventError {
            field: "environment".to_owned(),
            found: environment.name().to_string(),
            expected: format!(
                "an environment of account {} in {home}: another stack acts for the others",
                stack.home.account
            ),
        }
        .into());
    }
    Ok(Some(MeantScope { estate, environment, region: home.clone() }))
}

/// What a button offers, where its plan is what the confirmation promised.
pub(super) fn offered(call: &Call) -> Result<Option<OfferedIntent>, Refusal> {
    let until = || {
        let text = call.until.as_deref().ok_or_else(|| missing("until", "when it ends, as an instant"))?;
        text.parse::<Timestamp>().map_err(|_| EventError {
            field: "until".to_owned(),
            found: format!("{text:?}"),
            expected: "an instant, such as 2026-11-21T22:00:00Z".to_owned(),
        })
    };
    Ok(match call.verb {
        Verb::Awake => Some(OfferedIntent::Awake { until: until()? }),
        Verb::Asleep => Some(OfferedIntent::Asleep { until: until()? }),
        Verb::AsScheduled => Some(OfferedIntent::AsScheduled),
        Verb::GiveBack => call.profile.clone().map(|profile| OfferedIntent::GiveBack { profile }),
        _ => None,
    })
}

pub(super) fn missing(field: &str, expected: &str) -> EventError {
    EventError { field: field.to_owned(), found: "nothing".to_owned(), expected: expected.to_owned() }
}

/// What was asked for, in words.
pub(super) fn what(call: &Call) -> String {
    let until = call.until.as_deref().map(|until| format!(" until {until}")).unwrap_or_default();
    let subject = call.resource.as_ref().map(|resource| format!(" {resource}"));
    let subject = subject.or_else(|| call.profile.as_ref().map(|profile| format!(" {profile}"))).unwrap_or_default();
    let verb = match (call.verb, call.approved) {
        (Verb::Answer, Some(true)) => "approve",
        (Verb::Answer, Some(false)) => "refuse",
        (verb, _) => verb.into(),
    };
    format!("{verb}{subject}{until}")
}
