//! The ports of the daily unblock: what may be stuck, read and freed piece by piece. Names of tables, attributes, queues and
//! buses come from the document; a write has a condition on exactly what was read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::{BlockerPolicy, FinishedItems, LockSchema};
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LetterStamps, LockItem, LockRelease};
use watchkeeper_domain::value::{Label, ResourceName};

use crate::ledger::{ListPage, WriteOutcome};
use crate::ports::{AwsError, ExecutionStates, ServiceLists, Services};

/// The most items whose status one call tells (`BatchGetItem`, Amazon DynamoDB API reference).
pub const STATUSES_MAX: usize = 100;

/// The most messages that one call receives (`ReceiveMessage`, Amazon SQS API reference).
pub const RECEIVE_MAX: u32 = 10;

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
    LockTable + BlockerSource + DeadLetters + ServiceDeployments + EventBuses + ExecutionReader + Services + ServiceLists
{
}

impl<T> UnblockSources for T where
    T: LockTable
        + BlockerSource
        + DeadLetters
        + ServiceDeployments
        + EventBuses
        + ExecutionReader
        + Services
        + ServiceLists
{
}
