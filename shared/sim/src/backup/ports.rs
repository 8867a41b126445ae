//! The ports of backups.

use jiff::Timestamp;
use watchkeeper_control::backup::BackupStore;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::backup::{
    BackupMemory, CopyName, CopyQuota, JobPolicy, ObservedCopy, ObservedSource, ResourceKind, SourceState,
};
use watchkeeper_domain::name::Region;

use super::vault::remembered;
use crate::kinds::vault::{BackupDeletion, VaultCopy};
use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::state::SimState;

impl BackupStore for SimRegion {
    async fn describe_source(&self, policy: &JobPolicy) -> Result<Option<ObservedSource>, AwsError> {
        let source = &policy.subject.source;
        self.ask(Operation::DescribeStore, source, |state| {
            let Some(store) = state.vault.stores.get(source).cloned() else { return Ok(None) };
            let (encrypted, window) = (store.encrypted, state.window(&store));
            let settings = store.settings;
            Ok(Some(ObservedSource { state: state.store_state(source), encrypted, window, settings }))
        })
        .await
    }

    async fn list_copies(
        &self,
        policy: &JobPolicy,
        region: &Region,
        _: &BackupMemory,
    ) -> Result<Vec<ObservedCopy>, AwsError> {
        let source = &policy.subject.source;
        self.ask(Operation::ListCopies, format!("{source} in {region}"), |state| {
            state.vault.answers(region)?;
            Ok(state.vault.shown(source, region, state.now))
        })
        .await
    }

    async fn start_backup(&self, policy: &JobPolicy, name: &CopyName) -> Result<Option<String>, AwsError> {
        let source = &policy.subject.source;
        self.ask(Operation::StartBackup, name, |state| {
            let Some(store) = state.vault.stores.get(source).cloned() else {
                return Err(CallRefusal::not_found(source));
            };
            if state.store_state(source) != SourceState::Available {
                return Err(CallRefusal::new(Fault::Conflict, format!("{source} is not available")));
            }
            let made = VaultCopy {
                id: String::new(),
                name: name.to_string(),
                source: source.clone(),
                region: policy.region.clone(),
                created: state.now,
                bytes: store.bytes,
                items: store.items,
                mark: source.kind.carries_tags(policy.subject.engine).then(|| policy.subject.identity()),
                encrypted: store.encrypted,
                ready: Timestamp::MAX,
                failed: None,
                gone: None,
            };
            state.shelve(made).map(|()| None)
        })
        .await
    }

    async fn copy_backup(&self, policy: &JobPolicy, copy: &ObservedCopy) -> Result<Option<String>, AwsError> {
        self.ask(Operation::CopyBackup, &copy.name, |state| {
            let Some(to) = policy.copy.as_ref().map(|copy| copy.region.clone()) else {
                return Err(CallRefusal::invalid("the job names no region to copy to"));
            };
            state.vault.answers(&to)?;
            let original = state.vault.there().find(|it| it.id == copy.id).cloned();
            let Some(original) = original.filter(|it| it.ready <= state.now) else {
                return Err(CallRefusal::not_found(&copy.name));
            };
            let (created, ready) = (state.now, Timestamp::MAX);
            state.shelve(VaultCopy { region: to, created, ready, ..original }).map(|()| None)
        })
        .await
    }

    async fn delete_backup(&self, policy: &JobPolicy, region: &Region, copy: &ObservedCopy) -> Result<(), AwsError> {
        let subject = &policy.subject;
        self.ask(Operation::DeleteBackup, format!("{} in {region}", copy.name), |state| {
            let now = state.now;
            let memory = remembered(state, &subject.scope, &subject.source);
            let found = state.vault.copies.iter_mut().find(|it| it.id == copy.id && it.region == *region);
            let Some(found) = found.filter(|it| it.gone.is_none()) else {
                return Err(CallRefusal::not_found(&copy.name));
            };
            found.gone = Some(now);
            let copy = found.clone();
            state.vault.revision += 1;
            state.vault.deletions.push(BackupDeletion { at: now, copy, memory });
            Ok(())
        })
        .await
    }

    async fn copy_quota(&self, policy: &JobPolicy, region: &Region) -> Result<Option<CopyQuota>, AwsError> {
        let limited = matches!(policy.subject.source.kind, ResourceKind::Aurora | ResourceKind::Rds);
        self.ask(Operation::GetCopyQuota, region, |state| {
            state.vault.answers(region)?;
            let used = state.vault.there().filter(|copy| copy.region == *region).count();
            let used = u32::try_from(used).unwrap_or(u32::MAX);
            Ok(state.vault.limit.filter(|_| limited).map(|limit| CopyQuota { used, limit }))
        })
        .await
    }
}

impl crate::kinds::vault::SimBackups {
    /// Whether a region answers about its copies.
    fn answers(&self, region: &Region) -> Result<(), CallRefusal> {
        if self.silent.contains(region) {
            return Err(CallRefusal::new(Fault::Unavailable, format!("{region} does not answer")));
        }
        Ok(())
    }
}

impl SimState {
    /// Begins a copy. Where names are unique, a second one of a name is refused.
    fn shelve(&mut self, copy: VaultCopy) -> Result<(), CallRefusal> {
        let unique = copy.source.kind != ResourceKind::Dynamodb;
        let clash = self.vault.there().any(|it| it.name == copy.name && it.region == copy.region);
        if unique && clash {
            return Err(CallRefusal::new(Fault::Conflict, format!("{} exists", copy.name)));
        }
        let there = self.vault.there().filter(|it| it.region == copy.region).count();
        if self.vault.limit.is_some_and(|limit| there >= limit as usize) {
            return Err(CallRefusal::invalid(format!("{} holds as many copies as it may", copy.region)));
        }
        self.vault.made += 1;
        let id = format!("arn:aws:sim:{}:{}", copy.region, self.vault.made);
        let ready = self.now.checked_add(self.vault.takes).unwrap_or(Timestamp::MAX);
        self.vault.copies.push(VaultCopy { id, ready, ..copy });
        self.vault.revision += 1;
        Ok(())
    }
}
