//! Schedulers of somebody else that find what they move by its tags.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A scheduler, known by the tag that its resources bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagScheduler {
    /// The key of the tag, where nobody has chosen another one.
    pub tag: &'static str,
    /// What the scheduler is called.
    pub name: &'static str,
}

/// The default key of its parameter `TagName` (aws-solutions/instance-scheduler-on-aws,
/// `source/instance-scheduler/lib/instance-scheduler-stack.ts`). Of what we look after, it moves databases only.
const INSTANCE_SCHEDULER: TagScheduler = TagScheduler { tag: "Schedule", name: "AWS Instance Scheduler" };

/// The default key of its filters `offhour` and `onhour`, and the one that its own examples choose (cloud-custodian,
/// `c7n/filters/offhours.py`). They are compared without case, and the value `off` takes a resource out.
const CLOUD_CUSTODIAN: [TagScheduler; 2] = [
    TagScheduler { tag: "maid_offhours", name: "Cloud Custodian" },
    TagScheduler { tag: "custodian_downtime", name: "Cloud Custodian" },
];

impl TagScheduler {
    /// The one that may move a service of these tags, each a key and its value.
    pub fn of_service<'a>(mut tags: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        tags.find_map(|(key, value)| {
            let opted_out = value.eq_ignore_ascii_case("off");
            CLOUD_CUSTODIAN.into_iter().find(|it| it.tag.eq_ignore_ascii_case(key) && !opted_out)
        })
    }

    /// The one that may move a database of these tags.
    pub fn of_database<'a>(tags: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Option<Self> {
        let scheduled = tags.clone().any(|(key, _)| key == INSTANCE_SCHEDULER.tag);
        scheduled.then_some(INSTANCE_SCHEDULER).or_else(|| Self::of_service(tags))
    }
}

/// Written as its tag.
impl Serialize for TagScheduler {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag)
    }
}

impl<'de> Deserialize<'de> for TagScheduler {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tag = String::deserialize(deserializer)?;
        let known = CLOUD_CUSTODIAN.into_iter().chain([INSTANCE_SCHEDULER]).find(|it| it.tag == tag);
        known.ok_or_else(|| D::Error::custom(format!("found {tag:?}, expected the tag of a scheduler that is known")))
    }
}

impl fmt::Display for TagScheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tag {} of {}", self.tag, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduler_is_known_by_its_tag_on_what_it_can_move() {
        let service = |tag: (&'static str, &'static str)| TagScheduler::of_service([("team", "x"), tag].into_iter());
        let database = |tag: (&'static str, &'static str)| TagScheduler::of_database([("team", "x"), tag].into_iter());
        for (tag, of_service, of_database) in [
            (("Schedule", "office-hours"), None, Some("AWS Instance Scheduler")),
            (("schedule", "office-hours"), None, None),
            (("maid_offhours", ""), Some("Cloud Custodian"), Some("Cloud Custodian")),
            (("Custodian_Downtime", "tz=pt"), Some("Cloud Custodian"), Some("Cloud Custodian")),
            (("maid_offhours", "Off"), None, None),
            (("watchkeeper:managed", "true"), None, None),
        ] {
            assert_eq!(service(tag).map(|it| it.name), of_service, "{tag:?}");
            assert_eq!(database(tag).map(|it| it.name), of_database, "{tag:?}");
        }
    }
}
