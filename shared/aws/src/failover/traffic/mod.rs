//! The means by which traffic moves, seen from one pair: the object, the alarm, the routing controls, the records.

mod arc;
mod records;
mod s3;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use watchkeeper_control::failover::ports::TrafficSwitches;
use watchkeeper_control::ports::{Alarms, AwsError};
use watchkeeper_domain::emergency::alarm::{AlarmState, AlarmStates};
use watchkeeper_domain::failover::DnsRecord;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::value::{AlarmName, ResourceName};

use crate::{CloudWatch, peer_config};

/// The means of a pair. The object and the alarm are in its standby region; Route 53 is in none, and a routing control
/// in five.
#[derive(Debug, Clone)]
pub struct AwsTrafficSwitches {
    s3: aws_sdk_s3::Client,
    cloudwatch: CloudWatch,
    namespace: String,
    route53: aws_sdk_route53::Client,
    arc: Vec<aws_sdk_route53recoverycluster::Client>,
}

impl AwsTrafficSwitches {
    /// The means of a pair with this standby region, for a stack with this configuration. A standby that is not the
    /// stack's own region may be lost: what is asked of it is bounded. `namespace` is that of our metrics, and
    /// `endpoints` are those of the cluster of routing controls, if there is one.
    pub fn new(own: &SdkConfig, standby: &Region, namespace: &str, endpoints: &[(Region, String)]) -> Self {
        let at_home = own.region().is_some_and(|region| region.as_ref() == standby.as_str());
        let config = if at_home { own.clone() } else { peer_config(own, standby.as_str()) };
        Self {
            s3: s3::client(&config),
            cloudwatch: CloudWatch::new(&config),
            namespace: namespace.to_owned(),
            route53: aws_sdk_route53::Client::new(own),
            arc: arc::clients(own, endpoints),
        }
    }
}

impl TrafficSwitches for AwsTrafficSwitches {
    async fn object_exists(&self, bucket: &ResourceName, object: &ResourceName) -> Result<bool, AwsError> {
        s3::exists(&self.s3, bucket.as_str(), object.as_str()).await
    }

    async fn set_object(&self, bucket: &ResourceName, object: &ResourceName, there: bool) -> Result<(), AwsError> {
        if there {
            s3::put(&self.s3, bucket.as_str(), object.as_str()).await
        } else {
            s3::delete(&self.s3, bucket.as_str(), object.as_str()).await
        }
    }

    async fn control_is_on(&self, control: &ResourceName) -> Result<Option<bool>, AwsError> {
        arc::is_on(&self.arc, control).await
    }

    async fn set_controls(&self, controls: &BTreeMap<ResourceName, bool>) -> Result<(), AwsError> {
        arc::set(&self.arc, controls).await
    }

    async fn tell_alarm(
        &self,
        estate: &EstateName,
        environment: &EnvironmentName,
        standby_serves: bool,
    ) -> Result<(), AwsError> {
        self.cloudwatch.publish(&self.namespace, estate, environment, standby_serves).await
    }

    async fn alarm_is_on(&self, alarm: &AlarmName) -> Result<Option<bool>, AwsError> {
        Ok(is_on(&self.cloudwatch.alarm_states(&[alarm.clone()].into()).await?, alarm))
    }

    async fn records(&self, hosted_zone: &ResourceName, name: &str) -> Result<Vec<DnsRecord>, AwsError> {
        records::list(&self.route53, hosted_zone, name).await
    }

    async fn change_records(&self, hosted_zone: &ResourceName, records: &[DnsRecord]) -> Result<(), AwsError> {
        records::change(&self.route53, hosted_zone, records).await
    }
}

fn is_on(found: &AlarmStates, alarm: &AlarmName) -> Option<bool> {
    found.get(alarm).map(|status| status.state == AlarmState::Alarm)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_domain::emergency::alarm::AlarmStatus;

    use super::*;

    #[test]
    fn an_alarm_that_does_not_exist_is_neither_on_nor_off() {
        let alarm: AlarmName = "fleet-orchestration-standby-serves".parse().unwrap();
        let with = |state| [(alarm.clone(), AlarmStatus { state, since: None, suppressed: false })].into();
        assert_eq!(is_on(&with(AlarmState::Alarm), &alarm), Some(true));
        assert_eq!(is_on(&with(AlarmState::Ok), &alarm), Some(false));
        assert_eq!(is_on(&with(AlarmState::InsufficientData), &alarm), Some(false));
        assert_eq!(is_on(&AlarmStates::new(), &alarm), None);
    }
}
