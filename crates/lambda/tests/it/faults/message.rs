//! A request or an answer of HTTP/1.1 with its body, as the SDK and an emulator exchange them. What is
//! asked is told from it; nothing is done here.

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// See the file's comment.
#[derive(Clone)]
pub(super) struct Message {
    head: String,
    body: Vec<u8>,
}

impl Message {
    /// The next one; none at the end of the connection.
    pub(super) async fn read(from: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if from.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let body = bytes.split_off(head);
        let mut message = Self { head: String::from_utf8(bytes).unwrap(), body };
        let length: usize =
            message.header("content-length").map_or(0, |text| text.parse().unwrap());
        while message.body.len() < length {
            if from.read_buf(&mut message.body).await.ok()? == 0 {
                return None;
            }
        }
        Some(message)
    }

    /// An answer of that status.
    pub(super) fn answer(status: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        Self { head, body: body.as_bytes().to_vec() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }

    /// The operation of the service: `PutItem`, `PublishBatch`, `Invoke`.
    pub(super) fn operation(&self) -> String {
        if let Some(target) = self.header("x-amz-target") {
            return target.rsplit('.').next().unwrap().to_owned();
        }
        self.form("Action").unwrap_or_else(|| "Invoke".to_owned())
    }

    /// The path that is asked for.
    fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    /// The name on AWS of the function that is called.
    pub(super) fn called(&self) -> String {
        let path = self.path().trim_start_matches("/2015-03-31/functions/");
        path.trim_end_matches("/invocations").to_owned()
    }

    /// The items that are put in the place of former versions of theirs, each with its table.
    pub(super) fn changes(&self) -> Vec<(String, Value)> {
        let body = self.json();
        let in_transaction = body["TransactItems"].as_array().into_iter().flatten();
        let puts = in_transaction.map(|one| &one["Put"]).chain([&body]);
        let changes = puts.filter(|put| !["0", "1"].contains(&version(&put["Item"])));
        changes
            .map(|put| (put["TableName"].as_str().unwrap().to_owned(), put["Item"].clone()))
            .collect()
    }

    /// A request of another operation of the same service.
    pub(super) fn of_operation(&self, operation: &str, body: &Value) -> Self {
        let mut other = self.with_json(body);
        let target = format!(".{}\r\n", self.operation());
        other.head = other.head.replace(&target, &format!(".{operation}\r\n"));
        other
    }

    /// A field of a form.
    pub(super) fn form(&self, name: &str) -> Option<String> {
        let text = std::str::from_utf8(&self.body).ok()?;
        let (_, value) =
            text.split('&').filter_map(|one| one.split_once('=')).find(|one| one.0 == name)?;
        let value = value.replace('+', " ");
        Some(percent_encoding::percent_decode_str(&value).decode_utf8().unwrap().into_owned())
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The same with another body.
    pub(super) fn with_json(&self, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        // The checksum would be that of the former body.
        let is_kept = |line: &&str| {
            let line = line.to_lowercase();
            !line.starts_with("content-length:") && !line.starts_with("x-amz-crc32:")
        };
        let lines: Vec<_> = self.head.trim_end().split("\r\n").filter(is_kept).collect();
        let head = format!("{}\r\nContent-Length: {}\r\n\r\n", lines.join("\r\n"), body.len());
        Self { head, body }
    }

    /// The same with one more field of its form.
    pub(super) fn with_field(&self, name: &str, value: &str) -> Self {
        let body = [&self.body[..], format!("&{name}={value}").as_bytes()].concat();
        Self { head: self.head.clone(), body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }
}

/// The version of an item; nobody's has the version 0.
pub(super) fn version(item: &Value) -> &str {
    item["version"]["N"].as_str().unwrap_or("0")
}

/// DynamoDB's refusal of that code.
pub(super) fn refusal(status: &str, code: &str, reasons: &[&str]) -> Message {
    let reasons: Vec<_> =
        reasons.iter().map(|code| json!({ "Code": code, "Message": code })).collect();
    let body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
        "message": "so it is",
        "CancellationReasons": reasons,
    });
    Message::answer(status, &body.to_string())
}
