//! Eventual consistency: what a thing was, and what a reader of it may see.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

/// The states of one thing in time. A reader may see an old one, but never one older than it has seen before.
#[derive(Debug, Clone)]
pub(crate) struct StateHistory<T> {
    states: VecDeque<(Timestamp, T)>,
    view: Timestamp,
}

impl<T: PartialEq> StateHistory<T> {
    /// A thing that has always been so.
    pub(crate) fn new(state: T) -> Self {
        Self { states: VecDeque::from([(Timestamp::MIN, state)]), view: Timestamp::MIN }
    }

    /// Notes what it is from `now` on.
    pub(crate) fn note(&mut self, now: Timestamp, state: T) {
        if self.states.back().is_none_or(|(_, last)| *last != state) {
            self.states.push_back((now, state));
        }
    }

    /// What a reader sees whose answer is `lag` old. `None` never happens: there always is a state.
    pub(crate) fn read(&mut self, now: Timestamp, lag: Duration) -> Option<&T> {
        let then = now.checked_sub(lag).unwrap_or(Timestamp::MIN);
        self.view = self.view.max(then);
        while self.states.get(1).is_some_and(|(since, _)| *since <= self.view) {
            self.states.pop_front();
        }
        self.states.front().map(|(_, state)| state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::constant(1_795_000_000 + second, 0)
    }

    const fn lag(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_answer_may_be_old() {
        let mut history = StateHistory::new("a");
        history.note(at(10), "b");
        assert_eq!(history.read(at(12), lag(3)), Some(&"a"));
        assert_eq!(history.read(at(12), lag(2)), Some(&"b"));
    }

    #[test]
    fn an_answer_is_never_older_than_the_one_before() {
        let mut history = StateHistory::new(0);
        history.note(at(10), 1);
        history.note(at(20), 2);
        assert_eq!(history.read(at(20), lag(0)), Some(&2));
        assert_eq!(history.read(at(21), lag(15)), Some(&2));
    }

    #[test]
    fn two_changes_of_one_moment_show_the_last() {
        let mut history = StateHistory::new(0);
        history.note(at(10), 1);
        history.note(at(10), 2);
        assert_eq!(history.read(at(10), lag(0)), Some(&2));
    }
}
