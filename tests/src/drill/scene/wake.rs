//! The levers and views of a page on a load balancer, in the sandbox.

use futures_util::future::try_join_all;
use watchkeeper_domain::estate::Environment;

use super::SandboxScene;
use crate::harness::HarnessError;
use crate::sandbox::{SiteVisit, VisitAnswer};
use crate::scenarios::RunEnd;
use crate::scenarios::wake::WakePageHarness;

/// How many look at once: as many as the template lets run. Whoever presses does so with all others.
const AT_ONCE: usize = 10;

/// How many come by in a crowded night: each is a request over HTTP and an invocation of the function.
const CROWD: usize = 500;

impl SandboxScene<'_> {
    /// The host of the load balancer, which is made at the first look.
    pub(in crate::drill) async fn host(&mut self) -> Result<String, HarnessError> {
        if self.page_host.is_none() {
            let environment: &Environment = self.environment;
            self.page_host = Some(self.stack.put_load_balancer(environment).await?);
        }
        Ok(self.page_host.clone().unwrap_or_default())
    }
}

impl WakePageHarness for SandboxScene<'_> {
    async fn rule(&self) -> Result<String, HarnessError> {
        let page = self.environment.page(&self.scope.region);
        let page = page.ok_or_else(|| HarnessError::Unknown(format!("no `wake-page` of {}", self.scope)))?;
        Ok(self.stack.site().rule(&page.rule).await?)
    }

    async fn visit(&mut self, visit: &SiteVisit) -> Result<VisitAnswer, HarnessError> {
        let host = self.host().await?;
        Ok(self.stack.control().visit(&host, visit).await?)
    }

    async fn visits(&mut self, many: usize, visit: &SiteVisit) -> Result<Vec<VisitAnswer>, HarnessError> {
        let (host, mut answers) = (self.host().await?, Vec::new());
        let at_once = if visit.method == "GET" { AT_ONCE } else { many };
        while answers.len() < many {
            let now = at_once.min(many - answers.len());
            answers.extend(try_join_all((0..now).map(|_| self.stack.control().visit(&host, visit))).await?);
        }
        Ok(answers)
    }

    fn crowd(&self) -> usize {
        CROWD
    }

    async fn page_calls(&self, since: u64) -> Result<(usize, usize), HarnessError> {
        let function = self.stack.outputs().get("WakePageFunction")?;
        let calls = self.stack.api_calls(since).await?;
        let own =
            calls.all().iter().filter(|call| call.caller.as_deref().is_some_and(|caller| function.starts_with(caller)));
        let (ledger, beside): (Vec<_>, Vec<_>) = own.partition(|call| call.service == "dynamodb");
        Ok((ledger.len(), beside.len()))
    }

    async fn woken(&mut self) -> Result<Vec<RunEnd>, HarnessError> {
        let ended = self.stack.woken(&self.scope, &self.woken).await?;
        self.woken.extend(ended.iter().map(|run| run.name.clone()));
        Ok(ended.iter().map(RunEnd::from).collect())
    }
}
