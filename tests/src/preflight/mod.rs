//! What `cargo preflight` is played over: an account of the sandbox in which everything is as the documents need it, a shop with
//! ten planted faults, and the sandbox's own answers about keys and policies for who has no SDK for them.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "it serves tests only, and a panic is how they fail"
)]

mod faults;
mod judge;

pub use faults::{DOCUMENT, EXPECTED, Plot};
pub use judge::Asked;

use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::preflight::WantedResources;
use watchkeeper_estates::EstateFolder;

use crate::estate::RegionFixtures;
use crate::sandbox::Emulator;

/// Everything that the documents name in the emulator's account is there, and the quotas are known.
pub async fn build(emulator: &Emulator, estates: &EstateFolder, account: &str) {
    for environment in estates.iter().flat_map(Estate::environments) {
        if environment.account().is_some_and(|own| own.to_string() != account) {
            continue;
        }
        for region in WantedResources::regions(environment) {
            let site = RegionFixtures::new(&emulator.sdk_config(region.as_str()), region.clone());
            site.build(environment).await.unwrap();
            site.furnish(environment).await.unwrap();
            for (service, code, value) in [("fargate", "L-3032A538", 64.0), ("ecs", "L-92E49DE3", 5000.0)] {
                emulator.control().put_quota(region.as_str(), service, code, Some(value), None).await.unwrap();
            }
        }
    }
}
