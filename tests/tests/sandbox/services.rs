//! ECS and Application Auto Scaling: counts that follow a minimum.

use crate::{CLUSTER, REGION, SERVICE, boot, counts, eventually, make_service};
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};

#[tokio::test(flavor = "multi_thread")]
async fn a_minimum_above_desired_lifts_the_count_unless_a_human_suspended_scaling_out() {
    let emulator = boot().await;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    let scaling = aws_sdk_applicationautoscaling::Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 1).await;
    eventually((1, 1), || counts(&ecs)).await;

    let register = || {
        let target = scaling.register_scalable_target().service_namespace(ServiceNamespace::Ecs);
        target
            .resource_id(format!("service/{CLUSTER}/{SERVICE}"))
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
    };
    register().min_capacity(3).max_capacity(6).send().await.unwrap();
    eventually((3, 3), || counts(&ecs)).await;

    // A partial update keeps the bounds and the other flags.
    let suspended = SuspendedState::builder().dynamic_scaling_out_suspended(true).build();
    register().suspended_state(suspended).send().await.unwrap();
    let targets = scaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs).send().await.unwrap();
    let target = &targets.scalable_targets()[0];
    assert_eq!((target.min_capacity(), target.max_capacity()), (3, 6));
    assert_eq!(target.suspended_state().unwrap().dynamic_scaling_in_suspended(), Some(false));

    ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(0).send().await.unwrap();
    eventually((0, 0), || counts(&ecs)).await;
    emulator.succeeded().unwrap();
}
