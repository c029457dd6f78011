//! Something between the store and the emulator that makes what no emulator makes: conflicts,
//! throttles, answers that are cut off after the write landed, requests that never arrive, tables that
//! a role may not touch.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It arrives; its answer does not.
    AnswerCut,
    /// It does not arrive.
    NeverArrives,
    /// It arrives, and the answer says that the service has failed.
    FailsAfterwards,
    /// It is told that there are too many.
    Throttled,
    /// It is told that another transaction is there.
    Conflict,
}

/// See the file's comment.
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    /// Requests that came, since the fault was set.
    came: AtomicUsize,
    /// The request of that number fails, counted from 0.
    fault: OnceLock<(usize, Fault)>,
    /// The one service whose table may be touched; none: every table.
    allowed: OnceLock<&'static str>,
    /// The operation after whose first request nothing is allowed.
    last: OnceLock<&'static str>,
    is_over: AtomicBool,
}

impl Proxy {
    /// Before the emulator that listens at this address.
    pub(crate) async fn before(endpoint: &str) -> Self {
        let behind = endpoint.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let faults = Arc::new(Faults::default());
        let shared = faults.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, behind.clone(), shared.clone()));
            }
        });
        Self { endpoint, faults }
    }

    /// From now on: the request of that number, counted from 0, fails so.
    pub(crate) fn fail(&self, number: usize, fault: Fault) {
        self.faults.came.store(0, Ordering::SeqCst);
        self.faults.fault.set((number, fault)).unwrap();
    }

    /// From now on: whatever names another table than this service's is refused, as by a role.
    pub(crate) fn allow_only(&self, service: &'static str) {
        self.faults.allowed.set(service).unwrap();
    }

    /// From now on: the answer of the first such request is cut, and after it nothing is allowed.
    pub(crate) fn cut_the_answer_and_then_deny(&self, operation: &'static str) {
        self.faults.last.set(operation).unwrap();
    }

    /// How many requests came since the fault was set.
    pub(crate) fn came(&self) -> usize {
        self.faults.came.load(Ordering::SeqCst)
    }
}

/// Ends with the first thing that goes wrong: the connection is then cut.
async fn serve(mut client: TcpStream, behind: String, faults: Arc<Faults>) -> Option<()> {
    let mut server = TcpStream::connect(behind).await.ok()?;
    loop {
        let request = message(&mut client).await?;
        let number = faults.came.fetch_add(1, Ordering::SeqCst);
        let fault = faults.fault.get().filter(|(failing, _)| *failing == number);
        let fault = fault.map(|(_, fault)| *fault);
        let is_allowed = faults.allowed.get().is_none_or(|service| names_only(&request, service))
            && !faults.is_over.load(Ordering::SeqCst);
        let is_last = faults.last.get().is_some_and(|operation| is(&request, operation));
        faults.is_over.fetch_or(is_last, Ordering::SeqCst);
        let fault = fault.or(is_last.then_some(Fault::AnswerCut));
        let refused = match fault {
            _ if !is_allowed => Some("AccessDeniedException"),
            Some(Fault::NeverArrives) => return None,
            Some(Fault::Throttled) => Some("ThrottlingException"),
            Some(Fault::Conflict) if is(&request, "TransactWriteItems") => {
                Some("TransactionCanceledException")
            }
            Some(Fault::Conflict) => Some("TransactionConflictException"),
            Some(Fault::AnswerCut | Fault::FailsAfterwards) | None => None,
        };
        if let Some(code) = refused {
            client.write_all(&refusal("400 Bad Request", code, items(&request))).await.ok()?;
            continue;
        }
        server.write_all(&request).await.ok()?;
        let answer = message(&mut server).await?;
        match fault {
            Some(Fault::AnswerCut) => return None,
            Some(Fault::FailsAfterwards) => {
                let failed = refusal("500 Internal Server Error", "InternalServerError", 0);
                client.write_all(&failed).await.ok()?;
            }
            Some(Fault::NeverArrives | Fault::Throttled | Fault::Conflict) | None => {
                client.write_all(&answer).await.ok()?;
            }
        }
    }
}

/// Whether every table that a request names is this service's.
fn names_only(request: &[u8], service: &str) -> bool {
    let text = String::from_utf8_lossy(request);
    let others = ["wallet", "payment", "loan"].into_iter().filter(|other| *other != service);
    others.into_iter().all(|other| !text.contains(&format!("-{other}\"")))
}

fn is(request: &[u8], operation: &str) -> bool {
    String::from_utf8_lossy(request).contains(&format!("DynamoDB_20120810.{operation}"))
}

/// How many items a transaction has.
fn items(request: &[u8]) -> usize {
    String::from_utf8_lossy(request).matches("\"TableName\"").count()
}

fn refusal(status: &str, code: &str, items: usize) -> Vec<u8> {
    let mut reasons = vec![r#"{"Code":"None"}"#; items.saturating_sub(1)];
    reasons.push(r#"{"Code":"TransactionConflict","Message":"another is there"}"#);
    let reasons = reasons.join(",");
    let body = format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"so it is","CancellationReasons":[{reasons}]}}"#
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A request or an answer with its body; none at the end.
async fn message(from: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if from.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    while bytes.len() < head + length {
        if from.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(bytes)
}
