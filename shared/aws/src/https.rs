//! The HTTP client that all clients of AWS share.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The SDK's own clients, made by the first call. Left alone, the SDK makes one for each client of a service, and parses all
/// certificates of the machine's store for each of them before any call (`validate_base_client_config` of
/// `aws-smithy-http-client`). Here the store is read by the first call over TLS, once.
#[derive(Debug, Clone)]
struct OnDemand {
    plain: SharedHttpClient,
    tls: SharedHttpClient,
}

impl HttpClient for OnDemand {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let (clients, settings, components) = (self.clone(), settings.clone(), components.clone());
        SharedHttpConnector::new(OnDemandConnector { clients, settings, components })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.tls.connector_metadata()
    }

    // `validate_base_client_config` stays without effect: there the SDK's client would read the certificates.
}

/// Asks the client of a request's scheme. Both keep the connectors that they have made, with their connections.
#[derive(Debug)]
struct OnDemandConnector {
    clients: OnDemand,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for OnDemandConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let OnDemand { plain, tls } = &self.clients;
        let client = if request.uri().starts_with("http://") { plain } else { tls };
        client.http_connector(&self.settings, &self.components).call(request)
    }
}

/// The client, as the SDK configures its own: its TLS, and a proxy where the environment names one.
pub(crate) fn client() -> SharedHttpClient {
    let made = |connector: fn(ConnectorBuilder) -> Connector| {
        Builder::new().build_with_connector_fn(move |settings, components| connector(builder(settings, components)))
    };
    SharedHttpClient::new(OnDemand {
        plain: made(ConnectorBuilder::build_http),
        tls: made(|builder| builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build()),
    })
}

fn builder(settings: Option<&HttpConnectorSettings>, components: Option<&RuntimeComponents>) -> ConnectorBuilder {
    let mut builder = ConnectorBuilder::default();
    builder.set_connector_settings(settings.cloned());
    builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
    builder.set_proxy_config(Some(ProxyConfig::from_env()));
    builder
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_smithy_runtime_api::client::result::ConnectorError;

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
        let error = aws_sdk_ecs::Client::new(&config).list_clusters().send().await.unwrap_err();
        aws_sdk_ecs::error::DisplayErrorContext(error).to_string()
    }

    #[tokio::test]
    async fn a_call_goes_to_the_client_of_its_scheme_and_the_other_one_stays_unmade() {
        let refuses = || SharedHttpClient::new(Refuses);
        let plain = asked("http://127.0.0.1:9", OnDemand { plain: refuses(), tls: untouched() }).await;
        assert!(plain.contains("asked for http://127.0.0.1:9/"), "{plain}");
        let tls = asked("https://127.0.0.1:9", OnDemand { plain: untouched(), tls: refuses() }).await;
        assert!(tls.contains("asked for https://127.0.0.1:9/"), "{tls}");
    }
}
