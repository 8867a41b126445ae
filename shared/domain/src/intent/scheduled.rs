//! The schedule of an environment: what its calendar wants at an instant, and what a tick makes of it.

use jiff::Timestamp;

use crate::estate::Environment;
use crate::intent::{DesiredState, Intent, Layer};

/// Whose intent the schedule's is.
const BY: &str = "tick";

/// What a tick does about an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing: a later tick has spoken already.
    Late,
    /// Nothing: no intent holds and no baseline is kept.
    Nothing,
    /// `reconcile` compares; where the calendar's word has changed, that is declared before.
    Compare {
        /// Whether it has.
        changed: bool,
    },
}

/// What the calendar wants at an instant, as an intent. Without a calendar an environment is to be awake, so that an
/// override ends, and one whose calendar was taken away is woken.
pub fn wanted(environment: &Environment, instant: Timestamp) -> Intent {
    let (want, reason) = match environment.calendar() {
        Some(calendar) => {
            let (awake, why) = calendar.says(instant);
            let want = if awake { DesiredState::Awake } else { DesiredState::Asleep };
            (want, format!("{why}, {}", calendar.zone().name()))
        }
        None => (DesiredState::Awake, "it has no calendar".to_owned()),
    };
    Intent {
        layer: Layer::Schedule,
        want,
        reason,
        by: BY.to_owned(),
        declared: instant,
        expires: None,
        approved: [].into(),
        for_release: None,
    }
}

/// What is due, given the calendar's word, the intents that are kept, and whether something else may have to be given: to a
/// pair's pointer, or back to a baseline.
pub fn due(wanted: &Intent, intents: &[Intent], owing: bool) -> Due {
    let declared = intents.iter().find(|intent| intent.layer == Layer::Schedule);
    if declared.is_some_and(|declared| declared.declared > wanted.declared) {
        return Due::Late;
    }
    // Nothing declared is as good as awake: a tick writes only where the calendar's word has changed.
    // So it does where what wanted it asleep is idleness and not the calendar any more, or the other way round.
    let said = declared.map_or((&DesiredState::Awake, false), |declared| (&declared.want, declared.is_idle()));
    let changed = said != (&wanted.want, wanted.is_idle());
    let mut others = intents.iter().filter(|intent| intent.layer != Layer::Schedule);
    let held = wanted.want == DesiredState::Asleep || others.any(|intent| intent.holds(wanted.declared));
    if changed || held || owing { Due::Compare { changed } } else { Due::Nothing }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_795_262_400, 0);

    fn schedule(want: DesiredState, at: i64) -> Intent {
        let (reason, by) = ("19:00".to_owned(), BY.to_owned());
        let declared = Timestamp::from_second(NOON.as_second() + at).unwrap();
        Intent {
            layer: Layer::Schedule,
            want,
            reason,
            by,
            declared,
            expires: None,
            approved: [].into(),
            for_release: None,
        }
    }

    #[test]
    fn only_a_changed_word_of_the_calendar_is_declared() {
        let asleep = schedule(DesiredState::Asleep, 300);
        assert_eq!(due(&asleep, &[], false), Due::Compare { changed: true });
        assert_eq!(due(&asleep, &[schedule(DesiredState::Asleep, 0)], false), Due::Compare { changed: false });
        let awake = schedule(DesiredState::Awake, 300);
        assert_eq!(due(&awake, &[schedule(DesiredState::Asleep, 0)], false), Due::Compare { changed: true });
        assert_eq!(due(&awake, &[], false), Due::Nothing);
    }

    #[test]
    fn a_tick_that_comes_after_a_later_one_does_nothing() {
        assert_eq!(due(&schedule(DesiredState::Asleep, 0), &[schedule(DesiredState::Awake, 300)], true), Due::Late);
    }

    #[test]
    fn what_is_owed_or_held_by_another_is_compared_though_the_calendar_wants_nothing() {
        let awake = schedule(DesiredState::Awake, 300);
        assert_eq!(due(&awake, &[], true), Due::Compare { changed: false });
        let held = Intent { layer: Layer::Override, ..schedule(DesiredState::Asleep, 0) };
        assert_eq!(due(&awake, std::slice::from_ref(&held), false), Due::Compare { changed: false });
        let over = Intent { expires: Some(NOON), ..held };
        assert_eq!(due(&awake, &[over], false), Due::Nothing);
    }
}
