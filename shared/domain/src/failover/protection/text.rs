//! What people read of protection.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::command;
use super::list::{ProtectionHand, ProtectionItem};
use crate::name::Region;
use crate::value::ResourceName;

/// What is missing, the first first, each with what to do and the command for it.
pub fn unprotected_text(active: &Region, standby: &Region, moved: Timestamp, items: &[ProtectionItem]) -> String {
    let things = if items.len() == 1 { "1 thing".to_owned() } else { format!("{} things", items.len()) };
    let mut text = format!(
        "{active} serves since {moved}, and nothing protects it: {things} to do until {standby} could take over again.\n"
    );
    for (nth, item) in items.iter().enumerate() {
        let ProtectionItem { resource, missing, advice, command, by, hindrance } = item;
        let who = match by {
            ProtectionHand::Stack => format!("the stack in {standby}, by itself"),
            ProtectionHand::Aws => "AWS, by itself".to_owned(),
            ProtectionHand::Person => "a person".to_owned(),
        };
        _ = writeln!(text, "\n{}. {resource}: {missing}\n   what to do: {advice}\n   who:        {who}", nth + 1);
        if let Some(why) = hindrance {
            _ = writeln!(text, "   in the way: {why}");
        }
        if let Some(command) = command {
            _ = writeln!(text, "   command:    {command}");
        }
    }
    text
}

/// That it is over, and what is left of before.
pub fn protected_text(active: &Region, standby: &Region, at: Timestamp, left: &BTreeSet<ResourceName>) -> String {
    let mut text = format!("{standby} could take over from {active} again, since {at}.\n");
    for name in left {
        let command = command::delete(standby, name);
        _ = write!(
            text,
            "\n{name} in {standby} is the old primary, with what was never replicated. Nothing here deletes it: look into it, and \
             when nothing of it is needed any more: {command}\n"
        );
    }
    text
}
