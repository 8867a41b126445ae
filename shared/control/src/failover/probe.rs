//! Asking a region from outside, path after path.

use std::time::Duration;

use futures_util::future::join_all;
use watchkeeper_domain::estate::{Failover, HealthProbe};
use watchkeeper_domain::failover::evidence::ProbeResult;
use watchkeeper_domain::name::{Region, ServiceName};

use super::ports::HealthProber;
use crate::scoped::PairMember;

/// Tries within one probe where the document does not say: one that fails is followed by others within seconds.
const TRIES: u32 = 1;

/// How long one try may take where the document does not say.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks every health path of a region; one try that is answered is enough. All paths are asked at once.
pub(super) async fn region<H: HealthProber>(prober: &H, member: &PairMember, region: &Region) -> ProbeResult {
    let tries = member.failover.probe.as_ref().and_then(|probe| probe.tries);
    side(prober, member, region, tries.unwrap_or(TRIES), |_| true).await
}

/// The same for some services with one try for each path: whoever asks looks again.
pub(super) async fn once<H: HealthProber>(
    prober: &H,
    member: &PairMember,
    region: &Region,
    of: impl Fn(&ServiceName) -> bool,
) -> ProbeResult {
    side(prober, member, region, 1, of).await
}

async fn side<H: HealthProber>(
    prober: &H,
    member: &PairMember,
    region: &Region,
    tries: u32,
    of: impl Fn(&ServiceName) -> bool,
) -> ProbeResult {
    let Some(probe) = &member.failover.probe else { return ProbeResult::default() };
    let base = if *region == member.home { &probe.primary } else { &probe.standby };
    all(prober, probe, base.as_str(), tries, of).await
}

/// Asks every health path once at the address that people use.
pub(super) async fn outside<H: HealthProber>(prober: &H, failover: &Failover) -> ProbeResult {
    let Some(probe) = &failover.probe else { return ProbeResult::default() };
    let named = failover.traffic.names.first().map(|name| format!("https://{name}"));
    let base = probe.public.as_ref().map(|address| address.as_str().to_owned()).or(named).unwrap_or_default();
    all(prober, probe, &base, 1, |_| true).await
}

async fn all<H: HealthProber>(
    prober: &H,
    probe: &HealthProbe,
    base: &str,
    tries: u32,
    of: impl Fn(&ServiceName) -> bool,
) -> ProbeResult {
    let timeout = probe.timeout.map_or(TIMEOUT, |timeout| Duration::from_secs(timeout.seconds()));
    let mut found = ProbeResult::default();
    let paths = probe.paths.iter().filter(|(service, _)| of(service)).map(|(_, path)| path);
    let addresses = paths.map(|path| format!("{}{}", base.trim_end_matches('/'), path.as_str()));
    for answer in join_all(addresses.map(|address| one(prober, address, tries, timeout))).await {
        found.asked += 1;
        found.failed.extend(answer.err());
    }
    found
}

/// One path: answered by anything that is no error of the server or the client.
async fn one<H: HealthProber>(prober: &H, address: String, tries: u32, timeout: Duration) -> Result<(), String> {
    let mut why = String::new();
    for _ in 0..tries.max(1) {
        match prober.get(&address, timeout).await {
            Ok(status) if (200..400).contains(&status) => return Ok(()),
            Ok(status) => why = format!("{address} answers {status}"),
            Err(error) => why = format!("{address}: {error}"),
        }
    }
    Err(why)
}
