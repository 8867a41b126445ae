//! The means by which traffic moves, whichever the document chose.

use watchkeeper_domain::estate::TrafficStrategy;
use watchkeeper_domain::failover::readiness::{Read, TrafficFacts};
use watchkeeper_domain::failover::{DnsRecord, points_to, switched};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use super::ports::TrafficSwitches;
use crate::runbook::{RunbookError, in_full};
use crate::scoped::PairMember;

/// A field that the chosen strategy needs; documents without it are refused when they are read.
fn given<'a, T>(field: &'static str, value: Option<&'a T>) -> Result<&'a T, RunbookError> {
    value.ok_or(RunbookError::Incomplete { field })
}

/// Whether the standby is what traffic points to; `None` where it cannot be told.
async fn at_standby<W: TrafficSwitches>(switches: &W, member: &PairMember) -> Result<Option<bool>, RunbookError> {
    let traffic = &member.failover.traffic;
    match traffic.strategy {
        TrafficStrategy::SwitchObject => {
            let (bucket, object) =
                (given("bucket", traffic.bucket.as_ref())?, given("object", traffic.object.as_ref())?);
            Ok(Some(switches.object_exists(bucket, object).await?))
        }
        TrafficStrategy::Alarm => Ok(switches.alarm_is_on(given("alarm", traffic.alarm.as_ref())?).await?),
        TrafficStrategy::RoutingControl => {
            let home = switches.control_is_on(given("primary-control", traffic.primary_control.as_ref())?).await?;
            let standby = switches.control_is_on(given("standby-control", traffic.standby_control.as_ref())?).await?;
            Ok(home.zip(standby).filter(|(home, standby)| home != standby).map(|(_, standby)| standby))
        }
        TrafficStrategy::Record => {
            let mut sides = Vec::new();
            for records in all_records(switches, member).await? {
                sides.push(points_to(&records, [&member.home, &member.standby]).cloned());
            }
            let first =
                sides.first().cloned().flatten().filter(|first| sides.iter().all(|side| side.as_ref() == Some(first)));
            Ok(first.map(|region| region == member.standby))
        }
    }
}

/// The region that traffic points to; nothing where it cannot be told.
///
/// # Errors
/// [`RunbookError`] when the means cannot be asked.
pub(super) async fn region<W: TrafficSwitches>(
    switches: &W,
    member: &PairMember,
) -> Result<Option<Region>, RunbookError> {
    let side = at_standby(switches, member).await?;
    Ok(side.map(|standby| if standby { member.standby.clone() } else { member.home.clone() }))
}

/// Points traffic to a region. Repeated, it changes nothing.
///
/// # Errors
/// [`RunbookError`] when the means does not take it: then it may or may not have moved.
pub(super) async fn point<W: TrafficSwitches>(
    switches: &W,
    member: &PairMember,
    to: &Region,
) -> Result<(), RunbookError> {
    let traffic = &member.failover.traffic;
    let standby = *to == member.standby;
    match traffic.strategy {
        TrafficStrategy::SwitchObject => {
            let (bucket, object) =
                (given("bucket", traffic.bucket.as_ref())?, given("object", traffic.object.as_ref())?);
            switches.set_object(bucket, object, standby).await?;
        }
        TrafficStrategy::Alarm => switches.tell_alarm(&member.id.estate, &member.id.environment, standby).await?,
        TrafficStrategy::RoutingControl => {
            let home = given("primary-control", traffic.primary_control.as_ref())?.clone();
            let other = given("standby-control", traffic.standby_control.as_ref())?.clone();
            switches.set_controls(&[(home, !standby), (other, standby)].into()).await?;
        }
        TrafficStrategy::Record => {
            let from = if standby { &member.home } else { &member.standby };
            let zone = given("hosted-zone", traffic.hosted_zone.as_ref())?;
            // Every name is worked out before the first is changed: what one of them cannot do, none does.
            let mut changed: Vec<DnsRecord> = Vec::new();
            for records in all_records(switches, member).await? {
                changed.extend(switched(&records, to, from).map_err(RunbookError::Records)?);
            }
            switches.change_records(zone, &changed).await?;
        }
    }
    Ok(())
}

/// What readiness wants to know of the means.
pub(super) async fn facts<W: TrafficSwitches>(switches: &W, member: &PairMember) -> Read<TrafficFacts> {
    let points_to = region(switches, member).await.map_err(|error| in_full(&error))?;
    let mut problems = Vec::new();
    if member.failover.traffic.strategy == TrafficStrategy::Record {
        let records = all_records(switches, member).await.map_err(|error| in_full(&error))?;
        let tried = records.iter().map(|records| switched(records, &member.standby, &member.home));
        problems.extend(tried.filter_map(Result::err));
    }
    Ok(TrafficFacts { points_to, problems })
}

async fn all_records<W: TrafficSwitches>(
    switches: &W,
    member: &PairMember,
) -> Result<Vec<Vec<DnsRecord>>, RunbookError> {
    let zone: &ResourceName = given("hosted-zone", member.failover.traffic.hosted_zone.as_ref())?;
    let mut all = Vec::new();
    for name in &member.failover.traffic.names {
        all.push(switches.records(zone, name.as_str()).await?);
    }
    Ok(all)
}
