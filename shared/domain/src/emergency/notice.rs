//! What a person is told of an emergency that was not answered, or that may make something worse.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::estate::MissingVeto;
use crate::message::{Machine, MachineStart, Message, MessageContext};
use crate::name::Scope;
use crate::value::{AlarmName, ProfileName};
use crate::violation::Violation;

/// The message that `what` was not done, and why. `by_hand` is the input that starts it all the same.
pub fn not_done(scope: &Scope, what: &str, why: &str, violations: &[Violation], by_hand: Option<&str>) -> Message {
    let Scope { estate, environment, region } = scope;
    let code = violations.iter().max_by_key(|violation| violation.severity).map(|violation| violation.code.name());
    let because = code.map_or_else(String::new, |code| format!(": {code}"));
    let subject = format!("{estate} {environment}: {what} was not done{because}");
    let mut text = format!("{subject} ({region}).\n\nWhy: {why}.\nChanged: nothing.\n");
    if !violations.is_empty() {
        text.push_str("\nGuardrails:\n");
        for violation in violations {
            _ = writeln!(text, "- {violation}");
        }
    }
    text.push_str("\nWhat to do: ");
    match by_hand {
        Some(input) => {
            text.push_str("look at the cause. To do it all the same, start the emergency-scale machine with ");
            text.push_str(input);
        }
        None => text.push_str("nothing, or start the emergency-scale machine again"),
    }
    let start = |input| MachineStart::new("To do it all the same", Machine::EmergencyScale, input);
    let context = MessageContext::about(scope).with_codes(violations.iter().map(|violation| violation.code));
    Message::new(&subject, text).with(context.with_starts(by_hand.map(start)))
}

/// The message that alarms went off which `profile`, while it is held, may make worse.
pub fn worse(scope: &Scope, profile: &ProfileName, alarms: &BTreeSet<AlarmName>) -> Message {
    let Scope { estate, environment, region } = scope;
    let names: Vec<&str> = alarms.iter().map(AlarmName::as_str).collect();
    let subject = format!("{estate} {environment}: {profile} holds, and {} went off", names.join(", "));
    let input = format!(
        "{{\"estate\": \"{estate}\", \"environment\": \"{environment}\", \"profile\": \"{profile}\", \"give-back\": true}}"
    );
    let text = format!(
        "{estate} {environment} ({region}) is at {profile}, and {} in ALARM: more tasks may make that worse, so it would \
         forbid {profile} now.\nChanged: nothing; it goes on to hold.\n\nWhat to do: look at what that alarm is about. To \
         give the capacity back now, start the emergency-scale machine with {input}",
        match names.as_slice() {
            [one] => format!("{one} is"),
            several => format!("{} are", several.join(", ")),
        }
    );
    let start = MachineStart::new("To give the capacity back now", Machine::EmergencyScale, input);
    Message::new(&subject, text).with(MessageContext::about(scope).with_starts([start]))
}

/// The message that alarms of the document do not exist where they are looked for. `lines` says what each is for.
pub fn unknown_alarms(scope: &Scope, count: usize, lines: &str, missing: MissingVeto) -> Message {
    let Scope { estate, environment, region } = scope;
    let alarms = if count == 1 { "1 alarm".to_owned() } else { format!("{count} alarms") };
    let subject = format!("{estate} {environment}: {alarms} of its document not found in {region}");
    let counts = match missing {
        MissingVeto::Tell => "forbids nothing",
        MissingVeto::Ask => "has a person asked first",
        MissingVeto::Veto => "forbids its profile, as if it were in ALARM",
    };
    let text = format!(
        "{subject}:\n{lines}\nAn alarm that does not exist calls for nothing, and a veto that does not exist {counts} \
         (`emergency.missing`).\n\nWhat to do: correct the name in the estate document, or create the alarm in {region}: those of \
         another region are not seen from here. While it is missing, this is told once a week."
    );
    Message::new(&subject, text).with(MessageContext::about(scope))
}
