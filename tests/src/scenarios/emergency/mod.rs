//! Emergencies: alarms bring capacity and take it back when they are quiet, what more tasks would make worse is vetoed, what has a
//! price is asked for, and a bad release is taken back.

mod alarm;
mod by_hand;
mod goal;
pub mod needs;
mod releases;
mod veto;

pub use alarm::an_alarm;
pub use by_hand::{a_profile_that_a_person_starts, a_profile_that_asks};
pub use releases::a_bad_release;
pub use veto::a_veto;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use watchkeeper_domain::capacity::{Capacity, ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::{AlarmMemory, AlarmState, IgnoreReason};
use watchkeeper_domain::estate::{AlarmResponse, Emergency};
use watchkeeper_domain::value::{AlarmName, Duration};

use super::{Harness, Played, RunEnd, later};
use crate::harness::HarnessError;

/// Where an execution of the emergency machine waits, or how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmergencyStage {
    /// For the alarm to last.
    Confirming,
    /// For a person, who has been told of it.
    Asking,
    /// It holds, and looks again in a while.
    Holding,
    /// It has ended.
    Ended(RunEnd),
}

impl EmergencyStage {
    /// How it ended.
    fn end(&self) -> Option<&RunEnd> {
        match self {
            Self::Ended(end) => Some(end),
            _ => None,
        }
    }
}

/// An execution of the emergency machine, by its place among those that a harness has seen.
pub type EmergencyNumber = usize;

/// The levers and views of emergencies. Alarms of the document are there, and quiet.
pub trait EmergencyHarness: Harness {
    /// CloudWatch changes the state of an alarm, and says so.
    async fn alarm(&mut self, alarm: &AlarmName, state: AlarmState) -> Result<(), HarnessError>;

    /// An event about an alarm comes, whatever the alarm and the clock say.
    async fn hear(&mut self, alarm: &AlarmName, state: AlarmState, at: Timestamp) -> Result<(), HarnessError>;

    /// The schedule that looks at the alarms themselves fires.
    async fn sweep(&mut self) -> Result<(), HarnessError>;

    /// The last of these was ignored for this reason: how it was said.
    async fn ignored(&mut self, alarm: &AlarmName, why: IgnoreReason) -> Result<String, HarnessError>;

    /// What is remembered of an alarm.
    async fn memory(&self, alarm: &AlarmName) -> Result<AlarmMemory, HarnessError>;

    /// How many executions alarms have started so far.
    async fn started(&self) -> Result<usize, HarnessError>;

    /// The execution that the last of these started about a profile or `rollback`, at the first place where it waits.
    async fn emergency(&mut self, about: &str) -> Result<(EmergencyNumber, EmergencyStage), HarnessError>;

    /// A person starts the machine with this input: the execution at the first place where it waits.
    async fn raise(&mut self, input: &Value) -> Result<(EmergencyNumber, EmergencyStage), HarnessError>;

    /// A person answers the latest question, and what it was about goes on; or the answer is refused.
    async fn answer(
        &mut self,
        run: EmergencyNumber,
        approved: bool,
    ) -> Result<Result<EmergencyStage, String>, HarnessError>;

    /// Time passes, and the execution does what it does then.
    async fn pass(&mut self, run: EmergencyNumber, time: SignedDuration) -> Result<EmergencyStage, HarnessError>;

    /// Time passes until it has ended.
    async fn run_out(&mut self, run: EmergencyNumber) -> Result<RunEnd, HarnessError>;

    /// The next release of a service is deployed by its own pipeline.
    async fn release(&mut self, service: &ServiceId) -> Result<TaskDefinition, HarnessError>;

    /// What a service runs.
    async fn released(&self, service: &ServiceId) -> Result<TaskDefinition, HarnessError>;
}

/// So much later that nothing is left which the document counts or waits for between two answers.
async fn settled(harness: &mut impl EmergencyHarness, emergency: &Emergency) -> Played<Capacity> {
    let waits = [emergency.cool_down(), emergency.minimum_delay(), emergency.flap().within].map(Duration::signed);
    let pause = waits.into_iter().fold(SignedDuration::from_hours(1), |longest, wait| {
        longest.max(wait.saturating_add(SignedDuration::from_mins(1)))
    });
    harness.at(later(harness.now().await?, pause)).await?;
    harness.told().await?;
    Ok(harness.capacity().await?)
}

/// What an alarm calls for, once it has lasted as long as it has to.
async fn answered(
    harness: &mut impl EmergencyHarness,
    response: &AlarmResponse,
) -> Played<(EmergencyNumber, EmergencyStage)> {
    let (run, mut stage) = harness.emergency(response.run.as_str()).await?;
    while stage == EmergencyStage::Confirming {
        let confirm = response.confirm.map_or(SignedDuration::ZERO, Duration::signed);
        stage = harness.pass(run, confirm).await?;
    }
    Ok((run, stage))
}
