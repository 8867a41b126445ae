//! Alarms: whether they are there, where we hear them, and whether they may act.

use super::row::existing;
use super::{AlarmFacts, Check, PreflightCase, ReportRow};
use crate::value::AlarmName;

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    for (name, acted_upon) in &case.wanted.alarms {
        of_alarm(case, name, *acted_upon, rows);
    }
}

fn of_alarm(case: PreflightCase<'_>, name: &AlarmName, acted_upon: bool, rows: &mut Vec<ReportRow>) {
    let subject = format!("alarm {name}");
    let alarm = match existing(case.facts.alarms.get(name), &subject, || missing(case, name, &subject)) {
        Ok(alarm) => alarm,
        Err(row) => return rows.push(row),
    };
    rows.push(ReportRow::good(Check::Exists, subject.as_str(), alarm.state.as_str()));
    // What only tells how things stand is read, whether it acts or not.
    if acted_upon {
        rows.push(of_actions(case, name, &subject, alarm));
        of_mutes(case, &subject, alarm, rows);
    }
}

/// Events and states of an alarm are those of its own region: one of the same name elsewhere is never heard here.
fn missing(case: PreflightCase<'_>, name: &AlarmName, subject: &str) -> ReportRow {
    let Some(region) = case.facts.elsewhere.get(name).and_then(|regions| regions.first()) else {
        let names = case.aws(&["cloudwatch", "describe-alarms", "--query", "MetricAlarms[].AlarmName"]);
        return ReportRow::missing(Check::Exists, subject, names);
    };
    let words = ["cloudwatch", "describe-alarms", "--alarm-names", name.as_str()];
    let found = format!("lies in {region}, and an alarm is heard in its own region only");
    let expected = format!("an alarm of that name in {}: make one as this shows it", case.region());
    ReportRow::bad(Check::Region, subject, found, expected, super::command::aws(&words, region.as_str()))
}

fn of_actions(case: PreflightCase<'_>, name: &AlarmName, subject: &str, alarm: &AlarmFacts) -> ReportRow {
    if alarm.actions_enabled {
        return ReportRow::good(Check::ActionsEnabled, subject, "enabled");
    }
    let enable = case.aws(&["cloudwatch", "enable-alarm-actions", "--alarm-names", name.as_str()]);
    ReportRow::bad(Check::ActionsEnabled, subject, "disabled: nothing is done when it goes off", "enabled", enable)
}

fn of_mutes(case: PreflightCase<'_>, subject: &str, alarm: &AlarmFacts, rows: &mut Vec<ReportRow>) {
    let rules = match &alarm.muted_by {
        Ok(rules) => rules,
        Err(unread) => return rows.push(ReportRow::unread(Check::NotMuted, subject, unread)),
    };
    if rules.is_empty() {
        return rows.push(ReportRow::good(Check::NotMuted, subject, "not muted"));
    }
    let unmute = |rule: &String| case.aws(&["cloudwatch", "delete-alarm-mute-rule", "--alarm-mute-rule-name", rule]);
    let commands: Vec<String> = rules.iter().map(unmute).collect();
    let found = format!("muted by {}", rules.iter().cloned().collect::<Vec<_>>().join(", "));
    let expected = "not muted, or a mute that you know of: it ends by its own schedule";
    rows.push(ReportRow::bad(Check::NotMuted, subject, found, expected, commands.join(" && ")));
}
