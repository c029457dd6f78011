//! The stream of a table, read as a relay is given it: new images, in the order in which they were
//! written. A few requests of its own, to an emulator that looks at no signature.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::items::Item;

/// See the file's comment.
pub struct Stream {
    address: String,
    /// Where each shard goes on; none where it has ended.
    shards: Vec<Option<String>>,
}

impl Stream {
    /// A stream from its beginning.
    ///
    /// # Errors
    /// In words, when there is no such stream.
    pub async fn open(endpoint: &str, arn: &str) -> Result<Self, String> {
        let address = endpoint.trim_start_matches("http://").to_owned();
        let mut stream = Self { address, shards: Vec::new() };
        let described = stream.ask("DescribeStream", json!({ "StreamArn": arn })).await?;
        let shards = described.pointer("/StreamDescription/Shards").and_then(Value::as_array);
        for shard in shards.into_iter().flatten() {
            let asked = json!({
                "StreamArn": arn,
                "ShardId": shard.get("ShardId"),
                "ShardIteratorType": "TRIM_HORIZON",
            });
            let got = stream.ask("GetShardIterator", asked).await?;
            stream.shards.push(text(&got, "ShardIterator"));
        }
        if stream.shards.is_empty() { Err(format!("{arn} has no shard")) } else { Ok(stream) }
    }

    /// The images that were written since it was last read.
    ///
    /// # Errors
    /// In words, when the emulator does not answer as a stream does.
    pub async fn read(&mut self) -> Result<Vec<Item>, String> {
        let mut images = Vec::new();
        let mut shards = std::mem::take(&mut self.shards);
        for shard in &mut shards {
            while let Some(iterator) = shard.take() {
                let got = self.ask("GetRecords", json!({ "ShardIterator": iterator })).await?;
                *shard = text(&got, "NextShardIterator");
                let records = got.get("Records").and_then(Value::as_array);
                let before = images.len();
                for record in records.into_iter().flatten() {
                    let image = record.pointer("/dynamodb/NewImage").and_then(Value::as_object);
                    let item = image.and_then(item);
                    images.push(item.ok_or_else(|| format!("{record} shows no item"))?);
                }
                if images.len() == before {
                    break;
                }
            }
        }
        self.shards = shards;
        Ok(images)
    }

    async fn ask(&self, operation: &str, body: Value) -> Result<Value, String> {
        let (body, address) = (body.to_string(), &self.address);
        let length = body.len();
        let credentials = "Credential=test/20260101/us-east-1/dynamodb/aws4_request";
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Type: application/x-amz-json-1.0\r\nContent-Length: {length}\r\n\
             X-Amz-Target: DynamoDBStreams_20120810.{operation}\r\nX-Amz-Date: 20260101T000000Z\r\n\
             Authorization: AWS4-HMAC-SHA256 {credentials}, SignedHeaders=host, Signature=0\r\n\r\n\
             {body}"
        );
        let answer = exchange(address, &request).await.map_err(|error| error.to_string())?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if !head.starts_with("HTTP/1.1 200") {
            return Err(format!("{operation}: {answer}"));
        }
        serde_json::from_str(body).map_err(|bad| format!("{operation}: {bad} in {answer}"))
    }
}

async fn exchange(address: &str, request: &str) -> std::io::Result<String> {
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn text(of: &Value, name: &str) -> Option<String> {
    of.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn item(image: &Map<String, Value>) -> Option<Item> {
    image.iter().map(|(name, value)| Some((name.clone(), attribute(value)?))).collect()
}

/// Of the types that records have.
fn attribute(value: &Value) -> Option<AttributeValue> {
    let (letter, value) = value.as_object()?.iter().next()?;
    Some(match letter.as_str() {
        "S" => AttributeValue::S(value.as_str()?.to_owned()),
        "N" => AttributeValue::N(value.as_str()?.to_owned()),
        "B" => AttributeValue::B(Blob::new(STANDARD.decode(value.as_str()?).ok()?)),
        "L" => AttributeValue::L(value.as_array()?.iter().map(attribute).collect::<Option<_>>()?),
        "M" => AttributeValue::M(item(value.as_object()?)?),
        _ => return None,
    })
}
