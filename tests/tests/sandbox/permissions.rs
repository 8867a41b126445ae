//! Calls of a function are judged by its role, by an evaluator that is not ours, and refused as AWS refuses them.

use crate::{CLUSTER, REGION, SERVICE, boot, call, exchange, make_service, send, signed};
use aws_sdk_ecs::error::ProvideErrorMetadata;
use serde_json::{Value, json};
use std::process::Command;
use watchkeeper_tests::sandbox::{CheckoutLayout, Emulator, ProgressLines, PythonEnvironment, UsedRight};

/// A function, and its role as a stack names it.
pub(crate) const FUNCTION: &str = "judged";
const ROLE: &str = "stack-JudgedRole-0123456789ABC";
const TAG: &str = "aws:ResourceTag/watchkeeper:managed";

/// An archive with one file that nobody runs.
const CODE: &str = "UEsDBBQAAAAAAAAAIVxxgb35LwAAAC8AAAAEAAAAZi5weWRlZiBmYWlsKGV2ZW50LCBfKToKICAgIHJhaXNlIFZhbH\
    VlRXJyb3IoIm5vIikKUEsBAhQDFAAAAAAAAAAhXHGBvfkvAAAALwAAAAQAAAAAAAAAAAAAAKQBAAAAAGYucHlQSwUG\
    AAAAAAEAAQAyAAAAUQAAAAAA";

async fn iam(emulator: &Emulator, form: &[(&str, &str)]) {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let pairs = form.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    let body = pairs.collect::<Vec<_>>().join("&");
    let request = signed(REGION, "iam", "app/test").method("POST").uri(emulator.endpoint());
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body).unwrap();
    let (status, answer) = exchange(request).await;
    assert_eq!(status, 200, "{answer}");
}

/// Give the function's role these statements, and no others.
pub(crate) async fn grant(emulator: &Emulator, statements: Value) {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let form = [("Action", "PutRolePolicy"), ("RoleName", ROLE), ("PolicyName", "own"), ("PolicyDocument", &policy)];
    iam(emulator, &form).await;
}

pub(crate) async fn function(emulator: &Emulator) {
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}] });
    iam(emulator, &[("Action", "CreateRole"), ("RoleName", ROLE), ("AssumeRolePolicyDocument", &trust.to_string())])
        .await;
    let request = json!({
        "FunctionName": FUNCTION, "Runtime": "python3.12", "Handler": "f.fail",
        "Role": format!("arn:aws:iam::123456789012:role/{ROLE}"), "Code": {"ZipFile": CODE},
    });
    let (status, made) = send(emulator, "lambda", "POST", "/2015-03-31/functions", "", request).await;
    assert_eq!(status, 201, "{made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_the_tag_that_its_role_demands_is_denied_and_the_missing_condition_named() {
    let emulator = boot().await;
    function(&emulator).await;
    make_service(&aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION)), 1).await;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config_as(FUNCTION, REGION));
    let update = || ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(0).send();
    let write = json!({ "Sid": "Write", "Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*" });
    let when = |value: &str| {
        let mut write = write.clone();
        write["Condition"] = json!({ "StringEquals": {TAG: value} });
        json!([write])
    };
    grant(&emulator, when("of another kind")).await;
    let error = update().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    assert!(
        error.message().unwrap().contains("is not authorized to perform: ecs:UpdateService on resource"),
        "{error:?}"
    );
    let [denial] = &emulator.control().forgive_denials().await.unwrap()[..] else { panic!("one denial") };
    assert_eq!((denial.role.as_str(), denial.action.as_str()), ("Judged", "ecs:UpdateService"));
    assert_eq!(denial.resource, format!("arn:aws:ecs:{REGION}:123456789012:service/{CLUSTER}/{SERVICE}"));
    assert_eq!(denial.why, format!("Write: {TAG} has another value, expected StringEquals of another kind"));

    grant(&emulator, when("true")).await;
    update().await.unwrap();
    let found = emulator.control().permissions().await.unwrap();
    let used = ("Judged", "Write", "ecs:UpdateService");
    let used = UsedRight { role: used.0.into(), statement: used.1.into(), action: used.2.into() };
    assert_eq!((found.denials.len(), &found.used[..]), (0, &[used][..]));

    emulator.control().withdraw("Judged", "Write").await.unwrap();
    assert!(update().await.is_err());
    let denials = emulator.control().forgive_denials().await.unwrap();
    assert_eq!(denials[0].why, "no statement grants the action");
    emulator.control().restore_rights().await.unwrap();
    update().await.unwrap();
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_an_encrypted_snapshot_needs_a_grant_on_the_customers_key() {
    let emulator = boot().await;
    function(&emulator).await;
    let (_, made) = call(&emulator, "kms", "TrentService.CreateKey", json!({})).await;
    let key = made["KeyMetadata"]["Arn"].as_str().unwrap();
    let rds = aws_sdk_rds::Client::new(&emulator.sdk_config(REGION));
    let instance = rds.create_db_instance().db_instance_identifier("db").db_instance_class("db.t4g.micro");
    let instance = instance.engine("postgres").master_username("master").master_user_password("only-here");
    instance.allocated_storage(20).storage_encrypted(true).kms_key_id(key).send().await.unwrap();
    rds.create_db_snapshot().db_instance_identifier("db").db_snapshot_identifier("one").send().await.unwrap();
    let available = async || {
        let found = rds.describe_db_snapshots().db_snapshot_identifier("one").send().await.unwrap();
        found.db_snapshots()[0].status().unwrap_or_default().to_owned()
    };
    crate::eventually("available".to_owned(), available).await;

    let rds = aws_sdk_rds::Client::new(&emulator.sdk_config_as(FUNCTION, REGION));
    let copy = |to: &str| {
        let copy = rds.copy_db_snapshot().source_db_snapshot_identifier("one").target_db_snapshot_identifier(to);
        // The sandbox wants it of every copy of what is encrypted.
        copy.kms_key_id(key).pre_signed_url("https://rds.us-east-1.amazonaws.com/").send()
    };
    let copies = json!({ "Sid": "Copy", "Effect": "Allow", "Action": "rds:CopyDBSnapshot", "Resource": "*" });
    grant(&emulator, json!([copies])).await;
    let error = copy("two").await.unwrap_err().into_service_error();
    assert!(error.message().unwrap().contains("kms:CreateGrant"), "{error:?}");
    let denials = emulator.control().forgive_denials().await.unwrap();
    let actions: Vec<&str> = denials.iter().map(|it| it.action.as_str()).collect();
    assert_eq!(actions, ["kms:CreateGrant", "kms:DescribeKey"]);
    assert!(denials.iter().all(|it| it.resource == key));

    let grants = json!({ "Sid": "Grant", "Effect": "Allow", "Action": ["kms:CreateGrant", "kms:DescribeKey"], "Resource": key,
        "Condition": {"StringEquals": {"kms:ViaService": format!("rds.{REGION}.amazonaws.com")}} });
    grant(&emulator, json!([copies, grants])).await;
    copy("two").await.unwrap();
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_extract_of_the_authorization_reference_is_what_its_source_says() {
    let layout = CheckoutLayout::find().unwrap();
    let judge = PythonEnvironment::ensure(&layout, &ProgressLines).await.unwrap().judge(&layout).unwrap();
    let judge: Vec<String> = serde_json::from_str(&judge).unwrap();
    let [node, _, modules] = &judge[..] else { panic!("{judge:?}") };
    let script = layout.root().join("tests/judge/extract.mjs");
    let made = Command::new(node).arg(&script).arg(modules).arg(layout.root().join("template.yaml")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let file = layout.root().join("tests/data/authorization.json");
    if std::env::var_os("UPDATE_AUTHORIZATION").is_some() {
        std::fs::write(&file, &made.stdout).unwrap();
    }
    let (made, kept): (Value, Value) = (
        serde_json::from_slice(&made.stdout).unwrap(),
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap(),
    );
    assert!(made == kept, "the template grants other actions now: UPDATE_AUTHORIZATION=1 writes {}", file.display());
}
