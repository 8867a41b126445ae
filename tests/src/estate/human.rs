//! What people do to an environment without asking us.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use watchkeeper_domain::capacity::{ScalingState, ServiceId, Suspensions};

use super::services::resource;
use super::{RegionFixtures, SiteError};

impl RegionFixtures {
    /// Hold scaling in of a service that has this target.
    ///
    /// # Errors
    /// [`SiteError`] when AWS refuses. So for all that a person does.
    pub async fn suspend_scale_in(&self, id: &ServiceId, target: ScalingState) -> Result<(), SiteError> {
        let suspended = Suspensions { scale_in: true, ..target.suspended };
        self.put_target(id, Some(ScalingState { suspended, ..target })).await
    }

    /// Take a service's scalable target away, if it has one.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn drop_target(&self, id: &ServiceId) -> Result<(), SiteError> {
        let call = self.scaling.deregister_scalable_target().service_namespace(ServiceNamespace::Ecs);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).resource_id(resource(id));
        match call.send().await {
            Err(error) if error.as_service_error().is_some_and(aws_sdk_applicationautoscaling::operation::deregister_scalable_target::DeregisterScalableTargetError::is_object_not_found_exception) => Ok(()),
            answer => answer.map(drop).map_err(SiteError::aws(format!("remove the target of {id}"))),
        }
    }
}
