//! A read replica that a move has promoted: how the region that was left gets one again. The old primary keeps its data: it is
//! renamed and stopped, never deleted, because it may hold writes that nobody has replicated.

use super::command;
use super::instance::{InstanceFacts, NewReplica};
use super::list::{ProtectionHand, ProtectionItem, ProtectionWork};
use crate::failover::readiness::Read;
use crate::name::Region;
use crate::value::ResourceName;

/// The longest identifier of an instance, in characters (Amazon RDS API reference, `NewDBInstanceIdentifier`).
const NAME_MAX: usize = 63;

/// What is to be done about an instance of the region that stands by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaStep {
    /// The old primary makes way for its name. Data, tags and snapshots stay with it; its old address is gone at once (Amazon
    /// RDS user guide, "Renaming a DB instance"), so that nothing reads or writes there by mistake.
    Rename {
        /// Its name.
        from: ResourceName,
        /// The name that it gets.
        to: ResourceName,
    },
    /// The old primary stops. AWS starts it again after seven days.
    Stop(ResourceName),
    /// The new replica is made.
    Create(NewReplica),
}

impl ReplicaStep {
    /// What it is called where its tries are counted.
    pub fn key(&self) -> String {
        match self {
            Self::Rename { from, .. } => format!("rename {from}"),
            Self::Stop(name) => format!("stop {name}"),
            Self::Create(new) => format!("create {}", new.name),
        }
    }
}

/// A replica of the document, and what there is of it in the region that stands by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSituation {
    /// The instance of its name; `None` where there is none.
    pub here: Read<Option<InstanceFacts>>,
    /// The one that was set aside under [`left_name`] since the move; `None` where there is none.
    pub left: Read<Option<InstanceFacts>>,
}

/// What the old primary is called once it has made way; nothing where that would be too long a name.
pub fn left_name(name: &ResourceName, epoch: u64) -> Option<ResourceName> {
    let left = format!("{name}-left-{epoch}");
    if left.len() > NAME_MAX { None } else { left.parse().ok() }
}

/// A replica in its place.
pub(super) struct ReplicaPlace<'a> {
    pub(super) name: &'a ResourceName,
    pub(super) epoch: u64,
    /// The region that is to stand by.
    pub(super) region: &'a Region,
    /// The region that serves.
    pub(super) active: &'a Region,
    /// Whether the document lets the stack do it.
    pub(super) ours: bool,
    /// Whether the halt switch holds it up.
    pub(super) halted: bool,
}

impl ReplicaPlace<'_> {
    /// What is left to do, in order; nothing once it follows the region that serves.
    pub(super) fn work(&self, found: &ReplicaSituation) -> Vec<ProtectionWork> {
        match (&found.here, &found.left) {
            (Err(why), _) | (_, Err(why)) => vec![self.unread(why)],
            (Ok(Some(instance)), _) if instance.source.is_some() => self.follower(instance).into_iter().collect(),
            (Ok(Some(old)), Ok(left)) => self.set_aside(old, left.is_some()),
            (Ok(None), Ok(Some(old))) => self.make_again(old),
            (Ok(None), Ok(None)) => vec![self.nothing()],
        }
    }

    /// Something that one command does, which the stack runs where it may and nothing stands in the way.
    fn task(&self, command: String, hindrance: Option<String>, item: ProtectionItem) -> ProtectionItem {
        let hindrance = hindrance.or_else(|| self.halted.then(|| "the halt switch is on".to_owned()));
        let by = if self.ours && hindrance.is_none() { ProtectionHand::Stack } else { ProtectionHand::Person };
        ProtectionItem { command: Some(command), by, hindrance: hindrance.filter(|_| self.ours), ..item }
    }

    fn item(&self, missing: impl Into<String>, advice: impl Into<String>) -> ProtectionItem {
        ProtectionItem::of(format!("replica {}", self.name), missing, advice)
    }

    fn unread(&self, why: &str) -> ProtectionWork {
        self.item(
            format!("it could not be read: {why}"),
            "See that the function may read it; the next look reads it again",
        )
        .into()
    }

    fn follower(&self, instance: &InstanceFacts) -> Option<ProtectionWork> {
        let active = self.active;
        if !instance.follows(active) {
            let source = instance.source.as_deref().unwrap_or_default();
            let advice =
                format!("Make it a replica of the one in {active}: what is written there does not reach this one");
            return Some(self.item(format!("it follows {source}, and not {active}"), advice).into());
        }
        (instance.status != "available").then(|| self.passing(&instance.status))
    }

    /// An instance at which AWS works, or has given up.
    fn passing(&self, status: &str) -> ProtectionWork {
        let missing = format!("{} in {} is {status}", self.name, self.region);
        // Amazon RDS user guide, "Viewing Amazon RDS DB instance status": in these a person has to act.
        let stuck = ["failed", "inaccessible", "incompatible", "insufficient", "restore-error", "storage-full"];
        if stuck.iter().any(|stuck| status.starts_with(stuck)) {
            return self.item(missing, "Look at the events of the instance: AWS does not go on by itself").into();
        }
        ProtectionItem { by: ProtectionHand::Aws, ..self.item(missing, "Wait until it is available") }.into()
    }

    fn set_aside(&self, old: &InstanceFacts, taken: bool) -> Vec<ProtectionWork> {
        let Self { name, region, active, .. } = self;
        let missing = format!("{name} in {region} takes writes of its own, and follows nothing");
        let apart = |advice: &str| self.item(missing.clone(), advice);
        let Some(left) = left_name(name, self.epoch) else {
            return vec![apart("Rename it by hand: with our ending its name is longer than AWS takes").into()];
        };
        if taken {
            let advice = format!("Rename one of them by hand: {left}, under which it would be set aside, is taken");
            return vec![apart(&advice).into()];
        }
        match old.status.as_str() {
            "available" => {}
            "stopped" => {
                let item = apart("Start it: a stopped instance cannot be renamed");
                return vec![ProtectionItem { command: Some(command::start(region, name)), ..item }.into()];
            }
            status => return vec![self.passing(status)],
        }
        let step = ReplicaStep::Rename { from: (*name).clone(), to: left.clone() };
        let advice = format!("Set it aside as {left}, with what it holds that {active} never got");
        let rename = self.task(command::rename(region, name, &left), untagged(old), apart(&advice));
        let mut all = vec![ProtectionWork { item: rename, step: Some(step) }];
        all.push(self.stop(&left, None));
        all.push(self.create(old, false));
        all
    }

    fn make_again(&self, old: &InstanceFacts) -> Vec<ProtectionWork> {
        let left = left_name(self.name, self.epoch).filter(|_| old.status == "available" && old.source.is_none());
        let stop = left.map(|left| self.stop(&left, Some(old)));
        stop.into_iter().chain([self.create(old, true)]).collect()
    }

    /// `old` is there under that name already, or only will be.
    fn stop(&self, left: &ResourceName, old: Option<&InstanceFacts>) -> ProtectionWork {
        let item = self.item(
            format!("the old primary, {left}, runs on"),
            "Stop it, so that nobody reads or writes there; AWS starts it again after seven days",
        );
        let item = self.task(command::stop(self.region, left), old.and_then(untagged), item);
        ProtectionWork { item, step: old.map(|_| ReplicaStep::Stop(left.clone())) }
    }

    fn create(&self, old: &InstanceFacts, now: bool) -> ProtectionWork {
        let Self { name, region, active, .. } = self;
        let (name, settings) = ((*name).clone(), old.settings.clone());
        let new = NewReplica { source: old.arn_in(active, &name), name, settings };
        let presigned = old.needs_presigned_url().then(|| "AWS takes a presigned URL for it here".to_owned());
        let item = self.item(format!("no replica of {active} in {region}"), "Make one, like the old primary");
        let item = self.task(command::create(region, active, &new), untagged(old).or(presigned), item);
        ProtectionWork { item, step: now.then_some(ReplicaStep::Create(new)) }
    }

    fn nothing(&self) -> ProtectionWork {
        let Self { name, region, active, .. } = self;
        let advice = format!(
            "Make a replica of the one in {active} under the name {name}: there is no old primary here whose subnet group and \
             security groups it could have"
        );
        self.item(format!("no replica of {active} in {region}"), advice).into()
    }
}

fn untagged(instance: &InstanceFacts) -> Option<String> {
    (!instance.managed).then(|| "it lacks the tag watchkeeper:managed = true".to_owned())
}
