//! The means by which traffic moves. Objects and the alarm are the standby region's, and lost with it; routing controls and
//! records are nobody's.

use std::collections::BTreeMap;

use watchkeeper_control::failover::ports::TrafficSwitches;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::{TrafficPolicy, TrafficStrategy};
use watchkeeper_domain::failover::{DnsRecord, points_to};
use watchkeeper_domain::name::{EnvironmentName, EstateName};
use watchkeeper_domain::value::{AlarmName, ResourceName};

use crate::aws::SimAws;
use crate::history::StateHistory;
use crate::kinds::site::{HOME, STANDBY};
use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::state::{DueEvent, SimState};

impl SimRegion {
    /// A call to the region of the objects and of the alarm.
    async fn throw<T>(
        &self,
        operation: Operation,
        subject: impl std::fmt::Display,
        effect: impl FnOnce(&mut SimState) -> Result<T, CallRefusal>,
    ) -> Result<T, AwsError> {
        let at = self.lock().aws.traffic_site();
        self.throw_at(Some(at), operation, subject, effect).await
    }

    /// A call to what is everywhere, or to a region; its state is that of the region where traffic is switched.
    async fn throw_at<T>(
        &self,
        at: Option<usize>,
        operation: Operation,
        subject: impl std::fmt::Display,
        effect: impl FnOnce(&mut SimState) -> Result<T, CallRefusal>,
    ) -> Result<T, AwsError> {
        self.reach_or_refuse(self.asked(operation, subject, at), |aws| {
            let place = aws.traffic_site();
            let answer = effect(&mut aws.states[place])?;
            aws.traffic_changed();
            Ok(answer)
        })
        .await
    }
}

impl TrafficSwitches for SimRegion {
    async fn object_exists(&self, bucket: &ResourceName, object: &ResourceName) -> Result<bool, AwsError> {
        let key = (bucket.clone(), object.clone());
        let subject = format!("{bucket}/{object}");
        self.throw(Operation::HeadObject, subject, |state| Ok(state.traffic_site.objects.contains(&key))).await
    }

    async fn set_object(&self, bucket: &ResourceName, object: &ResourceName, there: bool) -> Result<(), AwsError> {
        let operation = if there { Operation::PutObject } else { Operation::DeleteObject };
        let key = (bucket.clone(), object.clone());
        self.throw(operation, format!("{bucket}/{object}"), |state| {
            let objects = &mut state.traffic_site.objects;
            let _changed = if there { objects.insert(key) } else { objects.remove(&key) };
            Ok(())
        })
        .await
    }

    async fn control_is_on(&self, control: &ResourceName) -> Result<Option<bool>, AwsError> {
        self.throw_at(None, Operation::GetRoutingControl, control, |state| {
            state.traffic_site.controls.get(control).copied().map(Some).ok_or_else(|| CallRefusal::not_found(control))
        })
        .await
    }

    async fn set_controls(&self, controls: &BTreeMap<ResourceName, bool>) -> Result<(), AwsError> {
        let subject = controls.keys().map(ResourceName::as_str).collect::<Vec<_>>().join(", ");
        self.throw_at(None, Operation::UpdateRoutingControls, subject, |state| {
            let known = &mut state.traffic_site.controls;
            if let Some(unknown) = controls.keys().find(|control| !known.contains_key(*control)) {
                return Err(CallRefusal::not_found(unknown));
            }
            known.extend(controls.iter().map(|(control, on)| (control.clone(), *on)));
            Ok(())
        })
        .await
    }

    async fn tell_alarm(
        &self,
        estate: &EstateName,
        environment: &EnvironmentName,
        standby_serves: bool,
    ) -> Result<(), AwsError> {
        self.throw(Operation::PutMetricData, format!("{estate} {environment}"), |state| {
            state.traffic_site.metric = Some(standby_serves);
            state.plan(state.settings.alarm, DueEvent::Alarm(standby_serves));
            Ok(())
        })
        .await
    }

    async fn alarm_is_on(&self, alarm: &AlarmName) -> Result<Option<bool>, AwsError> {
        self.throw(Operation::DescribeTrafficAlarm, alarm, |state| Ok(state.alarm_is_on(alarm))).await
    }

    async fn records(&self, hosted_zone: &ResourceName, name: &str) -> Result<Vec<DnsRecord>, AwsError> {
        self.throw_at(None, Operation::ListRecords, format!("{name} in {hosted_zone}"), |state| {
            let zone =
                state.traffic_site.records.get(hosted_zone).ok_or_else(|| CallRefusal::not_found(hosted_zone))?;
            Ok(zone.iter().filter(|record| record.name == name).cloned().collect())
        })
        .await
    }

    async fn change_records(&self, hosted_zone: &ResourceName, records: &[DnsRecord]) -> Result<(), AwsError> {
        self.throw_at(None, Operation::ChangeRecords, hosted_zone, |state| {
            let zone =
                state.traffic_site.records.get_mut(hosted_zone).ok_or_else(|| CallRefusal::not_found(hosted_zone))?;
            let key = |record: &DnsRecord| (record.name.clone(), record.kind.clone(), record.set.clone());
            for record in records {
                match zone.iter_mut().find(|known| key(known) == key(record)) {
                    Some(known) => *known = record.clone(),
                    None => zone.push(record.clone()),
                }
            }
            Ok(())
        })
        .await
    }
}

impl SimState {
    fn alarm_is_on(&self, alarm: &AlarmName) -> Option<bool> {
        self.alarms.get(alarm).map(|status| status.state == AlarmState::Alarm)
    }

    /// The alarm follows the metric, unless it was told something else since.
    pub(crate) fn alarm_follows(&mut self, on: bool) {
        if self.traffic_site.metric == Some(on)
            && let Some(alarm) = self.traffic_site.alarm.clone()
        {
            self.set_alarm(alarm, if on { AlarmState::Alarm } else { AlarmState::Ok });
        }
    }
}

impl SimAws {
    /// Where the traffic goes by its switch: to the home, to the standby, or nowhere that could be told.
    fn direction(&self, traffic: &TrafficPolicy) -> Option<usize> {
        let state = &self.states[self.traffic_site()];
        let board = &state.traffic_site;
        let is_on =
            |control: &Option<ResourceName>| control.as_ref().and_then(|name| board.controls.get(name)) == Some(&true);
        let serves = |standby: bool| Some(if standby { STANDBY } else { HOME });
        match traffic.strategy {
            TrafficStrategy::SwitchObject => {
                let key = traffic.bucket.clone().zip(traffic.object.clone())?;
                serves(board.objects.contains(&key))
            }
            TrafficStrategy::Alarm => serves(state.alarm_is_on(traffic.alarm.as_ref()?).unwrap_or(false)),
            TrafficStrategy::RoutingControl if is_on(&traffic.primary_control) => serves(false),
            TrafficStrategy::RoutingControl => is_on(&traffic.standby_control).then_some(STANDBY),
            TrafficStrategy::Record => {
                let [home, standby] = self.states.as_slice() else { return None };
                let name = traffic.names.first()?.as_str();
                let zone = board.records.get(traffic.hosted_zone.as_ref()?)?.iter();
                let records: Vec<DnsRecord> = zone.filter(|record| record.name == name).cloned().collect();
                self.place(points_to(&records, [&home.region, &standby.region])?)
            }
        }
    }

    /// Notes for those who ask from outside where the switch points now.
    pub(crate) fn traffic_changed(&mut self) {
        let Some(traffic) = self.site.as_ref().map(|site| &site.traffic) else { return };
        let (direction, place) = (self.direction(traffic), self.traffic_site());
        // An alarm may have changed in the middle of the time that has passed.
        let alarm = traffic.alarm.as_ref().filter(|_| traffic.strategy == TrafficStrategy::Alarm);
        let since = alarm.and_then(|name| self.states[place].alarms.get(name)?.since).unwrap_or_else(|| self.now());
        let board = &mut self.states[place].traffic_site;
        match &mut board.pointed {
            Some(history) => history.note(since, direction),
            None => board.pointed = Some(StateHistory::new(direction)),
        }
    }

    /// Where people are sent now.
    pub(crate) fn sent_to(&mut self) -> Option<usize> {
        let (now, place) = (self.now(), self.traffic_site());
        let state = &mut self.states[place];
        let lag = state.settings.traffic;
        *state.traffic_site.pointed.as_mut()?.read(now, lag)?
    }
}
