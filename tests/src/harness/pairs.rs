//! Active-standby pairs: the stack in both regions over one ledger, and a site of the sandbox for each pair,
//! which stands for its load balancers and for the DNS in front of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use watchkeeper_domain::estate::{
    BackupJob, Environment, EnvironmentDocument, Estate, EstateDocument, EventSource, Failover, TrafficStrategy,
};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::value::Label;
use watchkeeper_estates::{EstateFolder, load_dir};

use super::{DeployedStack, HarnessError, STACK, SandboxHarness, at_home, keys, traffic_switches};
use crate::estate::{SiteError, event_sources};
use crate::sandbox::{
    CheckoutLayout, EmulatorControl, Progress, Sandbox, SandboxOptions, SiteFace, SiteSetup, SiteSide, SiteTraffic,
    StackOutputs,
};

/// The name of the site that stands for a pair.
pub fn site_name(estate: &EstateName, environment: &EnvironmentName) -> String {
    format!("{estate}-{environment}")
}

/// A document with this environment of an estate, and no other.
pub fn document_of(estate: &Estate, environment: &Environment) -> EstateDocument {
    EstateDocument {
        estate: estate.name().clone(),
        about: estate.about().cloned(),
        owner: estate.owner().cloned(),
        environments: [(environment.name().clone(), environment.document().clone())].into(),
    }
}

impl SandboxHarness {
    /// Boot a sandbox, and deploy the stack in the two regions of the pairs of these documents, which have to be the same
    /// for all. The functions see the documents with the addresses of the sandbox's sites as those of their probes.
    ///
    /// # Errors
    /// [`HarnessError`] says which step failed.
    pub async fn set_pairs(
        options: &SandboxOptions,
        mut documents: Vec<EstateDocument>,
        progress: &dyn Progress,
    ) -> Result<Self, HarnessError> {
        let (home, standby) = regions(&documents)?;
        let failed =
            |error: std::io::Error| HarnessError::Unknown(format!("cannot make a folder of documents: {error}"));
        let sandboxes = CheckoutLayout::find()?.sandbox();
        std::fs::create_dir_all(&sandboxes).map_err(failed)?;
        let folder = tempfile::Builder::new().prefix("documents-").tempdir_in(sandboxes).map_err(failed)?;
        let options = SandboxOptions { estates: Some(folder.path().to_owned()), ..options.clone() };
        let sandbox = Sandbox::up(&options, progress).await?;
        for document in &mut documents {
            let estate = document.estate.clone();
            for (name, environment) in &mut document.environments {
                traffic_switches::make(&sandbox, (&estate, name), environment).await?;
                readdress(sandbox.control(), &site_name(&estate, name), environment)?;
            }
            write_document(folder.path(), document)?;
        }
        let told = |problem: &watchkeeper_estates::FileProblem| problem.to_string();
        let estates = load_dir(folder.path())
            .map_err(|all| HarnessError::Estates(all.iter().map(told).collect::<Vec<_>>().join("\n")))?;
        // The SAM CLI takes no empty value.
        let given = [
            ("SwitchBuckets", traffic_switches::buckets(&documents)),
            ("RoutingControls", traffic_switches::controls(&documents)),
            ("RoutingEndpoints", traffic_switches::endpoints(&sandbox, &documents, &home)),
            ("HostedZones", traffic_switches::zones(&documents)),
            ("StandbyReplicas", replicas(&documents, &options.account)),
            ("BackupBuckets", kept_buckets(&estates)),
            ("MovedSchedules", moved_schedules(&documents, &options.account)),
            ("ScheduleRoles", event_sources::schedule_role(&options.account)),
        ];
        let given = || given.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, value.as_str()));
        let (home_key, standby_key) =
            (keys::topic_key(&sandbox, home.as_str()).await?, keys::topic_key(&sandbox, standby.as_str()).await?);
        let [home_window, standby_window] = [&home, &standby]
            .map(|region| format!("arn:aws:lambda:{region}:{}:function:{STACK}-window", options.account));
        let mut parameters = vec![
            ("WindowPeers", standby_window.as_str()),
            ("PeerRegion", standby.as_str()),
            ("StandbyRegion", standby.as_str()),
            ("TopicKeyArn", home_key.as_str()),
            ("ReportBucket", "true"),
            ("ChatTopic", "true"),
        ];
        parameters.extend(given());
        let first = sandbox.deploy(STACK, home.as_str(), &parameters, progress).await?;
        let mut parameters = vec![
            ("WindowPeers", home_window.as_str()),
            ("PeerRegion", home.as_str()),
            ("LedgerTableName", first.get("LedgerTable")?),
            ("TopicKeyArn", standby_key.as_str()),
            ("ReportBucket", "true"),
            ("ChatTopic", "true"),
        ];
        parameters.extend(given());
        let second = sandbox.deploy(STACK, standby.as_str(), &parameters, progress).await?;
        let mut harness = Self {
            sandbox,
            estates,
            account: options.account.clone(),
            stacks: BTreeMap::new(),
            _documents: Some(folder),
        };
        harness.open(home, first).await?;
        harness.open(standby, second).await?;
        for (estate, environment) in harness.at_home() {
            if let Some(site) = site(site_name(estate.name(), environment.name()), environment)? {
                harness.sandbox.control().put_site(&site).await?;
            }
        }
        Ok(harness)
    }

    async fn open(&mut self, region: Region, outputs: StackOutputs) -> Result<(), HarnessError> {
        let home: Vec<_> = at_home(&self.estates, &self.account).collect();
        let stack = DeployedStack::new(&self.sandbox, (&self.account, &region), outputs, None, &home).await?;
        self.stacks.insert(region, stack);
        Ok(())
    }
}

/// The home and the standby of every pair.
fn regions(documents: &[EstateDocument]) -> Result<(Region, Region), HarnessError> {
    let all = documents.iter().flat_map(|document| document.environments.values());
    let mut pairs = all.filter_map(|e| Some((e.regions.primary.clone(), e.regions.standby.clone()?)));
    let first = pairs.next().ok_or_else(|| HarnessError::Unknown("no environment with a standby region".to_owned()))?;
    match pairs.find(|pair| *pair != first) {
        None => Ok(first),
        Some(other) => Err(HarnessError::Unknown(format!("pairs of {first:?} and of {other:?} need two sandboxes"))),
    }
}

/// Give the probes of an environment the addresses of its site.
fn readdress(control: &EmulatorControl, site: &str, environment: &mut EnvironmentDocument) -> Result<(), HarnessError> {
    let Some(probe) = environment.failover.as_mut().and_then(|failover| failover.probe.as_mut()) else { return Ok(()) };
    let address = |face| {
        let url = control.site_url(site, face);
        url.parse::<Label>().map_err(|why| HarnessError::Unknown(format!("an address of {site}: {why}")))
    };
    probe.primary = address(SiteFace::Primary)?;
    probe.standby = address(SiteFace::Standby)?;
    probe.public = Some(address(SiteFace::Public)?);
    Ok(())
}

/// Write a document into a folder. JSON is YAML, too.
///
/// # Errors
/// [`HarnessError::Unknown`] where it cannot be written.
pub fn write_document(folder: &Path, document: &EstateDocument) -> Result<(), HarnessError> {
    let file = folder.join(document.estate.as_str()).with_extension("yaml");
    let failed = |why: &dyn std::fmt::Display| HarnessError::Unknown(format!("cannot write {}: {why}", file.display()));
    let text = serde_json::to_string_pretty(document).map_err(|error| failed(&error))?;
    std::fs::write(&file, text + "\n").map_err(|error| failed(&error))
}

/// The schedules that move with their consumers, in both regions.
fn moved_schedules(documents: &[EstateDocument], account: &str) -> String {
    let mut all = BTreeSet::new();
    for environment in documents.iter().flat_map(|document| document.environments.values()) {
        let regions = std::iter::once(&environment.regions.primary).chain(&environment.regions.standby);
        let sources = environment.failover.iter().flat_map(|failover| &failover.sources).filter_map(EventSource::of);
        for (region, source) in regions.flat_map(|region| sources.clone().map(move |source| (region, source))) {
            if let EventSource::Schedule { group, name } = source {
                all.insert(format!("arn:aws:scheduler:{region}:{account}:schedule/{group}/{name}"));
            }
        }
    }
    all.into_iter().collect::<Vec<_>>().join(",")
}

/// The ARNs of the read replicas of all pairs that are replicated again, in both regions of each.
fn replicas(documents: &[EstateDocument], account: &str) -> String {
    let environments = documents.iter().flat_map(|document| document.environments.values());
    let arns = environments.flat_map(|environment| {
        let failover = environment.failover.iter().filter(|failover| failover.protect_again);
        let names = failover.flat_map(|failover| &failover.databases).filter_map(|entry| entry.replica.as_ref());
        let regions = || std::iter::once(&environment.regions.primary).chain(&environment.regions.standby);
        names.flat_map(move |name| regions().map(move |region| format!("arn:aws:rds:{region}:{account}:db:{name}")))
    });
    arns.collect::<Vec<_>>().join(",")
}

/// The buckets of the objects that are backed up, and of their copies.
pub(super) fn kept_buckets(estates: &EstateFolder) -> String {
    let environments = estates.iter().flat_map(Estate::environments);
    let jobs = environments.filter_map(|it| it.document().backups.as_ref()).flat_map(|backups| &backups.jobs);
    let of = |job: &BackupJob| {
        let source =
            job.s3.as_ref().and_then(|name| name.as_str().split_once('/')).map(|(bucket, _)| bucket.to_owned());
        let copy = job.copy.as_ref().and_then(|copy| copy.bucket.as_ref()).map(ToString::to_string);
        source.into_iter().chain(copy)
    };
    let all: BTreeSet<String> = jobs.flat_map(of).map(|bucket| format!("arn:aws:s3:::{bucket}")).collect();
    all.into_iter().collect::<Vec<_>>().join(",")
}

/// What users see of a pair: its health paths, behind the load balancers of both regions.
fn site(name: String, environment: &Environment) -> Result<Option<SiteSetup>, HarnessError> {
    let document = environment.document();
    let (Some(failover), Some(standby)) = (&document.failover, &document.regions.standby) else { return Ok(None) };
    let Some(probe) = &failover.probe else { return Ok(None) };
    let side = |region: &Region| {
        let services = environment.services(region);
        let cluster =
            services.iter().find(|(_, service)| probe.paths.contains_key(service)).map(|(cluster, _)| cluster);
        let cluster = cluster.ok_or_else(|| SiteError::new(format!("set up site {name}"), "no service with a path"))?;
        let paths = probe.paths.iter().map(|(service, path)| (path.to_string(), service.to_string())).collect();
        Ok::<_, SiteError>(SiteSide { region: region.to_string(), cluster: cluster.to_string(), paths })
    };
    let (primary, standby) = (side(&document.regions.primary)?, side(standby)?);
    let traffic = traffic(failover).ok_or_else(|| {
        let strategy = failover.traffic.strategy;
        HarnessError::Unknown(format!(
            "strategy {strategy:?} lacks what names it, or the sandbox's sites do not know it"
        ))
    })?;
    Ok(Some(SiteSetup { name, primary, standby, traffic }))
}

fn traffic(failover: &Failover) -> Option<SiteTraffic> {
    let traffic = &failover.traffic;
    Some(match traffic.strategy {
        TrafficStrategy::SwitchObject => SiteTraffic::SwitchObject {
            bucket: traffic.bucket.as_ref()?.to_string(),
            key: traffic.object.as_ref()?.to_string(),
        },
        TrafficStrategy::Alarm => SiteTraffic::Alarm { alarm: traffic.alarm.as_ref()?.to_string() },
        TrafficStrategy::RoutingControl => SiteTraffic::RoutingControl {
            primary: traffic.primary_control.as_ref()?.to_string(),
            standby: traffic.standby_control.as_ref()?.to_string(),
        },
        TrafficStrategy::Record => SiteTraffic::Record {
            zone: traffic.hosted_zone.as_ref()?.to_string(),
            name: traffic.names.first()?.to_string(),
        },
    })
}
