//! Each name that we make of the longest names that a document may have is one that AWS takes.

use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_domain::backup::{BACKUP_TAG, BackupSubject, RESTORE_TAG, ResourceKind};
use watchkeeper_domain::estate::BackupProvider;
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_tests::sandbox::{CheckoutLayout, ProgressLines, PythonEnvironment};

/// The longest name of a region that there is.
const REGION: &str = "ap-southeast-1";
/// The longest name of a stack: the functions of the window are named after it (README, installation).
const STACK: usize = 53;

/// Names of one kind that are as long as a document may have them, and as odd.
fn longest(most: usize) -> Vec<String> {
    ["a", "A", "9", "a.", "a_b-", "-", "..", "é"].map(|unit| unit.repeat(most).chars().take(most).collect()).into()
}

fn scope(estate: &str, environment: &str) -> Option<Scope> {
    let region = Region::new(REGION).unwrap();
    let (estate, environment) = (EstateName::new(estate).ok()?, EnvironmentName::new(environment).ok()?);
    Some(Scope { estate, environment, region })
}

fn instant() -> Timestamp {
    "2026-11-21T03:30:00Z".parse().unwrap()
}

/// What is made of a copy of a resource: its own name, the names in other regions and vaults, its tags.
fn of_a_copy(subject: &BackupSubject, found: &mut Vec<Value>) {
    let name = subject.series().name(instant());
    let tags = json!([{"Key": BACKUP_TAG, "Value": subject.identity()}]);
    let requests = match subject.source.kind {
        ResourceKind::Aurora => vec![
            json!(["rds", "CreateDBClusterSnapshot", {"DBClusterSnapshotIdentifier": name, "Tags": tags}]),
            json!(["rds", "CopyDBClusterSnapshot", {"TargetDBClusterSnapshotIdentifier": name, "Tags": tags}]),
        ],
        ResourceKind::Rds => vec![
            json!(["rds", "CreateDBSnapshot", {"DBSnapshotIdentifier": name, "Tags": tags}]),
            json!(["rds", "CopyDBSnapshot", {"TargetDBSnapshotIdentifier": name, "Tags": tags}]),
        ],
        ResourceKind::Dynamodb => vec![json!(["dynamodb", "CreateBackup", {"BackupName": name}])],
        ResourceKind::Elasticache => {
            vec![json!(["elasticache", "CreateSnapshot", {"SnapshotName": name, "Tags": tags}])]
        }
        // A name in the API of the domain: small letters, digits and hyphens, which the domain's own tests hold.
        ResourceKind::Opensearch => Vec::new(),
        ResourceKind::S3 => vec![json!(["s3", "CopyObject", {"Key": format!("watchkeeper/{name}")}])],
    };
    found.extend(requests);
    found.push(json!(["backup", "StartBackupJob", {
        "IdempotencyToken": name, "RecoveryPointTags": {(BACKUP_TAG): subject.identity()},
    }]));
}

/// Executions: their names and what is marked with them.
fn of_an_execution(words: &[&str], found: &mut Vec<Value>) {
    let name = execution_name(words, instant());
    found.push(json!(["states", "StartExecution", {"name": name}]));
    // A machine names its children after itself.
    found.push(json!(["states", "StartExecution", {"name": format!("{name}-{}", "x".repeat(11))}]));
    let mark = json!([{"Key": RESTORE_TAG, "Value": name}]);
    found.push(json!(["rds", "RestoreDBInstanceFromDBSnapshot", {"Tags": mark}]));
    found.push(json!(["dynamodb", "TagResource", {"Tags": mark}]));
}

/// Everything that is named after a stack.
fn of_a_stack(found: &mut Vec<Value>) {
    let stack = "s".repeat(STACK);
    let text = std::fs::read_to_string(CheckoutLayout::find().unwrap().root().join("template.yaml")).unwrap();
    let mut named = 0;
    for line in text.lines() {
        let Some((field, rest)) = line.trim().split_once(": !Sub '${AWS::StackName}") else { continue };
        let name = format!("{stack}{}", rest.trim_end_matches('\''));
        let name = name.replace("${AWS::Region}", REGION);
        named += 1;
        // A schedule stands among the events of a function, a machine by itself.
        let nested = line.starts_with("            ");
        match field {
            "Name" if nested => found.push(json!(["scheduler", "CreateSchedule", {"Name": name}])),
            "Name" => found.push(json!(["states", "CreateStateMachine", {"name": name}])),
            "FunctionName" => found.push(json!(["lambda", "CreateFunction", {"FunctionName": name}])),
            "TopicName" => found.push(json!(["sns", "CreateTopic", {"Name": name}])),
            "DashboardName" => found.push(json!(["monitoring", "PutDashboard", {"DashboardName": name}])),
            other => panic!("{other}: {name}: a kind of name that nothing is known of"),
        }
    }
    assert!(named > 8, "{named} names after the stack");
}

fn requests() -> Vec<Value> {
    let mut found = Vec::new();
    let names = [longest(255), longest(1), longest(40)].concat();
    let scopes = names.iter().flat_map(|estate| names.iter().filter_map(|environment| scope(estate, environment)));
    for scope in scopes {
        for kind in ResourceKind::ALL.iter().copied() {
            let most = match kind {
                ResourceKind::Aurora | ResourceKind::Rds => 63,
                ResourceKind::Elasticache => 40,
                ResourceKind::Opensearch => 28,
                ResourceKind::Dynamodb | ResourceKind::S3 => 255,
            };
            for source in longest(most) {
                let Ok(source) = format!("{}:{source}", kind.name()).parse() else { continue };
                let subject = BackupSubject { scope: scope.clone(), source, engine: BackupProvider::Native };
                of_a_copy(&subject, &mut found);
            }
        }
        for words in [&["backup"][..], &["drill", &"d".repeat(255)], &["emergency", "5xx errors / é"]] {
            of_an_execution(&[&[scope.estate.as_str(), scope.environment.as_str()], words].concat(), &mut found);
        }
    }
    of_a_stack(&mut found);
    found
}

/// What AWS would refuse.
async fn refused(requests: &[Value]) -> String {
    let layout = CheckoutLayout::find().unwrap();
    let venv = PythonEnvironment::ensure(&layout, &ProgressLines).await.unwrap();
    let mut command = Command::new(venv.python());
    command.args(["-B", "-m", "emulator.names"]).current_dir(layout.root().join("tests"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(json!(requests).to_string().as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test]
async fn each_name_that_we_make_is_one_that_aws_takes() {
    let requests = requests();
    assert!(requests.len() > 10_000, "{} names", requests.len());
    assert_eq!(refused(&requests).await, "");
}

#[tokio::test]
async fn a_name_that_aws_does_not_take_is_found() {
    let long = json!(["rds", "CreateDBClusterSnapshot", {"DBClusterSnapshotIdentifier": "s".repeat(64)}]);
    let odd = json!(["states", "StartExecution", {"name": "a b"}]);
    let topic = json!(["sns", "CreateTopic", {"Name": "a topic"}]);
    let found = refused(&[long, odd, topic]).await;
    let lines: Vec<&str> = found.lines().collect();
    assert!(lines[0].contains("64 characters, at most 63 are allowed"), "{found}");
    assert_eq!(lines[1], "states StartExecution: name: Invalid Name: 'a b'", "{found}");
    assert!(lines.len() == 3 && lines[2].starts_with("sns CreateTopic: Invalid parameter: Topic Name"), "{found}");
}
