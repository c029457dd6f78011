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

/// The most bytes of an answer; what SNS says of ten messages has about two thousand.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// In which header it stands how a function is called.
const HOW: &str = "x-amz-invocation-type";

/// A request that is signed here.
pub struct Post<'p> {
    /// The service, as its endpoint and its signatures name it: `sns`.
    pub service: &'static str,
    /// The path that is asked for: `/`.
    pub path: &'p str,
    /// One header that the request has.
    pub header: (&'static str, &'static str),
    /// What is sent.
    pub body: String,
}

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
        body: String,
    ) -> Result<(), String> {
        let path = &format!("/2015-03-31/functions/{function}/invocations");
        let asked = Post { service: "lambda", path, header: (HOW, how), body };
        match self.post(asked).await? {
            (status, _) if status == well => Ok(()),
            (status, answer) => {
                let said = String::from_utf8_lossy(&answer);
                Err(format!("it answered {status}: {said}"))
            }
        }
    }

    /// The status and the body of the answer to a signed request, which is sent once.
    ///
    /// # Errors
    /// Why there is no answer, for the log.
    pub async fn post(&self, post: Post<'_>) -> Result<(u16, Vec<u8>), String> {
        let region = self.config().region().map_or("", |region| region.as_ref());
        let endpoint = self.config().endpoint_url();
        let url = place_of(post.service, region, endpoint) + post.path;
        let now = u64::try_from(System.now().micros()).map(Duration::from_micros);
        let now = SystemTime::UNIX_EPOCH.checked_add(now.unwrap_or_default());
        let now = now.unwrap_or(SystemTime::UNIX_EPOCH);
        let request = signed(&self.credentials, (region, now), &url, post)?;
        self.ask(request, ANSWER_BYTES_MAX).await
    }
}

/// Where a service is: at the endpoint, if there is one; else in its region.
fn place_of(service: &str, region: &str, endpoint: Option<&str>) -> String {
    if let Some(endpoint) = endpoint {
        return endpoint.trim_end_matches('/').to_owned();
    }
    let of_country = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://{service}.{region}.amazonaws.com{of_country}")
}

fn signed(
    credentials: &Credentials,
    (region, now): (&str, SystemTime),
    url: &str,
    post: Post<'_>,
) -> Result<Request<SdkBody>, String> {
    let Post { service, path: _, header: (name, value), body } = post;
    let identity = Identity::from(credentials.clone());
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| in_words(&error))?;
    let bytes = SignableBody::Bytes(body.as_bytes());
    let signable = SignableRequest::new("POST", url, [(name, value)].into_iter(), bytes);
    let signable = signable.map_err(|error| in_words(&error))?;
    let parameters = parameters.into();
    let signed = sign(signable, &parameters).map_err(|error| in_words(&error))?;
    let (instructions, _) = signed.into_parts();
    let request = Request::post(url).header(name, value).body(SdkBody::from(body));
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
            let body = body.to_owned();
            let post = Post { service: "lambda", path: "", header: (HOW, "Event"), body };
            let request = signed(&credentials, ("eu-west-1", now), url, post).unwrap();
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

    #[test]
    fn a_service_is_in_its_region() {
        assert_eq!(place_of("sns", "eu-west-1", None), "https://sns.eu-west-1.amazonaws.com");
        assert_eq!(place_of("sns", "cn-north-1", None), "https://sns.cn-north-1.amazonaws.com.cn");
        let local = Some("http://127.0.0.1:4577/");
        assert_eq!(place_of("sns", "eu-west-1", local), "http://127.0.0.1:4577");
    }
}
