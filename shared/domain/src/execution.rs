//! Executions of our machines: their names, of which a good one is an idempotency key, and how they stand.

use std::hash::Hasher;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest name of an execution, in characters (Step Functions API reference, `StartExecution`).
const LONGEST: usize = 80;

/// Characters that are left for what a machine adds to its own name when it names its children.
const SUFFIX: usize = 12;

/// How an execution stands, as Step Functions says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExecutionStatus {
    /// It runs.
    Running,
    /// It came to its end.
    Succeeded,
    /// It ended otherwise, in the words of Step Functions: `FAILED`, `TIMED_OUT`, `ABORTED`.
    Dead(String),
    /// No machine of ours knows it.
    Unknown,
}

/// The name of the execution that these words call for at an instant: the same words and instant give the same name, so
/// that a doubled event is one run. Characters that a name cannot have become `-`; a name that would be too long is cut,
/// and one that was changed in either way gets a hash of the whole.
pub fn execution_name(words: &[&str], instant: Timestamp) -> String {
    let text = words.join("-");
    let stamp = instant.strftime("%Y%m%dT%H%M%SZ");
    let name = format!("{}-{stamp}", text.replace(|c: char| !is_name(c), "-"));
    if name.len() <= LONGEST - SUFFIX && text.chars().all(is_name) {
        return name;
    }
    let mut hash = fnv::FnvHasher::default();
    hash.write(text.as_bytes());
    let tail = format!("-{:016x}-{stamp}", hash.finish());
    // All characters are ASCII by now, so a cut falls between two of them.
    let kept = (LONGEST - SUFFIX - tail.len()).min(name.len());
    format!("{}{tail}", &name[..kept])
}

/// The same for an input that a person may send again: the same words, input and instant give the same name, and another
/// input another one, so that no wish is taken for a repetition of one that it is not.
pub fn execution_name_of_input(words: &[&str], input: &str, instant: Timestamp) -> String {
    let mut hash = fnv::FnvHasher::default();
    hash.write(input.as_bytes());
    let mark = format!("{:08x}", hash.finish() & 0xffff_ffff);
    execution_name(&[words, &[&mark]].concat(), instant)
}

/// What a machine adds to its own name when it names a child, without the number after it.
const CHILDREN: [&str; 5] = ["plan", "apply", "back", "move", "wave"];

/// The execution that started the one of this name, by the way in which machines name their children; itself, where none did.
pub fn parent_of(name: &str) -> &str {
    let child = |name: &str| {
        let (rest, number) = name.rsplit_once('-')?;
        let (parent, word) = rest.rsplit_once('-').filter(|_| number.parse::<u32>().is_ok())?;
        CHILDREN.contains(&word).then_some(parent.len())
    };
    child(name).map_or(name, |length| &name[..length])
}

/// Characters that a name may have where an execution is also logged (Step Functions API reference, `StartExecution`: to
/// enable logging with CloudWatch Logs, the name should only contain 0-9, A-Z, a-z, - and _).
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn instant() -> Timestamp {
        "2026-11-20T00:05:00Z".parse().unwrap()
    }

    #[test]
    fn the_name_is_made_of_the_words_and_the_instant() {
        assert_eq!(execution_name(&["clos-v2", "dev"], instant()), "clos-v2-dev-20261120T000500Z");
    }

    #[test]
    fn another_input_has_another_name_and_the_same_one_the_same() {
        let name = |input| execution_name_of_input(&["window", "take-over", "prod"], input, instant());
        assert_eq!(name("{}"), name("{}"));
        assert_ne!(name("{}"), name(r#"{"back":true}"#));
        assert!(name("{}").starts_with("window-take-over-prod-"), "{}", name("{}"));
    }

    #[test]
    fn a_long_name_is_cut_and_stays_unique() {
        let (a, b) = ("x".repeat(90), "x".repeat(91));
        let names = [execution_name(&[&a, "dev"], instant()), execution_name(&[&b, "dev"], instant())];
        assert!(names.iter().all(|name| name.len() == LONGEST - SUFFIX));
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn characters_that_a_name_cannot_have_are_replaced_and_names_stay_apart() {
        let names =
            [execution_name(&["prod", "5xx errors"], instant()), execution_name(&["prod", "5xx/errors"], instant())];
        assert!(
            names.iter().all(|name| name.starts_with("prod-5xx-errors-") && name.chars().all(is_name)),
            "{names:?}"
        );
        assert_ne!(names[0], names[1]);
        assert!(execution_name(&["é"], instant()).is_ascii());
    }

    #[test]
    fn a_dot_that_an_estate_may_have_is_in_no_name() {
        let names = [execution_name(&["shop.eu", "dev"], instant()), execution_name(&["shop-eu", "dev"], instant())];
        assert!(names[0].starts_with("shop-eu-dev-") && names[0].chars().all(is_name), "{names:?}");
        assert_ne!(names[0], names[1]);
    }
}
