//! Signed calls of HTTP APIs for which there is no client: those of a search domain.

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use watchkeeper_control::ports::{AwsError, Fault};

use crate::clients::{CONNECT, OPERATION};
use crate::fault::classify;

/// The service under which calls of search domains are signed.
const SERVICE: &str = "es";

/// A call.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) operation: &'static str,
    pub(super) method: &'static str,
    pub(super) url: &'a str,
    pub(super) body: Option<Value>,
}

fn wrong(asked: &Asked<'_>, fault: Fault, why: String) -> AwsError {
    AwsError { operation: asked.operation, subject: asked.url.to_owned(), fault, source: Some(why.into()) }
}

/// Sends a call, and reads the JSON that comes back. A status of 404 is `None`.
pub(super) async fn send(sdk: &SdkConfig, asked: &Asked<'_>) -> Result<Option<Value>, AwsError> {
    let request = signed(sdk, asked).await.map_err(|why| wrong(asked, Fault::Invalid, why))?;
    let connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let times = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(OPERATION).build();
    let mut connector = connector.connector_settings(times);
    connector.set_sleep_impl(sdk.sleep_impl());
    let connector = connector.build();
    let answer = connector.call(request).await;
    let answer = answer.map_err(|error| wrong(asked, Fault::Unavailable, error.to_string()))?;
    let status = answer.status().as_u16();
    let body = aws_smithy_types::byte_stream::ByteStream::new(answer.into_body()).collect().await;
    let body = body.map_err(|error| wrong(asked, Fault::Unavailable, error.to_string()))?.into_bytes();
    read(asked, status, &body)
}

fn read(asked: &Asked<'_>, status: u16, body: &[u8]) -> Result<Option<Value>, AwsError> {
    match status {
        200..300 if body.is_empty() => Ok(Some(Value::Null)),
        200..300 => {
            let read = serde_json::from_slice(body);
            read.map(Some).map_err(|error| wrong(asked, Fault::Invalid, format!("the answer is no JSON: {error}")))
        }
        404 => Ok(None),
        _ => {
            let text = String::from_utf8_lossy(body).chars().take(500).collect();
            Err(wrong(asked, classify(None, Some(status)), text))
        }
    }
}

async fn signed(sdk: &SdkConfig, asked: &Asked<'_>) -> Result<HttpRequest, String> {
    let provider = sdk.credentials_provider().ok_or("there are no credentials to sign with")?;
    let credentials = provider.provide_credentials().await.map_err(|error| error.to_string())?;
    let region = sdk.region().map(ToString::to_string).unwrap_or_default();
    // The SDK's own source of time, which signs every other request.
    let time = sdk.time_source().ok_or("there is no time to sign with")?.now();
    let identity = credentials.into();
    let params = v4::SigningParams::builder().identity(&identity).region(&region).name(SERVICE).time(time);
    let params = params.settings(SigningSettings::default()).build().map_err(|error| error.to_string())?;
    let body = asked.body.as_ref().map(Value::to_string).unwrap_or_default();
    let headers = [("content-type", "application/json")];
    let signable = SignableBody::Bytes(body.as_bytes());
    let signable = SignableRequest::new(asked.method, asked.url, headers.into_iter(), signable);
    let signable = signable.map_err(|error| error.to_string())?;
    let (instructions, _) = sign(signable, &params.into()).map_err(|error| error.to_string())?.into_parts();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method(asked.method).map_err(|error| error.to_string())?;
    request.set_uri(asked.url).map_err(|error| error.to_string())?;
    request.headers_mut().insert("content-type", "application/json");
    for (name, value) in instructions.headers() {
        request.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ASKED: Asked<'static> =
        Asked { operation: "ESHttpGet", method: "GET", url: "https://domain/_snapshot/r/wk", body: None };

    #[test]
    fn an_answer_is_json_or_nothing_or_a_fault() {
        assert_eq!(read(&ASKED, 200, b"{\"a\":1}").unwrap().unwrap()["a"], 1);
        assert_eq!(read(&ASKED, 200, b"").unwrap(), Some(Value::Null));
        assert_eq!(read(&ASKED, 404, b"gone").unwrap(), None);
        for (status, fault) in [(403, Fault::Denied), (429, Fault::Throttled), (503, Fault::Unavailable)] {
            assert_eq!(read(&ASKED, status, b"no").unwrap_err().fault, fault);
        }
        assert_eq!(read(&ASKED, 200, b"<html>").unwrap_err().fault, Fault::Invalid);
    }
}
