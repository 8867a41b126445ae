#![allow(clippy::unwrap_used)]
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::result::ConnectorError;
use watchkeeper_control::ports::Services as _;
use watchkeeper_domain::name::{ClusterName, ServiceName};

use super::*;

/// A client that nobody may ask for anything yet.
#[derive(Debug)]
struct Untouched;

impl HttpClient for Untouched {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        unreachable!("nothing is called")
    }

    fn validate_base_client_config(
        &self,
        _: &aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder,
        _: &aws_smithy_types::config_bag::ConfigBag,
    ) -> Result<(), aws_smithy_runtime_api::box_error::BoxError> {
        unreachable!("no certificate is read before a call")
    }
}

fn untouched() -> SharedHttpClient {
    SharedHttpClient::new(Untouched)
}

fn config(client: OnDemand) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url("http://127.0.0.1:9")
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("key", "secret", None, None, "test")))
        .http_client(client)
        .build()
}

#[test]
fn a_client_of_a_service_is_made_without_reading_a_certificate() {
    drop(crate::Aws::new(&config(OnDemand { plain: untouched(), tls: untouched() })));
}

/// A client that answers nothing, and is asked nonetheless.
#[derive(Debug)]
struct Refuses;

impl HttpClient for Refuses {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Refuses)
    }
}

impl HttpConnector for Refuses {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let refused = ConnectorError::other(format!("asked for {}", request.uri()).into(), None);
        HttpConnectorFuture::ready(Err(refused))
    }
}

async fn asked(endpoint: &str, client: OnDemand) -> String {
    let config = config(client).into_builder().endpoint_url(endpoint).build();
    let (cluster, service) = (ClusterName::new("shop").unwrap(), ServiceName::new("web").unwrap());
    let error = crate::Aws::new(&config).describe_services(&cluster, &[service]).await.unwrap_err();
    format!("{error:?}")
}

#[tokio::test]
async fn a_call_goes_to_the_client_of_its_scheme_and_the_other_one_stays_unmade() {
    let refuses = || SharedHttpClient::new(Refuses);
    let plain = asked("http://127.0.0.1:9", OnDemand { plain: refuses(), tls: untouched() }).await;
    assert!(plain.contains("asked for http://127.0.0.1:9/"), "{plain}");
    let tls = asked("https://127.0.0.1:9", OnDemand { plain: untouched(), tls: refuses() }).await;
    assert!(tls.contains("asked for https://127.0.0.1:9/"), "{tls}");
}
