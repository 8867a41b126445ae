//! The estates that histories are about: those of the documents, and generated ones; and what AWS has of each in one account
//! and region.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::BackupSource;
use watchkeeper_domain::capacity::DatabaseId;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::{Environment, Estate, EstateDocument, EstateFolder};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute};
use watchkeeper_in_memory::{InMemoryHarness, documents};
use watchkeeper_sim::{BucketLimits, SimRegion, TimingSettings, aurora, declared, rds, service, store};

use crate::generated::{GENERATED, UNTAGGED, databases_of, generated};
use crate::pair::PairSite;
use crate::story::weights::{SKEWS, SPEEDS, Speed};
use crate::story::{Setting, weighted};

/// The account of an environment that names none.
const ACCOUNT: &str = "123456789012";

/// One account and region of an estate: what one stack looks after.
#[derive(Debug, Clone)]
pub struct Site {
    /// The document of the estate.
    pub document: EstateDocument,
    /// The account.
    pub account: String,
    /// The region.
    pub region: Region,
    /// How long things take here. Deployments end when an event ends them.
    pub timing: TimingSettings,
    /// How long a backup takes, and a copy of it.
    pub copies_take: Duration,
    /// How far the clock of the machines is ahead of that of the functions.
    pub skew: SignedDuration,
}

static OWN: LazyLock<EstateFolder> =
    LazyLock::new(|| documents(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/estates")));

/// The names of estates that there are histories of.
pub fn names() -> Vec<String> {
    OWN.iter().map(|estate| estate.name().to_string()).chain([GENERATED.to_owned()]).collect()
}

/// The pair of regions of an estate, as a seed has it; none where it has only single ones.
pub(crate) fn pair_of(name: &str, rng: &mut Rng) -> Option<PairSite> {
    let estate = OWN.estate(name).ok()?;
    if estate.environments().all(|it| it.document().regions.standby.is_none()) {
        return None;
    }
    let (quick, _) = timing(weighted(rng, SPEEDS));
    let deployment = TimingSettings::default().deployment;
    PairSite::of(&document_of(estate), TimingSettings { deployment, ..quick }, rng)
}

/// The estate whose turn it is with a seed.
///
/// # Panics
/// When there is no document.
pub fn of_seed(seed: u64) -> String {
    let all = names();
    let turn = seed.checked_rem(all.len() as u64).and_then(|turn| all.get(usize::try_from(turn).ok()?).cloned());
    turn.unwrap_or_else(|| panic!("there is no document"))
}

/// The sites of an estate; those of a generated one are drawn from the seed.
///
/// # Panics
/// When there is no such estate: names are checked where they are given.
pub fn sites(name: &str, rng: &mut Rng) -> Vec<Site> {
    let document = if name == GENERATED {
        serde_json::from_value(generated(rng)).unwrap_or_else(|error| panic!("{error}"))
    } else {
        document_of(OWN.estate(name).unwrap_or_else(|error| panic!("{error}")))
    };
    let mut places = BTreeSet::new();
    for environment in document.environments.values() {
        let account = environment.account.as_ref().map_or(ACCOUNT.to_owned(), ToString::to_string);
        places.insert((account, environment.regions.primary.clone()));
    }
    let (timing, copies_take) = timing(weighted(rng, SPEEDS));
    let skews = weighted(rng, SKEWS);
    let skew = SignedDuration::from_secs(rng.i64(skews));
    let site = |(account, region)| Site { document: document.clone(), account, region, timing, copies_take, skew };
    places.into_iter().map(site).collect()
}

fn document_of(estate: &Estate) -> EstateDocument {
    let environments = estate.environments().map(|it| (it.name().clone(), it.document().clone())).collect();
    let (about, owner) = (estate.about().cloned(), estate.owner().cloned());
    EstateDocument { estate: estate.name().clone(), about, owner, environments }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}, account {}", self.document.estate, self.region, self.account)
    }
}

impl Site {
    /// The documents, as they are first.
    ///
    /// # Panics
    /// When they mean nothing.
    pub fn folder(&self) -> EstateFolder {
        folder(&self.document).unwrap_or_else(|| panic!("the document of {} means nothing", self.document.estate))
    }

    /// The environments that this stack looks after.
    pub fn environments<'e>(&self, folder: &'e EstateFolder) -> Vec<&'e Environment> {
        let here = |it: &&Environment| {
            it.document().account.as_ref().is_none_or(|account| account.to_string() == self.account)
                && it.has_resources(&self.region)
        };
        folder.environments().map(|(_, environment)| environment).filter(here).collect()
    }

    /// The documents with only the environments of this stack, for what events are about.
    ///
    /// # Panics
    /// When they mean nothing.
    pub fn own_folder(&self) -> EstateFolder {
        let all = self.folder();
        let here: BTreeSet<_> = self.environments(&all).into_iter().map(|it| it.name().clone()).collect();
        let mut document = self.document.clone();
        document.environments.retain(|name, _| here.contains(name));
        folder(&document).unwrap_or_else(|| panic!("the document of {} means nothing", self.document.estate))
    }

    /// The stack, over an AWS with everything that the documents name, and something that they do not.
    pub fn build(&self, begin: Timestamp, seed: u64) -> InMemoryHarness {
        let all = self.folder();
        let mut sim = SimRegion::builder()
            .region(self.region.as_str())
            .starting(begin)
            .seed(seed)
            .quotas(BucketLimits::published());
        sim = sim.settings(self.timing);
        let mut stores = Vec::new();
        let mut clusters = BTreeSet::new();
        for environment in self.environments(&all) {
            for (id, capacity) in declared(environment, &self.region) {
                clusters.insert(id.cluster.clone());
                let spec = service(&id.to_string()).desired(capacity.desired).with_scaling(capacity.scaling);
                sim = sim.with(if id.service.as_str() == UNTAGGED { spec.unmanaged() } else { spec });
            }
            let tag = environment.databases_by_tag(&self.document.estate, &self.region);
            for id in databases_of(environment, &self.region) {
                let spec = match &id {
                    DatabaseId::Aurora(name) => aurora(name.as_str()),
                    DatabaseId::Rds(name) => rds(name.as_str()),
                };
                sim = sim.with(tag.iter().fold(spec, |spec, tag| spec.of_environment(&tag.to_string())));
            }
            let jobs = environment.document().backups.iter().flat_map(|it| &it.jobs);
            stores.extend(jobs.filter_map(BackupSource::of));
        }
        for cluster in clusters {
            sim = sim.with(service(&format!("{cluster}/stranger")).desired(2).scaling(1, 3));
        }
        let sim = sim.with(rds("stranger-db")).build();
        for alarm in &Setting::of(&self.own_folder(), &self.region).alarms {
            sim.set_alarm(alarm, AlarmState::Ok);
        }
        for source in stores {
            sim.put_store(store(&source.to_string()));
        }
        sim.backups_take(self.copies_take);
        self.furnish(&sim, &all);
        InMemoryHarness::over(sim, all, self.region.as_str()).in_account(&self.account).skewed(self.skew)
    }

    /// Tables, queues and buses of the unblock, with nothing stuck.
    fn furnish(&self, sim: &SimRegion, all: &EstateFolder) {
        for unblock in self.environments(all).into_iter().filter_map(|it| it.document().unblock.as_ref()) {
            if let Some(locks) = &unblock.locks {
                sim.make_locks(locks.table.as_str());
                let finished = locks.finished.iter().map(|it| &it.table);
                for table in finished.chain(unblock.blockers.iter().map(|it| &it.table)) {
                    sim.put_item(table.as_str(), finished_item());
                }
            }
            for queue in &unblock.queues {
                sim.make_queue(queue.queue.as_str());
                sim.make_queue(queue.dead_letters.as_str());
            }
            if let Some(report) = &unblock.report {
                sim.make_bus(report.bus.as_str());
            }
        }
    }
}

/// How long things take with an AWS of this speed, and its backups.
fn timing(speed: Speed) -> (TimingSettings, Duration) {
    let usual = TimingSettings { deployment: Duration::from_hours(24), ..TimingSettings::default() };
    match speed {
        Speed::Usual => (usual, Duration::from_mins(2)),
        Speed::Quick => {
            let quick = TimingSettings {
                task_start: Duration::from_secs(10),
                task_stop: Duration::from_secs(8),
                task_linger: Duration::from_secs(2),
                database_start: Duration::from_secs(50),
                database_stop: Duration::from_secs(40),
                ..usual
            };
            (quick, Duration::from_secs(25))
        }
    }
}

/// An item that waits for nobody: with it, its table is there.
fn finished_item() -> BlockerItem {
    let text = |text: &str| ItemAttribute::Text(text.to_owned());
    BlockerItem {
        item: text("finished"),
        activity: ItemAttribute::Absent,
        since: ItemAttribute::Absent,
        owner: ItemAttribute::Absent,
        reason: ItemAttribute::Absent,
        status: text("done"),
    }
}

/// The documents of an estate, if they mean something.
pub fn folder(document: &EstateDocument) -> Option<EstateFolder> {
    Estate::new(document.clone()).ok().map(|estate| [estate].into_iter().collect())
}
