//! What users see of a pair of regions, over HTTP: two load balancers, and the public name in front of them.

use super::{EmulatorControl, SandboxError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One address of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SiteFace {
    /// The load balancer of the primary region.
    Primary,
    /// The load balancer of the standby region.
    Standby,
    /// The name in the DNS, which answers as the side to which traffic goes.
    Public,
}

impl SiteFace {
    fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
            Self::Public => "public",
        }
    }
}

/// The load balancer of one region.
#[derive(Debug, Clone, Serialize)]
pub struct SiteSide {
    /// The region.
    pub region: String,
    /// The ECS cluster of the services.
    pub cluster: String,
    /// Paths, and the service behind each. A path answers 200 while its service runs a task, and 503 while it runs none.
    pub paths: BTreeMap<String, String>,
}

/// How the DNS chooses a side.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "strategy", rename_all = "kebab-case")]
pub enum SiteTraffic {
    /// The standby, while there is an object in a bucket of the standby region.
    SwitchObject {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// The standby, while an alarm of the standby region is in `ALARM`.
    Alarm {
        /// Its name.
        alarm: String,
    },
    /// The region that is the `SetIdentifier` of the failover record PRIMARY, or of the weighted record that has most.
    Record {
        /// The id of the hosted zone.
        zone: String,
        /// The records' name.
        name: String,
    },
    /// The side whose routing control is `On`; the primary when both are.
    RoutingControl {
        /// The ARN of the primary's control.
        primary: String,
        /// The ARN of the standby's control.
        standby: String,
    },
}

/// A site to be set up.
#[derive(Debug, Clone)]
pub struct SiteSetup {
    /// Its name, which is part of its addresses.
    pub name: String,
    /// The primary region's side.
    pub primary: SiteSide,
    /// The standby region's side.
    pub standby: SiteSide,
    /// How the public name chooses.
    pub traffic: SiteTraffic,
}

/// What is wrong with one address of a site, though nothing is wrong with the region behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SiteTrouble {
    /// Nothing.
    None,
    /// It answers 503.
    Fail,
    /// It does not answer.
    Hang,
}

/// Orders about sites. They fail as all methods of [`EmulatorControl`] do.
impl EmulatorControl {
    /// Set up a site, or change it. What is lost or hangs in a region, fails or hangs at its load balancer too.
    pub async fn put_site(&self, site: &SiteSetup) -> Result<(), SandboxError> {
        let regions = json!({ "primary": site.primary, "standby": site.standby });
        let request = json!({ "name": site.name, "regions": regions, "traffic": site.traffic });
        self.send::<Value>("PUT", "sites", &request).await.map(drop)
    }

    /// Let one address of a site fail or hang, until it is told [`SiteTrouble::None`].
    pub async fn trouble_site(&self, name: &str, face: SiteFace, trouble: SiteTrouble) -> Result<(), SandboxError> {
        let request = json!({ "name": name, "face": face, "how": trouble });
        self.send::<Value>("PUT", "sites/trouble", &request).await.map(drop)
    }

    /// The URL of one address of a site, without a slash at its end: paths of [`SiteSide::paths`] are appended.
    pub fn site_url(&self, name: &str, face: SiteFace) -> String {
        format!("{}/_watchkeeper/site/{name}/{}", self.endpoint(), face.as_str())
    }
}
