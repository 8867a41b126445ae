//! The ports of the daily unblock: what may be stuck, read and freed piece by piece. Names of tables, attributes, queues and
//! buses come from the document; a write has a condition on exactly what was read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::{BlockerPolicy, FinishedItems, LockSchema};
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunRecord;
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LetterStamps, LockItem, LockRelease};
use watchkeeper_domain::value::{Label, ResourceName};

use crate::ledger::LedgerError;
use crate::ports::{AwsError, ExecutionStates, Services};

/// The most items whose status one call tells (`BatchGetItem`, Amazon DynamoDB API reference).
pub const STATUSES_MAX: usize = 100;

/// The most messages that one call receives (`ReceiveMessage`, Amazon SQS API reference).
pub const RECEIVE_MAX: u32 = 10;

/// One page of something that has many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; `None` on the last.
    pub next: Option<String>,
}

/// What came of a write with a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is written: by this call, or by an earlier one that was not answered.
    Done,
    /// What is there is not what was read: nothing was written.
    Changed,
}

/// The table of locks of an estate.
pub trait LockTable {
    /// One page of all locks, in no order but a stable one.
    async fn locks(&self, table: &LockSchema, after: Option<&str>, limit: u32) -> Result<ListPage<LockItem>, AwsError>;

    /// What the status of each of at most [`STATUSES_MAX`] items says; one that does not exist is left out.
    async fn statuses(
        &self,
        finished: &FinishedItems,
        items: &[String],
    ) -> Result<BTreeMap<String, ItemAttribute>, AwsError>;

    /// Releases a lock if it is still exactly what was read, and if its proof still holds at `now`.
    async fn release(
        &self,
        table: &LockSchema,
        release: &LockRelease,
        now: Timestamp,
    ) -> Result<WriteOutcome, AwsError>;

    /// Takes a release back, if the lock is still exactly as the release left it.
    async fn restore(&self, table: &LockSchema, release: &LockRelease) -> Result<WriteOutcome, AwsError>;
}

/// Where items that wait are told of. A table is one such source; a queue or another system may be the next.
pub trait BlockerSource {
    /// One page of the items to look at.
    async fn items(
        &self,
        source: &BlockerPolicy,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<BlockerItem>, AwsError>;
}

/// An attribute of a message, with the type that its sender gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageAttribute {
    /// A text or a number.
    Text {
        /// Its type.
        kind: String,
        /// Its value.
        value: String,
    },
    /// Bytes.
    Binary {
        /// Its type.
        kind: String,
        /// Its value.
        value: Vec<u8>,
    },
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id.
    pub id: String,
    /// What removes it.
    pub receipt: String,
    /// Its body.
    pub body: String,
    /// Its attributes, but ours.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// What we have written on it before.
    pub stamps: LetterStamps,
    /// Its group, where its sender gave it one.
    pub group: Option<String>,
    /// The queue whose consumer failed over it; nothing where somebody else put it here.
    pub source: Option<String>,
}

/// What is written on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageStamp {
    /// How often it was sent again.
    Returns(u32),
    /// Why it is parked.
    Parked(String),
}

/// Queues and their dead letters.
pub trait DeadLetters {
    /// How many messages wait, about.
    async fn waiting(&self, queue: &ResourceName) -> Result<u64, AwsError>;

    /// Receives at most [`RECEIVE_MAX`] messages; nobody else sees them for some minutes. None means that none waits.
    async fn receive(&self, queue: &ResourceName, most: u32) -> Result<Vec<DeadLetter>, AwsError>;

    /// Sends a message as it is, with our stamp.
    async fn send(&self, queue: &ResourceName, letter: &DeadLetter, stamp: &MessageStamp) -> Result<(), AwsError>;

    /// Removes a message that was received.
    async fn remove(&self, queue: &ResourceName, letter: &DeadLetter) -> Result<(), AwsError>;
}

/// What ECS says of deployments.
pub trait ServiceDeployments {
    /// Why the newest deployment of a service is where it is, and the newest events of the service, newest first.
    async fn words(&self, service: &ServiceId) -> Result<Vec<String>, AwsError>;
}

/// Event buses of estates.
pub trait EventBuses {
    /// Puts one event on a bus, under a source of the estate's own; `detail` is JSON.
    async fn emit(&self, bus: &ResourceName, source: &Label, detail_type: &str, detail: &str) -> Result<(), AwsError>;
}

/// An execution that waits for a person's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingQuestion {
    /// What names it to Step Functions.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its input, as it was given.
    pub input: String,
    /// Since when it waits.
    pub since: Timestamp,
}

/// Executions of all our machines.
pub trait ExecutionReader: ExecutionStates {
    /// The executions that wait for a person's answer.
    async fn questions(&self) -> Result<Vec<PendingQuestion>, AwsError>;

    /// Ends an execution that waits for an answer. It has done nothing yet: questions come before.
    async fn end(&self, question: &PendingQuestion, why: &str) -> Result<(), AwsError>;
}

/// Everything that may be stuck in one region.
pub trait UnblockSources:
    LockTable + BlockerSource + DeadLetters + ServiceDeployments + EventBuses + ExecutionReader + Services
{
}

impl<T: LockTable + BlockerSource + DeadLetters + ServiceDeployments + EventBuses + ExecutionReader + Services>
    UnblockSources for T
{
}

/// A note of the daily unblock, or of emergencies, in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerNote<'a> {
    /// What is remembered from run to run.
    Memory,
    /// The record of the run with this id.
    Run(&'a str),
    /// A page of what the run with this id released, from 1.
    Page(&'a str, u32),
    /// The last question of an emergency about something, such as a profile.
    Question(&'a str),
    /// That the runs of this machine end before they begin.
    Trouble(&'a str),
}

/// What the daily unblock notes in the ledger, and what it tidies up there. Reads are consistent.
pub trait UnblockNotes {
    /// A note and its version.
    async fn read<T: DeserializeOwned>(
        &self,
        scope: &Scope,
        note: LedgerNote<'_>,
    ) -> Result<Option<(T, u64)>, LedgerError>;

    /// Puts a note as the version after `expected` (0: there is none), if `expected` is still the version there; else
    /// [`LedgerError::Conflict`]. A write that may have happened without an answer is read again before it counts as
    /// lost. It is kept until then.
    async fn write<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        scope: &Scope,
        note: LedgerNote<'_>,
        value: &T,
        expected: u64,
        until: Timestamp,
    ) -> Result<(), LedgerError>;

    /// One page of the runs of `reconcile` whose records have no outcome; a page may have none and not be the last.
    async fn open_runs(&self, scope: &Scope, after: Option<&str>) -> Result<ListPage<RunRecord>, LedgerError>;

    /// Takes an intent out if it is still exactly this one.
    async fn take_out(&self, scope: &Scope, intent: &Intent) -> Result<WriteOutcome, LedgerError>;
}
