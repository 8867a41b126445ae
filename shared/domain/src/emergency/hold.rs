//! How long an emergency holds: while its alarms last and for the cool-down after them, and never beyond its expiry.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::emergency::alarm::{AlarmState, AlarmStates, standing};
use crate::intent::{DesiredState, Intent};
use crate::value::AlarmName;

/// How often the alarms are looked at: one `DescribeAlarms` a minute, and an end that is at most a minute late.
const LOOK: SignedDuration = SignedDuration::from_mins(1);

/// How many looks one execution makes at the most: each takes some ten of the 25,000 events of a history (Step Functions
/// quotas).
const LOOKS: i32 = 1500;

/// What an execution that holds an emergency does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldAction {
    /// It waits and looks again.
    Hold,
    /// It gives back.
    GiveBack,
    /// It ends: there is nothing that it holds any more.
    Over,
}

/// A look at an emergency that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyHold {
    /// What follows.
    pub verdict: HoldAction,
    /// After how long, for [`HoldAction::Hold`].
    pub wait: SignedDuration,
    /// Why, in a sentence.
    pub summary: String,
}

/// Those alarms that forbid a profile, are in ALARM, and have not been told of yet: what is held may be what makes them
/// worse, and a person has to weigh that.
pub fn made_worse(
    forbidding: impl IntoIterator<Item = AlarmName>,
    states: &AlarmStates,
    told: &BTreeSet<AlarmName>,
) -> BTreeSet<AlarmName> {
    let forbidding: BTreeSet<AlarmName> = forbidding.into_iter().collect();
    standing(forbidding.difference(told), states).into_iter().cloned().collect()
}

/// The intent as far as something calls for it still: without alarms that neither exist nor are in the document any more, for
/// they were renamed or removed, and would hold it until its expiry. Nothing where none of its alarms is left.
pub fn still_called_for(intent: &Intent, states: &AlarmStates, named: &BTreeSet<&AlarmName>) -> Option<Intent> {
    let mut intent = intent.clone();
    if let DesiredState::Scaled(requested) = &mut intent.want
        && !requested.alarms.is_empty()
    {
        requested.alarms.retain(|alarm| states.contains_key(alarm) || named.contains(alarm));
        if requested.alarms.is_empty() {
            return None;
        }
    }
    Some(intent)
}

/// Looks at what the execution holds. `intent` is what the ledger has of its profile; `owing`, whether a baseline is kept
/// that nothing holds any more: a give-back that failed half way has dropped its intent before.
pub fn hold(
    intent: Option<&Intent>,
    owing: bool,
    execution: &str,
    states: &AlarmStates,
    cool_down: SignedDuration,
    now: Timestamp,
) -> EmergencyHold {
    let Some((intent, alarms)) = intent.and_then(|intent| match &intent.want {
        DesiredState::Scaled(requested) => Some((intent, &requested.alarms)),
        _ => None,
    }) else {
        let half_way = || give_back("it was taken back, and not everything is given back yet".to_owned());
        return if owing { half_way() } else { over("it has been given back already".to_owned()) };
    };
    if intent.by != execution {
        return over(format!("the execution {} holds it now", intent.by));
    }
    let lasting: Vec<String> = standing(alarms, states).into_iter().map(ToString::to_string).collect();
    let still = if lasting.is_empty() { String::new() } else { format!("{} in ALARM", lasting.join(", ")) };
    let expires = intent.expires.unwrap_or(Timestamp::MAX);
    if now >= expires {
        let still = if still.is_empty() { still } else { format!(", with {still}") };
        return give_back(format!("it expired at {expires}{still}"));
    }
    let look = LOOK.max(expires.duration_since(intent.declared) / LOOKS);
    let last = expires.duration_since(now);
    if alarms.is_empty() {
        return wait(look.min(last), format!("it holds until {expires}"));
    }
    let quiet = alarms.iter().map(|alarm| states.get(alarm).filter(|s| s.state == AlarmState::Ok)?.since);
    let Some(since) = quiet.collect::<Option<Vec<Timestamp>>>().and_then(|since| since.into_iter().max()) else {
        let why = if still.is_empty() { "an alarm cannot be told to be OK".to_owned() } else { still };
        return wait(look.min(last), format!("{why}; it holds until {expires} at the latest"));
    };
    let left = cool_down.saturating_sub(now.duration_since(since));
    if left.is_positive() {
        return wait(
            look.min(last).min(left),
            format!("quiet since {since}; it holds for the cool-down of {cool_down:#}"),
        );
    }
    give_back(format!("quiet since {since}, for the cool-down of {cool_down:#}"))
}

fn over(summary: String) -> EmergencyHold {
    EmergencyHold { verdict: HoldAction::Over, wait: SignedDuration::ZERO, summary }
}

fn give_back(summary: String) -> EmergencyHold {
    EmergencyHold { verdict: HoldAction::GiveBack, wait: SignedDuration::ZERO, summary }
}

fn wait(wait: SignedDuration, summary: String) -> EmergencyHold {
    EmergencyHold { verdict: HoldAction::Hold, wait, summary }
}
