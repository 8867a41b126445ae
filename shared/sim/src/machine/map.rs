//! The items of a Map, side by side: whoever has waited longest is next.

use jiff::Timestamp;
use jsonata_core::value::{JMap, JValue};

use super::MachineHost;
use super::definition::MapState;
use super::execution::Identity;
use super::frame::{Frame, Phase, Stop, object};

/// The items of a Map.
#[derive(Debug)]
pub(super) struct Items {
    /// What has not begun, last first.
    waiting: Vec<(usize, JValue)>,
    running: Vec<(usize, Frame)>,
    results: Vec<JValue>,
    most: usize,
}

impl Items {
    pub(super) fn due(&self) -> Timestamp {
        if self.running.len() < self.most && !self.waiting.is_empty() || self.running.is_empty() {
            return Timestamp::MIN;
        }
        self.running.iter().map(|(_, frame)| frame.due()).min().unwrap_or(Timestamp::MIN)
    }
}

impl Frame {
    pub(super) fn map(
        &mut self,
        map: &'static MapState,
        who: &Identity,
        host: &mut dyn MachineHost,
    ) -> Result<(), Stop> {
        let now = host.now();
        let mut items = match std::mem::replace(&mut self.phase, Phase::Ready) {
            Phase::Items(items) => items,
            _ => self.items(map, who, now)?,
        };
        if items.running.len() < items.most
            && let Some((index, input)) = items.waiting.pop()
        {
            let frame = Frame::new(map.item_processor.scope(), input, self.variables.clone(), now);
            items.running.push((index, frame));
        } else if let Some(at) = (0..items.running.len()).min_by_key(|at| items.running[*at].1.due()) {
            let (index, frame) = &mut items.running[at];
            if let Some(output) = frame.step(who, host)? {
                items.results[*index] = output;
                items.running.remove(at);
            }
        }
        if items.running.is_empty() && items.waiting.is_empty() {
            let more = [("result".to_owned(), JValue::array(items.results))].into_iter().collect();
            return Ok(self.leave(&map.output, None, &map.next, (who, more, host.now()))?);
        }
        self.phase = Phase::Items(items);
        Ok(())
    }

    fn items(&self, map: &MapState, who: &Identity, now: Timestamp) -> Result<Items, Stop> {
        let listed = |value: &JValue| value.as_array().cloned();
        let all = map.items.typed(&self.seen(who, JMap::default(), now), "list", listed)?;
        let results = vec![JValue::Null; all.len()];
        let mut waiting = Vec::new();
        for (index, value) in all.into_iter().enumerate() {
            let number = JValue::from(index);
            let context = [("Map".to_owned(), object([("Item", object([("Index", number), ("Value", value)]))]))];
            let seen = self.sight_in(who, context.into_iter().collect(), JMap::default(), now);
            waiting.push((index, map.item_selector.evaluate(&seen)?));
        }
        waiting.reverse();
        Ok(Items { waiting, running: Vec::new(), results, most: map.max_concurrency })
    }
}
