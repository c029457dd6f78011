//! Calls of AWS that are so few that a client of the SDK for them would weigh more than they do: the
//! request is written here, and signed by the SDK's own signer (Signature Version 4). Not in here:
//! the tables.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::body::SdkBody;
use hyper::Request;
use kernel::Clock;
use kernel::time::System;

use crate::reach::Reach;
use crate::wire::in_words;

/// The most bytes of an answer: only those of a refusal are looked at.
const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// In which header it stands how a function is called.
const HOW: &str = "x-amz-invocation-type";

impl Reach {
    /// Has a function of Lambda called soon, and as often as it takes (`Invoke` with the type `Event`).
    /// Whoever signs needs the action `lambda:InvokeFunction`.
    ///
    /// # Errors
    /// Why it will not be called, for the log.
    pub async fn call_later(&self, function: &str, payload: String) -> Result<(), String> {
        self.call(function, ("Event", 202), payload).await
    }

    /// Whether a function of Lambda is there and may be called (`Invoke` with the type `DryRun`).
    ///
    /// # Errors
    /// Why it would not be called, for the log.
    pub async fn try_call(&self, function: &str) -> Result<(), String> {
        self.call(function, ("DryRun", 204), String::new()).await
    }

    /// Calls in this way, which is answered with that status when it went well.
    async fn call(
        &self,
        function: &str,
        (how, well): (&'static str, u16),
        payload: String,
    ) -> Result<(), String> {
        let region = self.config().region().map_or("", |region| region.as_ref());
        let place = match self.config().endpoint_url() {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://lambda.{region}.amazonaws.com"),
        };
        let url = format!("{place}/2015-03-31/functions/{function}/invocations");
        let now = u64::try_from(System.now().micros()).map(Duration::from_micros);
        let now = SystemTime::UNIX_EPOCH.checked_add(now.unwrap_or_default());
        let now = now.unwrap_or(SystemTime::UNIX_EPOCH);
        let request = signed(&self.credentials, region, now, (&url, how), payload)?;
        match self.ask(request, ANSWER_BYTES_MAX).await? {
            (status, _) if status == well => Ok(()),
            (status, answer) => {
                let said = String::from_utf8_lossy(&answer);
                Err(format!("it answered {status}: {said}"))
            }
        }
    }
}

fn signed(
    credentials: &Credentials,
    region: &str,
    now: SystemTime,
    (url, how): (&str, &'static str),
    body: String,
) -> Result<Request<SdkBody>, String> {
    let identity = Identity::from(credentials.clone());
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("lambda")
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| in_words(&error))?;
    let bytes = SignableBody::Bytes(body.as_bytes());
    let signable = SignableRequest::new("POST", url, [(HOW, how)].into_iter(), bytes);
    let signable = signable.map_err(|error| in_words(&error))?;
    let parameters = parameters.into();
    let signed = sign(signable, &parameters).map_err(|error| in_words(&error))?;
    let (instructions, _) = signed.into_parts();
    let request = Request::post(url).header(HOW, how).body(SdkBody::from(body));
    let mut request = request.map_err(|error| in_words(&error))?;
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_signed_with_what_makes_it_one() {
        let credentials =
            Credentials::new("AKID", "secret", Some("session".to_owned()), None, "test");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let url = "http://127.0.0.1:9/2015-03-31/functions/a-b/invocations";
        let header = |body: &str, name: &str| {
            let request =
                signed(&credentials, "eu-west-1", now, (url, "Event"), body.to_owned()).unwrap();
            request.headers()[name].to_str().unwrap().to_owned()
        };
        assert_eq!(header("{}", "x-amz-date"), "20260101T000000Z");
        assert_eq!(header("{}", "x-amz-security-token"), "session");
        assert_eq!(header("{}", "x-amz-invocation-type"), "Event");
        let authorization = header("{}", "authorization");
        let known = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/lambda/aws4_request, \
            SignedHeaders=host;x-amz-date;x-amz-invocation-type;x-amz-security-token, Signature=";
        assert!(authorization.starts_with(known), "{authorization}");
        assert_ne!(header("{ }", "authorization"), authorization, "the body is signed too");
    }
}
