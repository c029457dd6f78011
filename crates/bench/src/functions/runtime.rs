//! A stand-in of Lambda's runtime interface for one process: it waits for its first request for work,
//! hands it a few invocations, looks at its memory and ends it. Not in here: what it works on.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{self, Request};
use super::middle;
use crate::failure::{Failure, doing};
use crate::process;

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Invocations after the first.
const WARM_CALLS: usize = 20;

/// The payment that is asked for, and whose it is.
const PAYMENT_ID: &str = "pay_01900000-0000-7000-8000-000000000001";

/// What one start took.
pub(super) struct Start {
    pub(super) ready: Duration,
    pub(super) first: Duration,
    /// The median of the later calls.
    pub(super) warm: Duration,
    pub(super) resident_bytes: u64,
}

/// A process that is ended when nobody looks at it any more.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Starts the function once, and calls it with that token.
pub(super) fn start(
    program: &Path,
    function: &str,
    variables: &[(&'static str, String)],
    token: &str,
) -> Result<Start, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(doing(|| "listening"))?;
    listener.set_nonblocking(false).map_err(doing(|| "listening"))?;
    let address = listener.local_addr().map_err(doing(|| "listening"))?.to_string();
    let mut command = Command::new(program);
    command.env_clear().envs(usual(function)).env("AWS_LAMBDA_RUNTIME_API", &address);
    command.envs(variables.iter().map(|(name, value)| (*name, value.as_str())));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    let running = command.spawn().map_err(doing(|| program.display().to_string()))?;
    let running = Running(running);
    let mut interface = Interface { stream: accept(&listener)?, buffer: Vec::new() };
    interface.expect("GET", "/invocation/next")?;
    let ready = begun.elapsed();
    let event = event(token).to_string();
    let first = interface.invoke(&event)?;
    let warm = (0..WARM_CALLS).map(|_| interface.invoke(&event)).collect::<Result<Vec<_>, _>>()?;
    let resident = process::resident_bytes(running.0.id());
    let (resident_bytes, _) = resident.map_err(doing(|| "reading its memory"))?;
    Ok(Start { ready, first, warm: middle(warm), resident_bytes })
}

/// What Lambda and the deployment tell every function.
fn usual(function: &str) -> Vec<(&'static str, String)> {
    let words = [
        ("_HANDLER", function),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("AWS_SESSION_TOKEN", "none"),
        ("AWS_LAMBDA_FUNCTION_NAME", function),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("TABLE_PREFIX", "fintech"),
    ];
    let mut all: Vec<_> = words.map(|(name, value)| (name, value.to_owned())).into();
    all.push(("CURSOR_KEY", "00".repeat(32)));
    all
}

/// The process connects at once or not at all: one that ended would be waited for in vain.
fn accept(listener: &TcpListener) -> Result<TcpStream, Failure> {
    let address = listener.local_addr().map_err(doing(|| "listening"))?;
    let (said, heard) = std::sync::mpsc::channel();
    let accepting = listener.try_clone().map_err(doing(|| "listening"))?;
    std::thread::spawn(move || said.send(accepting.accept()));
    let accepted = heard.recv_timeout(PATIENCE).map_err(|_| {
        // Lets the thread go.
        drop(TcpStream::connect(address));
        Failure::SetUp("the function did not ask for work".to_owned())
    })?;
    let (stream, _) = accepted.map_err(doing(|| "accepting"))?;
    stream
        .set_nodelay(true)
        .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
        .map_err(doing(|| "accepting"))?;
    Ok(stream)
}

struct Interface {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Interface {
    fn expect(&mut self, method: &str, end: &str) -> Result<Request, Failure> {
        let read = http::read(&mut self.stream, &mut self.buffer);
        let read = read.and_then(|request| request.ok_or(io::ErrorKind::UnexpectedEof.into()));
        let request = read.map_err(doing(|| "waiting for the function"))?;
        if request.method != method || !request.path.ends_with(end) {
            let body = String::from_utf8_lossy(&request.body);
            return Err(Failure::SetUp(format!(
                "it sent {} {}: {body}",
                request.method, request.path
            )));
        }
        Ok(request)
    }

    /// Answers a request for work; gives back how long the work took, once it asks for more.
    fn invoke(&mut self, event: &str) -> Result<Duration, Failure> {
        let headers = "Content-Type: application/json\r\n\
            Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
            Lambda-Runtime-Deadline-Ms: 4102444800000\r\n\
            Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:f\r\n";
        let begun = Instant::now();
        http::write(&mut self.stream, "200 OK", headers, event)
            .map_err(doing(|| "handing over"))?;
        let answer = self.expect("POST", "/response")?;
        let took = begun.elapsed();
        http::write(&mut self.stream, "202 Accepted", "", "").map_err(doing(|| "handing over"))?;
        self.expect("GET", "/invocation/next")?;
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let body = json.get("body").and_then(Value::as_str).unwrap_or_default();
        let is_good = json.get("statusCode").and_then(Value::as_u64) == Some(200);
        if !is_good || !body.contains(PAYMENT_ID) {
            return Err(Failure::SetUp(format!("a wrong answer: {json}")));
        }
        Ok(took)
    }
}

/// What the gateway hands over when a person asks for a payment.
fn event(token: &str) -> Value {
    let path = format!("/v1/payment/{PAYMENT_ID}");
    json!({
        "version": "2.0",
        "routeKey": "GET /v1/payment/{transaction_id}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "application/json",
            "authorization": format!("Bearer {token}"),
            "host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "user-agent": "curl/8",
            "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "a1b2c3d4e5",
            "authorizer": { "jwt": { "claims": {
                "client_id": "1example23456789",
                "scope": "openid fintech/api",
                "sub": "ann",
                "token_use": "access",
                "username": "ann",
            }, "scopes": ["fintech/api"] } },
            "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "curl/8" },
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
        },
        "isBase64Encoded": false,
    })
}
