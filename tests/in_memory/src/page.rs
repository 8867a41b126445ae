//! The page of an environment that sleeps, as its load balancer calls it.

use futures_util::future::join_all;
use serde_json::Value;
use wake_page::{AlbRequest, handle};
use watchkeeper_control::wake_page::WakePageRunbook;
use watchkeeper_sim::{SimRegion, run_until_done_or_crash};

use crate::InMemoryHarness;

/// A process of the function: what it has read stays with it.
pub type PageProcess = WakePageRunbook<SimRegion>;

impl InMemoryHarness {
    /// A new process of the function.
    pub fn page_process(&self) -> PageProcess {
        WakePageRunbook::new(self.sim.clone(), self.sim.machine("Reconcile"))
    }

    /// The answer of a process to an event.
    ///
    /// # Panics
    /// When the event is none of a load balancer, or the process dies.
    pub fn visit(&self, process: &PageProcess, event: &Value) -> Value {
        let answer = run_until_done_or_crash(&self.sim, Box::pin(self.answer(process, event)));
        answer.unwrap_or_else(|| panic!("the process died"))
    }

    /// The answers to events that come at the same moment, each in a process of its own: one call of each after the other.
    /// Nothing where all of them died.
    ///
    /// # Panics
    /// When an event is none of a load balancer.
    pub fn visit_at_once(&self, events: &[Value]) -> Option<Vec<Value>> {
        let processes: Vec<PageProcess> = events.iter().map(|_| self.page_process()).collect();
        let all = processes.iter().zip(events).map(|(process, event)| self.answer(process, event));
        run_until_done_or_crash(&self.sim, Box::pin(join_all(all)))
    }

    async fn answer(&self, process: &PageProcess, event: &Value) -> Value {
        let event: AlbRequest = serde_json::from_value(event.clone()).unwrap_or_else(|error| panic!("{error}"));
        let answer = handle(process, self.stack(), event, self.now()).await;
        serde_json::to_value(answer).unwrap_or_else(|error| panic!("{error}"))
    }
}
