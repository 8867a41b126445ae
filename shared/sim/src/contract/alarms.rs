//! Cases about alarms: how they stand, and what holds their actions back.

use std::collections::BTreeSet;

use watchkeeper_control::ports::{AlarmMutes, Alarms};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::value::AlarmName;

use super::{CaseFailure, ContractBench, Passed, differs, equal};
use crate::spec::checked;

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! alarm_cases {
    ($test:ident) => {
        $test! {
            only_alarms_that_exist_are_described
            a_mute_rule_mutes_its_alarm_and_no_other_and_changes_no_state
            an_alarm_whose_actions_are_disabled_is_suppressed_and_not_muted
        }
    };
}

/// A place to try an implementation of these ports in. All that it makes is new.
pub trait AlarmBench: ContractBench {
    /// The ports.
    type Alarms: Alarms + AlarmMutes;

    /// The ports.
    fn alarms(&self) -> &Self::Alarms;

    /// Makes an alarm in this state.
    async fn make_alarm(&self, alarm: &AlarmName, state: AlarmState) -> Result<(), CaseFailure>;

    /// Puts a mute rule on an alarm that is active now.
    async fn mute(&self, alarm: &AlarmName) -> Result<(), CaseFailure>;

    /// Disables the actions of an alarm.
    async fn disable_actions(&self, alarm: &AlarmName) -> Result<(), CaseFailure>;
}

async fn alarm<B: AlarmBench>(bench: &B, state: AlarmState) -> Result<AlarmName, CaseFailure> {
    let name: AlarmName = checked(bench.fresh_name().parse());
    bench.make_alarm(&name, state).await?;
    Ok(name)
}

/// State, and whether its actions are held back.
async fn standing<B: AlarmBench>(bench: &B, alarm: &AlarmName) -> Result<(AlarmState, bool), CaseFailure> {
    let found = bench.alarms().alarm_states(&BTreeSet::from([alarm.clone()])).await?;
    let status = found.get(alarm).ok_or_else(|| differs("the alarm", &found, "that it is there"))?;
    Ok((status.state, status.suppressed))
}

/// By name, and without a word of the others.
pub async fn only_alarms_that_exist_are_described<B: AlarmBench>(bench: &B) -> Passed {
    let (on, off) = (alarm(bench, AlarmState::Alarm).await?, alarm(bench, AlarmState::Ok).await?);
    let missing: AlarmName = checked(bench.fresh_name().parse());
    let asked = BTreeSet::from([on.clone(), off.clone(), missing]);
    let found = bench.alarms().alarm_states(&asked).await?;
    let states: Vec<_> = found.into_iter().map(|(name, status)| (name, status.state)).collect();
    let mut expected = vec![(on, AlarmState::Alarm), (off, AlarmState::Ok)];
    expected.sort();
    equal("the alarms", &states, &expected)
}

/// A mute holds actions back, and no change of state.
pub async fn a_mute_rule_mutes_its_alarm_and_no_other_and_changes_no_state<B: AlarmBench>(bench: &B) -> Passed {
    let (muted, loud) = (alarm(bench, AlarmState::Alarm).await?, alarm(bench, AlarmState::Alarm).await?);
    bench.mute(&muted).await?;
    let missing: AlarmName = checked(bench.fresh_name().parse());
    for (name, expected) in [(&muted, true), (&loud, false), (&missing, false)] {
        equal(&format!("whether {name} is muted"), &bench.alarms().is_muted(name).await?, &expected)?;
    }
    equal("the muted alarm", &standing(bench, &muted).await?, &(AlarmState::Alarm, false))
}

/// Two things that hold actions back, told apart.
pub async fn an_alarm_whose_actions_are_disabled_is_suppressed_and_not_muted<B: AlarmBench>(bench: &B) -> Passed {
    let quiet = alarm(bench, AlarmState::Alarm).await?;
    bench.disable_actions(&quiet).await?;
    equal("the alarm", &standing(bench, &quiet).await?, &(AlarmState::Alarm, true))?;
    equal("whether it is muted", &bench.alarms().is_muted(&quiet).await?, &false)
}
