//! The record of calls, and the faults that strike them.

use crate::{CLUSTER, REGION, SERVICE, boot, counts, eventually, make_service};
use aws_sdk_ecs::types::ServiceField;
use watchkeeper_tests::sandbox::{FaultKind, FaultOrder};

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_recorded_limited_and_struck_by_faults() {
    let emulator = boot().await;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 1).await;
    eventually((1, 1), || counts(&ecs)).await;
    let mark = emulator.control().mark().await.unwrap();

    let eleven = (0..11).map(|number| number.to_string()).collect();
    let many = ecs.describe_services().cluster(CLUSTER).set_services(Some(eleven)).send().await;
    assert!(many.unwrap_err().into_service_error().is_invalid_parameter_exception());
    emulator.control().order(&FaultOrder::new("ecs", "DescribeServices", FaultKind::Throttle)).await.unwrap();
    let described = ecs.describe_services().cluster(CLUSTER).services(SERVICE).include(ServiceField::Tags);
    let described = described.send().await.unwrap();
    assert_eq!(described.services()[0].tags()[0].key(), Some("watchkeeper:managed"));

    let calls = emulator.control().calls(mark).await.unwrap();
    let seen: Vec<_> = calls.iter().map(|call| (call.operation.as_str(), call.error.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("DescribeServices", Some("InvalidParameterException")),
            ("DescribeServices", Some("ThrottlingException")),
            ("DescribeServices", None),
        ]
    );
    assert!(calls.iter().all(|call| !call.write && call.region == REGION && call.caller.as_deref() == Some("test")));
    assert_eq!(calls[2].resources["cluster"], CLUSTER);
    assert_eq!(emulator.control().forgive_requests().await.unwrap().len(), 1);
    emulator.succeeded().unwrap();
}
