//! What is remembered of the last question about something: one stands at a time, and a no lasts as long as its cause.

use std::collections::BTreeSet;
use std::hash::{Hash as _, Hasher as _};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::PersonReply;
use crate::value::AlarmName;

/// The last question of an environment about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LastQuestion {
    /// The execution that asks.
    pub execution: String,
    /// Until when the question stands; past once it was answered.
    pub until: Timestamp,
    /// The alarms that called for it: the one of the execution, and those that came while it stood.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub alarms: BTreeSet<AlarmName>,
    /// Who said no, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<(String, Timestamp)>,
    /// Whether it is put again because nobody had signed the answer to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// A question as it was put, for whoever looks at what waits for a person. What answers it, its token, is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PutQuestion {
    /// The execution that asks.
    pub execution: String,
    /// What a yes allows.
    pub what: String,
    /// Why a person is asked.
    pub why: String,
    /// The plan, for a person, in at most [`PLAN_MAX`] characters.
    pub plan: String,
    /// When it was put.
    pub asked: Timestamp,
    /// Until when it stands; past once it was answered.
    pub until: Timestamp,
}

impl PutQuestion {
    /// The mark of it ([`question_mark`]).
    pub fn mark(&self) -> String {
        question_mark(&self.why, &self.plan)
    }
}

/// A short stable mark of a question, by what a person reads of it: an answer that was given to one is not taken for the answer to
/// another of the same execution. Of the plan, [`PLAN_MAX`] characters count.
pub fn question_mark(why: &str, plan: &str) -> String {
    let mut hash = fnv::FnvHasher::default();
    why.hash(&mut hash);
    plan.chars().take(PLAN_MAX).for_each(|letter| letter.hash(&mut hash));
    format!("{:016x}", hash.finish())
}

/// As much of a plan as a question keeps, in characters: what its message shows.
pub const PLAN_MAX: usize = 6000;

impl LastQuestion {
    /// A question of an execution that is put now, in the place of the one before it.
    pub fn anew(before: Option<&Self>, execution: &str, alarm: Option<&AlarmName>, until: Timestamp) -> Self {
        let own = before.filter(|before| before.execution == execution);
        let alarms = own.map(|own| own.alarms.clone()).unwrap_or_default().into_iter().chain(alarm.cloned()).collect();
        Self { execution: execution.to_owned(), until, alarms, refused: None, again: false }
    }

    /// The same, once an alarm called for it as well.
    #[must_use]
    pub fn joined(&self, alarm: &AlarmName) -> Self {
        let alarms = self.alarms.iter().chain([alarm]).cloned().collect();
        Self { alarms, ..self.clone() }
    }

    /// The same, answered. Only a person's no is remembered as one.
    #[must_use]
    pub fn answered(&self, reply: &PersonReply, now: Timestamp) -> Self {
        let refused = if let PersonReply::Refused { by } = reply { Some((by.to_string(), now)) } else { None };
        Self { until: now, refused, ..self.clone() }
    }

    /// Whether the question of another execution stands.
    pub fn stands(&self, execution: &str, now: Timestamp) -> bool {
        self.execution != execution && now < self.until
    }

    /// Who said no to what an alarm calls for, while that lasts: an alarm that came back before it was quiet for the
    /// cool-down is the same trouble.
    pub fn refusal(
        &self,
        alarm: &AlarmName,
        since: Timestamp,
        cool_down: SignedDuration,
    ) -> Option<&(String, Timestamp)> {
        let refused = self.refused.as_ref().filter(|_| self.alarms.contains(alarm))?;
        let over = refused.1.saturating_add(cool_down).unwrap_or(Timestamp::MAX);
        (since < over).then_some(refused)
    }
}
