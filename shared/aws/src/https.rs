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
#[path = "https_tests.rs"]
mod tests;
