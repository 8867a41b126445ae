//! The alarms of a simulation: they stand as a test has put them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_control::ports::{AlarmMutes, Alarms, AwsError, UsageMetrics};
use watchkeeper_domain::emergency::alarm::{AlarmState, AlarmStates, AlarmStatus};
use watchkeeper_domain::intent::idle::{UsageFigures, UsageSubject, UsageWindow};
use watchkeeper_domain::value::AlarmName;

use crate::operation::Operation;
use crate::region::SimRegion;
use crate::state::SimState;

impl Alarms for SimRegion {
    async fn alarm_states(&self, names: &BTreeSet<AlarmName>) -> Result<AlarmStates, AwsError> {
        let subject = names.iter().map(AlarmName::as_str).collect::<Vec<_>>().join(", ");
        self.ask(Operation::DescribeAlarms, subject, |state| {
            let known = |name: &AlarmName| Some((name.clone(), *state.alarms.get(name)?));
            Ok(names.iter().filter_map(known).collect())
        })
        .await
    }
}

impl AlarmMutes for SimRegion {
    async fn is_muted(&self, alarm: &AlarmName) -> Result<bool, AwsError> {
        self.ask(Operation::ListAlarmMuteRules, alarm, |state| Ok(state.muted.contains(alarm))).await
    }
}

impl UsageMetrics for SimRegion {
    async fn usage(&self, subjects: &BTreeSet<UsageSubject>, window: &UsageWindow) -> Result<UsageFigures, AwsError> {
        self.ask(Operation::GetUsage, format!("{} subjects", subjects.len()), |state| {
            let inside = |at: &Timestamp| window.from <= *at && *at < window.to;
            let points = |subject: &UsageSubject| {
                let all = state.usage.get(subject).into_iter().flatten();
                all.filter(|(at, _)| inside(at)).map(|(at, point)| (*at, *point)).collect()
            };
            Ok(subjects.iter().map(|subject| (subject.clone(), points(subject))).collect())
        })
        .await
    }
}

impl SimState {
    /// Puts an alarm into a state. It stands so since now, unless it did so before.
    pub(crate) fn set_alarm(&mut self, name: AlarmName, state: AlarmState) {
        let now = AlarmStatus { state, since: Some(self.now), suppressed: false };
        let status = self.alarms.entry(name).or_insert(now);
        if status.state != state {
            *status = AlarmStatus { suppressed: status.suppressed, ..now };
        }
    }
}
