//! One preflight: every chosen environment, in each of its regions, and what would be deployed there.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use aws_config::SdkConfig;
use jiff::Timestamp;
use watchkeeper_control::scoped::FoundByTag;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name;
use watchkeeper_domain::preflight::{
    AccountRegion, Check, PreflightFacts, PreflightReport, Read, ReportRow, ReportSection, SimulatedAction,
    WantedResources, calls, definition, judge as judged, policies, simulated,
};
use watchkeeper_domain::value::AccountId;
use watchkeeper_estates::EstateFolder;

use crate::gather::{find_by_tag, gather};
use crate::unread::read;
use crate::{PolicyJudge, PreflightError, RegionClients, StackTemplate, TemplateResolver, parameters};

/// Alarms of global services lie there, whatever region their system is in (Amazon CloudWatch user guide).
const GLOBAL: &str = "us-east-1";

/// What is looked at.
#[derive(Debug, Clone, Default)]
pub struct PreflightSelection {
    /// The only estate.
    pub estate: Option<String>,
    /// The only environment.
    pub environment: Option<String>,
    /// The only region.
    pub region: Option<String>,
    /// The stack's name.
    pub stack: String,
    /// The template's parameters, as they would be given to the deploy.
    pub parameters: BTreeMap<String, String>,
    /// Where the policies and machines go, filled in, if they are wanted.
    pub write: Option<PathBuf>,
}

/// The caller, and the partition of the caller's account.
pub(crate) struct CallerIdentity {
    arn: String,
    pub(crate) account: String,
    partition: String,
}

/// Looks at everything that was chosen, with the configuration's credentials; the judge is made for each region. `tell` hears
/// what it is at.
///
/// # Errors
/// [`PreflightError`] where it could not begin. What cannot be read later is a row.
pub async fn preflight<J: PolicyJudge>(
    config: &SdkConfig,
    estates: &EstateFolder,
    template: &StackTemplate,
    selection: &PreflightSelection,
    judge: impl Fn(&SdkConfig) -> J,
    (now, tell): (Timestamp, &dyn Fn(&str)),
) -> Result<PreflightReport, PreflightError> {
    let chosen = choose(estates, selection)?;
    let regions = regions(&chosen, selection)?;
    let caller = identify(config, regions.first()).await?;
    let at = |region: &name::Region| {
        let name = aws_config::Region::new(region.as_str().to_owned());
        config.to_builder().region(name).build()
    };
    let own = chosen.iter().map(|(_, environment)| *environment).filter(|it| is_of(it, &caller.account));
    let own: Vec<&Environment> = own.collect();
    let (mut sections, mut keys) = (Vec::new(), BTreeSet::new());
    for (estate, environment) in &chosen {
        if !is_of(environment, &caller.account) {
            sections.push(of_other_account(estate, environment, &caller));
            continue;
        }
        for region in WantedResources::regions(environment).intersection(&regions) {
            tell(&format!("{} {} in {region}", estate.name(), environment.name()));
            let (sdk, mut wanted) = (at(region), WantedResources::of(estate, environment, region));
            let place = place(&caller, region);
            let others: Vec<(name::Region, RegionClients)> =
                others(environment, region).into_iter().map(|it| (it.clone(), RegionClients::new(&at(&it)))).collect();
            let (look, judge) = (RegionClients::new(&sdk), judge(&sdk));
            let by_tag = FoundByTag::of(estate, environment, region);
            let listed = find_by_tag(&look, &by_tag, &mut wanted).await;
            let facts = Box::pin(gather(&look, &judge, &place, (environment, &wanted), &others, now)).await;
            let facts = PreflightFacts { listed: listed.services, listed_databases: listed.databases, ..facts };
            let mut rows = judged(environment, &wanted, &facts);
            keys.extend(facts.keys.values().filter_map(|key| Some(key.as_ref().ok()?.as_ref()?.arn.clone())));
            let stack_in =
                |stack: &name::Region| resolver(template, selection, &self::place(&caller, stack), (&own, &keys));
            rows.extend(allowed(&judge, stack_in, environment, &wanted, &facts).await?);
            if !rows.is_empty() {
                sections.push(section(estate, environment, Some(region), rows));
            }
        }
    }
    if let Some(region) = regions.first() {
        tell(&format!("what would be deployed in {region}"));
        let sdk = at(region);
        let resolver = resolver(template, selection, &place(&caller, region), (&own, &keys));
        if let Some(folder) = &selection.write {
            resolver.write(folder)?;
        }
        let rows = deployed(&RegionClients::new(&sdk), &judge(&sdk), &resolver, region).await?;
        sections.push(ReportSection { estate: None, environment: None, region: Some(region.clone()), rows });
    }
    Ok(PreflightReport { account: caller.account, caller: caller.arn, sections })
}

fn is_of(environment: &Environment, account: &str) -> bool {
    environment.account().is_none_or(|own| account.parse::<AccountId>().is_ok_and(|account| *own == account))
}

fn place(caller: &CallerIdentity, region: &name::Region) -> AccountRegion {
    AccountRegion { partition: caller.partition.clone(), account: caller.account.clone(), region: region.clone() }
}

fn choose<'a>(
    estates: &'a EstateFolder,
    selection: &PreflightSelection,
) -> Result<Vec<(&'a Estate, &'a Environment)>, PreflightError> {
    let chosen: Vec<&Estate> = match &selection.estate {
        Some(name) => vec![estates.estate(name)?],
        None => estates.iter().collect(),
    };
    let Some(wanted) = &selection.environment else {
        return Ok(chosen.into_iter().flat_map(|it| it.environments().map(move |e| (it, e))).collect());
    };
    let all = chosen.iter().flat_map(|it| it.environments().map(move |e| (*it, e)));
    let found: Vec<_> = all.filter(|(_, environment)| environment.name().as_str() == wanted).collect();
    match (found.is_empty(), chosen.first()) {
        // The error names those of one estate, which is what was chosen, or the first.
        (true, Some(estate)) => Ok(vec![estates.environment(estate.name().as_str(), wanted)?]),
        _ => Ok(found),
    }
}

fn regions(
    chosen: &[(&Estate, &Environment)],
    selection: &PreflightSelection,
) -> Result<BTreeSet<name::Region>, PreflightError> {
    let known: BTreeSet<name::Region> = chosen.iter().flat_map(|(_, it)| WantedResources::regions(it)).collect();
    let Some(found) = &selection.region else { return Ok(known) };
    let asked = known.iter().find(|region| region.as_str() == found).cloned();
    let list = || known.iter().map(name::Region::as_str).collect::<Vec<_>>().join(", ");
    asked.map(|region| [region].into()).ok_or_else(|| PreflightError::Region { found: found.clone(), known: list() })
}

/// Regions in which an alarm of the environment may lie by mistake.
fn others(environment: &Environment, region: &name::Region) -> BTreeSet<name::Region> {
    let global = name::Region::new(GLOBAL).ok();
    environment.regions().into_iter().chain(global).filter(|other| other != region).collect()
}

pub(crate) async fn identify(
    config: &SdkConfig,
    region: Option<&name::Region>,
) -> Result<CallerIdentity, PreflightError> {
    let region = aws_config::Region::new(region.map_or(GLOBAL, name::Region::as_str).to_owned());
    let sts = aws_sdk_sts::Client::new(&config.to_builder().region(region).build());
    let refused = |why: String| PreflightError::Credentials { why };
    let answer = sts.get_caller_identity().send().await;
    let answer = answer.map_err(|error| refused(chain(&error)))?;
    let (arn, account) = (answer.arn().unwrap_or_default(), answer.account().unwrap_or_default());
    let partition = arn.split(':').nth(1).filter(|partition| !partition.is_empty());
    let partition = partition.ok_or_else(|| refused(format!("the caller's ARN is {arn:?}")))?.to_owned();
    Ok(CallerIdentity { arn: arn.to_owned(), account: account.to_owned(), partition })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

fn section(
    estate: &Estate,
    environment: &Environment,
    region: Option<&name::Region>,
    rows: Vec<ReportRow>,
) -> ReportSection {
    let (estate, environment) = (Some(estate.name().clone()), Some(environment.name().clone()));
    ReportSection { estate, environment, region: region.cloned(), rows }
}

fn of_other_account(estate: &Estate, environment: &Environment, caller: &CallerIdentity) -> ReportSection {
    let account = environment.account().map(ToString::to_string).unwrap_or_default();
    let why = format!("it belongs to account {account}, and the caller to {}", caller.account);
    let (own, name) = (estate.name(), environment.name());
    let command = format!("AWS_PROFILE=... cargo preflight --estate {own} --environment {name}");
    section(estate, environment, None, vec![ReportRow::untold(Check::Account, "environment", why, Some(command))])
}

/// The template as it would be deployed in a place, for all that is looked after there: what the documents say of a
/// parameter is filled in, unless it was given; so are the keys that were found.
fn resolver(
    template: &StackTemplate,
    selection: &PreflightSelection,
    place: &AccountRegion,
    (own, keys): (&[&Environment], &BTreeSet<String>),
) -> TemplateResolver {
    let mut parameters = parameters::of(place, own);
    if !keys.is_empty() {
        parameters.insert("BackupKeys".to_owned(), keys.iter().cloned().collect::<Vec<_>>().join(","));
    }
    parameters.extend(selection.parameters.clone());
    TemplateResolver::new(template, place.clone(), &selection.stack, parameters)
}

/// Whether the roles of the template may do what the functions do to these very resources.
async fn allowed(
    judge: &impl PolicyJudge,
    stack_in: impl Fn(&name::Region) -> TemplateResolver,
    environment: &Environment,
    wanted: &WantedResources,
    facts: &PreflightFacts,
) -> Result<Vec<ReportRow>, PreflightError> {
    let (mut rows, mut stacks) = (Vec::new(), BTreeMap::new());
    for call in calls(environment, wanted, facts) {
        let policies = match stacks.entry(call.stack.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(slot) => slot.insert(stack_in(&call.stack).policies()?),
        };
        let Some(own) = policies.get(call.function) else {
            let why = format!("the template has no function {}", call.function);
            rows.push(ReportRow::untold(Check::Allowed, call.subject, why, None));
            continue;
        };
        let answer: Read<Vec<SimulatedAction>> = read(judge.simulate(own, &call).await);
        rows.push(simulated(&call, &answer));
    }
    Ok(rows)
}

/// Whether what would be deployed is valid: the machines, and the policies of the roles.
async fn deployed(
    look: &RegionClients,
    judge: &impl PolicyJudge,
    resolver: &TemplateResolver,
    region: &name::Region,
) -> Result<Vec<ReportRow>, PreflightError> {
    let mut rows = Vec::new();
    for (name, text) in resolver.machines()? {
        rows.extend(definition(&name, &read(look.definition(&name, &text).await), region.as_str()));
    }
    for (owner, documents) in resolver.policies()? {
        for document in documents {
            rows.extend(policies(&owner, &read(judge.validate(&document).await), region.as_str()));
        }
    }
    Ok(rows)
}
