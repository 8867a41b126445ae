//! A pair as it is seen from outside: where people come, what crosses between its regions, and whether anything is double.

use serde_json::Value;
use watchkeeper_domain::failover::MovePhase;
use watchkeeper_domain::name::{Region, ServiceName};

use super::{DeployedStack, HarnessError, StackPair};
use crate::estate::{SingletonMonitor, SiteError};
use crate::sandbox::{ApiCall, SiteFace};

impl StackPair<'_> {
    /// Where people come who ask for the first health path at the public address, and what they are answered.
    ///
    /// # Errors
    /// [`HarnessError`] when nothing answers.
    pub async fn reached(&self) -> Result<(u16, Option<Region>), HarnessError> {
        let probe = self.failover()?.probe.as_ref();
        let path = probe.and_then(|probe| probe.paths.values().next()).map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.control().site_url(&self.site, SiteFace::Public));
        let failed = |why: &dyn std::fmt::Display| SiteError::new(format!("ask {url}"), why);
        let asked = url.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
            let agent: ureq::Agent = config.build().into();
            let mut answer = agent.get(asked).call()?;
            Ok::<_, ureq::Error>((answer.status().as_u16(), answer.body_mut().read_to_string()?))
        });
        let (status, text) = answer.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        Ok((status, answer["region"].as_str().and_then(|region| Region::new(region).ok())))
    }

    /// Watch over the singletons of its document, each in both regions.
    ///
    /// # Errors
    /// [`HarnessError::Unknown`] when the document names one that is not there.
    pub fn monitor_singleton(&self) -> Result<Vec<(ServiceName, SingletonMonitor)>, HarnessError> {
        let mut vigils = Vec::new();
        for singleton in &self.failover()?.singletons {
            let mut places = Vec::new();
            for stack in [self.home, self.standby] {
                places.push((stack.site().clone(), self.service(stack, &singleton.service)?));
            }
            vigils.push((singleton.service.clone(), SingletonMonitor::keep(places)));
        }
        Ok(vigils)
    }

    /// The calls that functions of one region made to the other since a number, oldest first.
    ///
    /// # Errors
    /// [`HarnessError`] when the emulator is gone.
    pub async fn calls_across(&self, to: &DeployedStack, since: u64) -> Result<Vec<ApiCall>, HarnessError> {
        let function = to.outputs().get("FailoverFunction")?;
        // A caller's name is cut at fifty characters.
        let ours = |call: &ApiCall| call.caller.as_deref().is_some_and(|caller| function.starts_with(caller));
        let calls = self.control().calls(since).await?;
        Ok(calls.into_iter().filter(|call| ours(call) && call.region == to.region().as_str()).collect())
    }
}

/// A phase as a report calls the time that it took.
pub fn took(phase: MovePhase) -> &'static str {
    match phase {
        MovePhase::Confirm => "confirm_ms",
        MovePhase::Assess => "assess_ms",
        MovePhase::Approve => "approve_ms",
        MovePhase::Begin => "begin_ms",
        MovePhase::Fence => "fence_ms",
        MovePhase::Promote => "promote_ms",
        MovePhase::Scale => "scale_ms",
        MovePhase::Verify => "verify_ms",
        MovePhase::Hold => "hold_ms",
        MovePhase::Traffic => "traffic_ms",
        MovePhase::Outside => "outside_ms",
        MovePhase::Settle => "settle_ms",
        MovePhase::Back => "back_ms",
        MovePhase::Over => "over_ms",
    }
}
