//! Cases about alarms: how they stand, and what holds their actions back.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_control::ports::{AlarmMutes, Alarms, UsageMetrics};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::intent::idle::{USAGE_PERIOD, UsageFigures, UsagePoint, UsageSubject, UsageWindow};
use watchkeeper_domain::value::AlarmName;

use super::{CaseFailure, ContractBench, Passed, differs, equal, named};
use crate::spec::checked;

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! alarm_cases {
    ($test:ident) => {
        $test! {
            only_alarms_that_exist_are_described
            a_mute_rule_mutes_its_alarm_and_no_other_and_changes_no_state
            an_alarm_whose_actions_are_disabled_is_suppressed_and_not_muted
            usage_is_read_by_its_periods_and_what_is_not_there_is_left_out
        }
    };
}

/// A place to try an implementation of these ports in. All that it makes is new.
pub trait AlarmBench: ContractBench {
    /// The ports.
    type Alarms: Alarms + AlarmMutes + UsageMetrics;

    /// The ports.
    fn alarms(&self) -> &Self::Alarms;

    /// Makes an alarm in this state.
    async fn make_alarm(&self, alarm: &AlarmName, state: AlarmState) -> Result<(), CaseFailure>;

    /// Puts a mute rule on an alarm that is active now.
    async fn mute(&self, alarm: &AlarmName) -> Result<(), CaseFailure>;

    /// Disables the actions of an alarm.
    async fn disable_actions(&self, alarm: &AlarmName) -> Result<(), CaseFailure>;

    /// Has AWS report what is known of a subject in the period that begins then.
    async fn report(&self, subject: &UsageSubject, at: Timestamp, point: UsagePoint) -> Result<(), CaseFailure>;
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

/// Whole periods, from the beginning of the window on; a group without a request has a healthy target all the same.
pub async fn usage_is_read_by_its_periods_and_what_is_not_there_is_left_out<B: AlarmBench>(bench: &B) -> Passed {
    let name = bench.fresh_name();
    let group = UsageSubject::Requests { balancer: format!("app/{name}/1"), group: format!("targetgroup/{name}/2") };
    let service = |service: String| ServiceId::try_from(format!("bench/{service}"));
    let (cpu, silent) = (named(service(bench.fresh_name()))?, named(service(bench.fresh_name()))?);
    let (cpu, silent) = (UsageSubject::Cpu(cpu), UsageSubject::Cpu(silent));
    let period = USAGE_PERIOD.as_secs();
    let at = |n: i64| {
        let hours_ago = bench.now().as_second().div_euclid(period) * period - 24 * period;
        Timestamp::from_second(hours_ago + n * period).unwrap_or_default()
    };
    let point = |figure, healthy| UsagePoint { figure, healthy };
    for (subject, n, reported) in [
        (&group, 0, point(Some(7), true)),
        (&group, 1, point(Some(3), true)),
        (&group, 2, point(None, true)),
        (&group, 4, point(Some(9), true)),
        (&cpu, 1, point(Some(425), false)),
        (&cpu, 3, point(Some(0), false)),
    ] {
        bench.report(subject, at(n), reported).await?;
    }
    let window = UsageWindow { from: at(1), settled: at(3), to: at(4) };
    let asked = BTreeSet::from([group.clone(), cpu.clone(), silent.clone()]);
    let found = bench.alarms().usage(&asked, &window).await?;
    let expected = UsageFigures::from([
        (group, [(at(1), point(Some(3), true)), (at(2), point(None, true))].into()),
        (cpu, [(at(1), point(Some(425), false)), (at(3), point(Some(0), false))].into()),
        (silent, [].into()),
    ]);
    equal("the figures", &found, &expected)
}
