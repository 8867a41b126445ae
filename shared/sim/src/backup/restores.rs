//! The ports of restores.

use jiff::Timestamp;
use watchkeeper_control::backup::RestoreStore;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::backup::{
    JobPolicy, KnownCopy, ObservedInstance, ObservedRestore, ResourceKind, RestoredEndpoint, RestoredFacts, SourceState,
};

use crate::kinds::vault::{RestoredInstance, RestoredTarget};
use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::state::SimState;

impl RestoreStore for SimRegion {
    async fn describe_restored(&self, _: &JobPolicy, target: &str) -> Result<Option<ObservedRestore>, AwsError> {
        self.ask(Operation::DescribeRestored, target, |state| {
            let now = state.now;
            let takes = state.vault.takes;
            let visible =
                |it: &&RestoredTarget| it.gone.is_none_or(|gone| gone.checked_add(takes).is_ok_and(|end| now < end));
            Ok(state.vault.targets.get(target).filter(visible).map(|it| ObservedRestore {
                state: if it.ready <= now { SourceState::Available } else { SourceState::Busy("creating".to_owned()) },
                deleting: it.gone.is_some(),
                created: Some(it.created),
                from: it.from.clone(),
                mark: it.mark.clone(),
                settings: it.settings.clone(),
                endpoint: it.endpoint(target, now),
                instance: it.instance(now, takes),
            }))
        })
        .await
    }

    async fn restore_copy(
        &self,
        policy: &JobPolicy,
        known: &KnownCopy,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        self.ask(Operation::RestoreBackup, target, |state| {
            let copy = state.vault.there().find(|it| it.id == known.id).cloned();
            let copy = copy.ok_or_else(|| CallRefusal::not_found(&known.name))?;
            state.restore(policy, target, mark, Some(copy.id), copy.items)
        })
        .await
    }

    async fn restore_instant(
        &self,
        policy: &JobPolicy,
        instant: Timestamp,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        self.ask(Operation::RestoreToInstant, format!("{target} at {instant}"), |state| {
            let store = state.vault.stores.get(&policy.subject.source).cloned();
            let store = store.ok_or_else(|| CallRefusal::not_found(&policy.subject.source))?;
            state.restore(policy, target, mark, None, store.items)
        })
        .await
    }

    async fn mark_restored(&self, _: &JobPolicy, target: &str, mark: &str) -> Result<(), AwsError> {
        self.ask(Operation::TagRestored, target, |state| {
            state.target(target)?.mark = Some(mark.to_owned());
            Ok(())
        })
        .await
    }

    async fn reapply(&self, policy: &JobPolicy, target: &str) -> Result<Vec<String>, AwsError> {
        self.ask(Operation::ReapplySettings, target, |state| {
            let store = state.vault.stores.get(&policy.subject.source).cloned();
            let extras = store.ok_or_else(|| CallRefusal::not_found(&policy.subject.source))?.extras;
            state.target(target)?.extras.clone_from(&extras);
            Ok(extras)
        })
        .await
    }

    async fn inspect_restored(&self, _: &JobPolicy, target: &str) -> Result<RestoredFacts, AwsError> {
        self.ask(Operation::InspectRestored, target, |state| {
            let found = state.target(target)?;
            let (items, settings) = (Some((found.items, true)), found.settings.clone());
            Ok(RestoredFacts { items, known_item: None, settings })
        })
        .await
    }

    async fn delete_restored(&self, _: &JobPolicy, target: &str) -> Result<(), AwsError> {
        self.ask(Operation::DeleteRestored, target, |state| {
            let (now, takes) = (state.now, state.vault.takes);
            let found = state.target(target)?;
            if found.instance(now, takes).is_some_and(|instance| !instance.deleting) {
                return Err(CallRefusal::new(Fault::Conflict, format!("{target} has an instance")));
            }
            found.gone = Some(now);
            Ok(())
        })
        .await
    }

    async fn add_instance(&self, _: &JobPolicy, target: &str, mark: &str) -> Result<(), AwsError> {
        self.ask(Operation::AddInstance, target, |state| {
            let (now, takes) = (state.now, state.vault.takes);
            let found = state.target(target)?;
            if found.instance(now, takes).is_some() {
                return Err(CallRefusal::new(Fault::Conflict, format!("{target} has an instance")));
            }
            let ready = now.checked_add(takes).unwrap_or(Timestamp::MAX);
            found.instance = Some(RestoredInstance { mark: mark.to_owned(), ready, gone: None });
            Ok(())
        })
        .await
    }

    async fn remove_instance(&self, _: &JobPolicy, target: &str) -> Result<(), AwsError> {
        self.ask(Operation::RemoveInstance, target, |state| {
            let now = state.now;
            let instance = state.target(target)?.instance.as_mut().filter(|instance| instance.gone.is_none());
            let instance = instance.ok_or_else(|| CallRefusal::not_found(target))?;
            instance.gone = Some(now);
            Ok(())
        })
        .await
    }
}

impl RestoredTarget {
    /// A cluster without an instance answers nowhere.
    fn endpoint(&self, name: &str, now: Timestamp) -> Option<RestoredEndpoint> {
        let ready = self.instance.as_ref().map_or(self.ready, |instance| instance.ready);
        let there = self.kind != ResourceKind::Dynamodb && ready <= now;
        there.then(|| RestoredEndpoint { address: format!("{name}.sim"), port: 5432 })
    }

    fn instance(&self, now: Timestamp, takes: std::time::Duration) -> Option<ObservedInstance> {
        let found = self.instance.as_ref()?;
        let visible = found.gone.is_none_or(|gone| gone.checked_add(takes).is_ok_and(|end| now < end));
        let ready = found.ready <= now;
        visible.then(|| ObservedInstance {
            state: if ready { SourceState::Available } else { SourceState::Busy("creating".to_owned()) },
            deleting: found.gone.is_some(),
            mark: Some(found.mark.clone()),
        })
    }
}

impl SimState {
    fn target(&mut self, name: &str) -> Result<&mut RestoredTarget, CallRefusal> {
        let found = self.vault.targets.get_mut(name).filter(|it| it.gone.is_none());
        found.ok_or_else(|| CallRefusal::not_found(name))
    }

    fn restore(
        &mut self,
        policy: &JobPolicy,
        target: &str,
        mark: &str,
        from: Option<String>,
        items: u64,
    ) -> Result<(), CallRefusal> {
        if self.vault.targets.get(target).is_some_and(|it| it.gone.is_none()) {
            return Err(CallRefusal::new(Fault::Conflict, format!("{target} exists")));
        }
        let store = self.vault.stores.get(&policy.subject.source);
        let settings = store.map(|store| store.settings.clone()).unwrap_or_default();
        // A table cannot be tagged while it is being restored.
        let mark = (policy.subject.source.kind != ResourceKind::Dynamodb).then(|| mark.to_owned());
        let ready = self.now.checked_add(self.vault.takes).unwrap_or(Timestamp::MAX);
        let extras = Vec::new();
        let (kind, created) = (policy.subject.source.kind, self.now);
        let made =
            RestoredTarget { kind, from, created, ready, items, settings, extras, mark, gone: None, instance: None };
        self.vault.targets.insert(target.to_owned(), made);
        Ok(())
    }
}
