//! `cargo preflight` over the sandbox: the estates as the drill builds them are clean; ten planted faults are ten findings,
//! each with its command, and nothing else; what may not be read is said; and nothing is ever written.

use std::collections::BTreeSet;

use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_ecs::config::Credentials;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::preflight::{Check, PreflightReport, ReportRow, RowMark};
use watchkeeper_estates::{EstateFolder, load_dir};
use watchkeeper_preflight::{DraftSelection, PreflightError, PreflightSelection, StackTemplate, draft, preflight};
use watchkeeper_tests::preflight::{Asked, DOCUMENT, EXPECTED, Plot, build};
use watchkeeper_tests::sandbox::{CheckoutLayout, Emulator, FaultKind, FaultOrder, SandboxOptions};

use crate::boot_with;

/// As a person's: from the loader, which knows the time too, by which a search domain's calls are signed.
async fn config(emulator: &Emulator) -> SdkConfig {
    let config = aws_config::defaults(BehaviorVersion::latest()).region(aws_config::Region::new("us-east-1"));
    let config = config.endpoint_url(emulator.endpoint()).app_name(AppName::new("preflight").unwrap());
    config.credentials_provider(Credentials::new("root", "rootsecret", None, None, "sandbox")).load().await
}

async fn look(
    emulator: &Emulator,
    estates: &EstateFolder,
    selection: &PreflightSelection,
) -> Result<PreflightReport, PreflightError> {
    let config = config(emulator).await;
    let template = StackTemplate::of_this_repository()?;
    let now = emulator.control().now().await.unwrap();
    Box::pin(preflight(&config, estates, &template, selection, Asked::new, (now, &|_| ()))).await
}

fn stack() -> PreflightSelection {
    PreflightSelection { stack: "watchkeeper".to_owned(), ..PreflightSelection::default() }
}

/// What every call of a preflight was.
async fn only_read(emulator: &Emulator, since: u64) {
    let calls = emulator.control().calls(since).await.unwrap();
    let own: Vec<_> = calls.iter().filter(|call| call.caller.as_deref() == Some("preflight")).collect();
    assert!(own.len() > 20, "{}", own.len());
    let writes: BTreeSet<_> = own.iter().filter(|call| call.write).map(|call| &call.operation).collect();
    assert_eq!(writes, BTreeSet::new());
}

fn of(report: &PreflightReport, mark: RowMark) -> Vec<&ReportRow> {
    report.of(mark).collect()
}

/// The estates of this repository live in two accounts.
#[tokio::test(flavor = "multi_thread")]
async fn the_estates_that_the_drill_builds_are_clean() {
    let estates = load_dir(&CheckoutLayout::find().unwrap().root().join("shared/estates")).unwrap();
    for account in ["123456789012", "210987654321"] {
        let emulator = boot_with(&SandboxOptions { account: account.to_owned(), ..SandboxOptions::default() }).await;
        build(&emulator, &estates, account).await;
        let since = emulator.control().mark().await.unwrap();
        let report = look(&emulator, &estates, &stack()).await.unwrap();
        assert_eq!(of(&report, RowMark::Bad), Vec::<&ReportRow>::new());
        assert_eq!(of(&report, RowMark::Unread), Vec::<&ReportRow>::new());
        let untold = of(&report, RowMark::Untold);
        assert!(
            untold.iter().all(|row| [Check::TagConditionsOfTables, Check::Account].contains(&row.check)),
            "{untold:#?}"
        );
        assert_eq!(report.exit_code(), 0);
        assert!(of(&report, RowMark::Good).len() > 150, "{}", of(&report, RowMark::Good).len());
        for check in [Check::Definition, Check::Policy, Check::Allowed, Check::Replica, Check::HealthCheck] {
            assert!(account != "123456789012" || report.of(RowMark::Good).any(|row| row.check == check), "{check:?}");
        }
        only_read(&emulator, since).await;
        emulator.succeeded().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_planted_faults_are_ten_findings_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.yaml"), DOCUMENT).unwrap();
    let estates = load_dir(folder.path()).unwrap();
    let emulator = boot_with(&SandboxOptions::default()).await;
    build(&emulator, &estates, "123456789012").await;
    let clean = look(&emulator, &estates, &stack()).await.unwrap();
    assert_eq!(of(&clean, RowMark::Bad), Vec::<&ReportRow>::new());
    assert_eq!(clean.exit_code(), 0);

    Plot::new(&emulator).plant().await;
    let since = emulator.control().mark().await.unwrap();
    let report = look(&emulator, &estates, &stack()).await.unwrap();
    let bad = of(&report, RowMark::Bad);
    let found: Vec<_> = bad.iter().map(|row| (row.subject.as_str(), row.check.name())).collect();
    assert_eq!(found, EXPECTED.map(|(subject, check, _)| (subject, check)), "{bad:#?}");
    for (row, (_, _, command)) in bad.iter().zip(EXPECTED) {
        let found = row.command.as_deref().unwrap();
        assert!(found.starts_with(&format!("aws {command}")) && found.contains("--region eu-west-1"), "{found}");
        assert!(row.expected.is_some() && !row.found.is_empty(), "{row:#?}");
    }
    assert_eq!(report.exit_code(), 1);
    only_read(&emulator, since).await;
    let table = watchkeeper_preflight::table(&report);
    for (subject, _, command) in EXPECTED {
        let line = table.lines().find(|line| line.contains('✗') && line.contains(subject));
        assert!(line.is_some() && table.contains(command), "{subject}: {table}");
    }
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_is_a_finding_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.yaml"), DOCUMENT).unwrap();
    let estates = load_dir(folder.path()).unwrap();
    let emulator = boot_with(&SandboxOptions::default()).await;
    build(&emulator, &estates, "123456789012").await;
    let denied = [
        ("rds", "DescribeDBInstances"),
        ("sqs", "ListQueueTags"),
        ("application-autoscaling", "DescribeScheduledActions"),
        ("monitoring", "ListAlarmMuteRules"),
        ("states", "ValidateStateMachineDefinition"),
    ];
    for (service, operation) in denied {
        let mut fault = FaultOrder::new(service, operation, FaultKind::Error);
        (fault.code, fault.status, fault.times) = (Some("AccessDeniedException".to_owned()), Some(400), None);
        emulator.control().order(&fault).await.unwrap();
    }
    let report = look(&emulator, &estates, &stack()).await.unwrap();
    assert_eq!(of(&report, RowMark::Bad), Vec::<&ReportRow>::new());
    let told: BTreeSet<_> = of(&report, RowMark::Unread).iter().map(|row| row.found.as_str()).collect();
    let expected = [
        "cannot be read: needs application-autoscaling:DescribeScheduledActions",
        "cannot be read: needs cloudwatch:ListAlarmMuteRules",
        "cannot be read: needs rds:DescribeDBInstances",
        "cannot be read: needs sqs:ListQueueTags",
        "cannot be read: needs states:ValidateStateMachineDefinition",
    ];
    assert_eq!(told, expected.into());
    assert_eq!(report.exit_code(), 3);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_of_another_account_and_a_region_that_nobody_names_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let other = DOCUMENT.replace("kind: staging", "kind: staging\n    account: \"210987654321\"");
    std::fs::write(folder.path().join("shop.yaml"), other).unwrap();
    let estates = load_dir(folder.path()).unwrap();
    let emulator = boot_with(&SandboxOptions::default()).await;
    let report = look(&emulator, &estates, &stack()).await.unwrap();
    let untold = of(&report, RowMark::Untold);
    let [row] = untold.as_slice() else { panic!("{untold:#?}") };
    assert_eq!(row.found, "it belongs to account 210987654321, and the caller to 123456789012");
    let region = Some(Region::new("sa-east-1").unwrap().to_string());
    let error = look(&emulator, &estates, &PreflightSelection { region, ..stack() }).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "--region: found \"sa-east-1\", expected one in which the chosen documents name something: eu-central-1, eu-west-1"
    );
    emulator.succeeded().unwrap();
}

/// The environments of carcierge are what its document says; what else lies in the account and region belongs to none of them.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_drafted_as_its_document_has_it_and_a_second_draft_tells_what_has_changed() {
    let estates = load_dir(&CheckoutLayout::find().unwrap().root().join("shared/estates")).unwrap();
    let emulator = boot_with(&SandboxOptions::default()).await;
    build(&emulator, &estates, "123456789012").await;
    let since = emulator.control().mark().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("carcierge.yaml");
    let selection = DraftSelection {
        regions: vec![Region::new("us-west-1").unwrap()],
        estate: Some(EstateName::new("carcierge").unwrap()),
        stack: "watchkeeper".to_owned(),
        ..DraftSelection::default()
    };
    let drafted = draft(&config(&emulator).await, &selection, &|_| ()).await.unwrap();
    assert!(drafted.deliver(&out).unwrap().agrees);
    only_read(&emulator, since).await;

    let written = load_dir(folder.path()).unwrap();
    let own = estates.estate("carcierge").unwrap();
    for environment in own.environments() {
        let found = written.environment("carcierge", environment.name().as_str()).unwrap().1;
        let region = &environment.document().regions.primary;
        let services = |of: &Environment| of.services(region).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(services(found), services(environment), "{}", environment.name());
        assert_eq!(found.document().capacity, environment.document().capacity, "{}", environment.name());
    }
    assert_eq!(written.estate("carcierge").unwrap().environments().count(), own.environments().count());

    let before = std::fs::read_to_string(&out).unwrap();
    let again = draft(&config(&emulator).await, &selection, &|_| ()).await.unwrap();
    assert_eq!(again.text(), before);
    assert!(again.deliver(&out).unwrap().agrees);
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config("us-west-1"));
    let change = ecs.update_service().cluster("qa-carcierge-ecs-cluster").service("qa-carcierge-web").desired_count(7);
    change.send().await.unwrap();
    let changed = draft(&config(&emulator).await, &selection, &|_| ()).await.unwrap().deliver(&out).unwrap();
    assert!(!changed.agrees && changed.text.contains("qa-carcierge-web") && changed.text.contains('7'), "{changed:?}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), before, "what is there is never written to");

    let mut fault = FaultOrder::new("dynamodb", "ListTables", FaultKind::Error);
    (fault.code, fault.status, fault.times) = (Some("AccessDeniedException".to_owned()), Some(400), None);
    emulator.control().order(&fault).await.unwrap();
    let partly = draft(&config(&emulator).await, &selection, &|_| ()).await.unwrap();
    assert!(
        partly.text().contains("- tables in us-west-1: cannot be read: needs dynamodb:ListTables"),
        "{}",
        partly.text()
    );

    let one = DraftSelection { environment: Some(EnvironmentName::new("qa").unwrap()), ..selection.clone() };
    let one = draft(&config(&emulator).await, &one, &|_| ()).await.unwrap();
    assert!(one.text().contains("qa-carcierge-web") && !one.text().contains("uat-carcierge-web"), "{}", one.text());
    let nowhere = DraftSelection { environment: Some(EnvironmentName::new("attic").unwrap()), ..selection };
    let error = draft(&config(&emulator).await, &nowhere, &|_| ()).await.unwrap_err().to_string();
    assert!(error.starts_with("--environment: found \"attic\", expected one of prod, qa, "), "{error}");
    emulator.succeeded().unwrap();
}

/// No tag and no name tells the environment of fleet-orchestration: whoever asks does, and its two regions are a pair.
#[tokio::test(flavor = "multi_thread")]
async fn a_pair_that_nothing_tells_the_environment_of_is_drafted_as_the_one_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let document = CheckoutLayout::find().unwrap().root().join("shared/estates/fleet-orchestration.yaml");
    std::fs::copy(document, folder.path().join("fleet-orchestration.yaml")).unwrap();
    let estates = load_dir(folder.path()).unwrap();
    let own = estates.estate("fleet-orchestration").unwrap().environments().next().unwrap();
    let regions: Vec<Region> = own.regions().into_iter().collect();
    let account = own.account().map_or_else(|| "123456789012".to_owned(), ToString::to_string);
    let emulator = boot_with(&SandboxOptions { account: account.clone(), ..SandboxOptions::default() }).await;
    build(&emulator, &estates, &account).await;
    let nobody =
        DraftSelection { regions: regions.clone(), stack: "watchkeeper".to_owned(), ..DraftSelection::default() };
    let error = draft(&config(&emulator).await, &nobody, &|_| ()).await.unwrap_err().to_string();
    assert!(error.starts_with("--environment: found none for cluster fleet-orchestration-cluster"), "{error}");
    assert!(error.ends_with("or --environment NAME"), "{error}");

    let asked = DraftSelection { environment: Some(own.name().clone()), ..nobody };
    let drafted = draft(&config(&emulator).await, &asked, &|_| ()).await.unwrap();
    let out = tempfile::tempdir().unwrap();
    assert!(drafted.deliver(&out.path().join("fleet-orchestration.yaml")).unwrap().agrees);
    let written = load_dir(out.path()).unwrap();
    let estate = written.iter().next().unwrap();
    let found = estate.environments().next().unwrap();
    let services = |of: &Environment, region: &Region| of.services(region).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(found.document().regions, own.document().regions, "{}", drafted.text());
    for region in &regions {
        assert_eq!(services(found, region), services(own, region), "{region}");
    }
    assert!(drafted.text().contains("- { table: fleet-orchestration-vehicles, key: id"), "{}", drafted.text());
    emulator.succeeded().unwrap();
}
