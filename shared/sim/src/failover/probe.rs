//! What answers at the addresses that people reach.

use std::time::Duration;

use watchkeeper_control::failover::ports::HealthProber;

use crate::aws::SimAws;
use crate::kinds::loss::LossAnswer;
use crate::operation::Operation;
use crate::region::SimRegion;

impl HealthProber for SimRegion {
    async fn get(&self, address: &str, timeout: Duration) -> Result<u16, String> {
        let mut asked = self.asked(Operation::Probe, address, None);
        asked.patience = Some(timeout);
        let from = self.from;
        let answer = self.reach_or_refuse(asked, |aws| Ok(aws.answer_outside(from, address, timeout))).await;
        answer.map_err(|error| error.to_string())?
    }
}

impl SimAws {
    /// What an address answers: 200 where the service of the path has a running task, 503 where it has none, 404 where no
    /// service has the path.
    fn answer_outside(&mut self, from: usize, address: &str, timeout: Duration) -> Result<u16, String> {
        let unknown = || format!("{address} has no address");
        let (place, path) = self.site.as_ref().and_then(|site| site.find(address)).ok_or_else(unknown)?;
        let of_people = place.is_none();
        let place = match place {
            Some(place) => place,
            None => self.sent_to().ok_or_else(|| format!("{address} answers for no region"))?,
        };
        let lost = self.states.get(place).and_then(|state| state.loss).map(|loss| loss.answering);
        let blocked = !of_people && self.site.as_ref().is_some_and(|site| site.blocked.contains(&place));
        match lost.or_else(|| self.struck(from, place)) {
            Some(LossAnswer::Refused) => return Err("the connection is refused".to_owned()),
            Some(LossAnswer::Never) => return self.no_answer(timeout),
            None if blocked => return self.no_answer(timeout),
            None => {}
        }
        let Some(service) = self.site.as_ref().and_then(|site| site.paths.get(path)) else { return Ok(404) };
        let state = self.states.get(place).ok_or_else(unknown)?;
        let of_path = state.services.keys().filter(|id| id.service == *service);
        let runs = of_path.filter_map(|id| state.service(id)).any(|found| found.running > 0);
        Ok(if runs { 200 } else { 503 })
    }

    fn no_answer(&mut self, timeout: Duration) -> Result<u16, String> {
        self.advance(timeout);
        Err(format!("no answer within {timeout:?}"))
    }
}
