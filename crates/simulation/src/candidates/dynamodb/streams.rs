//! The stream of a table, read as the relay's function is given it: new images, in the order in which
//! they were written. A client of its own, of four requests to an emulator that asks for no signature.

use std::collections::VecDeque;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use store_dynamodb::items::Item;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// See the file's comment.
pub(super) struct Stream {
    address: String,
    arn: String,
    /// Where each shard goes on; more are found when one ends.
    shards: VecDeque<(String, Option<String>)>,
}

impl Stream {
    /// The stream of a table from its beginning.
    pub(super) async fn of(endpoint: &str, arn: &str) -> Self {
        let address = endpoint.trim_start_matches("http://").to_owned();
        let mut stream = Self { address, arn: arn.to_owned(), shards: VecDeque::new() };
        stream.find_shards().await;
        assert!(!stream.shards.is_empty(), "{arn} has no shard");
        stream
    }

    /// The images that were written since it was last read.
    pub(super) async fn read(&mut self) -> Vec<Item> {
        let mut images = Vec::new();
        for place in 0..self.shards.len() {
            while let Some(iterator) = self.shards[place].1.clone() {
                let asked = json!({ "ShardIterator": iterator, "Limit": 1_000 });
                let got = self.ask("GetRecords", &asked).await;
                let records = got["Records"].as_array().unwrap();
                self.shards[place].1 = got["NextShardIterator"].as_str().map(str::to_owned);
                images.extend(records.iter().map(|record| image(&record["dynamodb"]["NewImage"])));
                if records.is_empty() {
                    break;
                }
            }
        }
        images
    }

    async fn find_shards(&mut self) {
        let described = self.ask("DescribeStream", &json!({ "StreamArn": self.arn })).await;
        for shard in described["StreamDescription"]["Shards"].as_array().unwrap() {
            let id = shard["ShardId"].as_str().unwrap().to_owned();
            let asked = json!({
                "StreamArn": self.arn,
                "ShardId": id,
                "ShardIteratorType": "TRIM_HORIZON",
            });
            let got = self.ask("GetShardIterator", &asked).await;
            let iterator = got["ShardIterator"].as_str().unwrap().to_owned();
            self.shards.push_back((id, Some(iterator)));
        }
    }

    async fn ask(&self, operation: &str, body: &Value) -> Value {
        let body = body.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/x-amz-json-1.0\r\n\
             X-Amz-Target: DynamoDBStreams_20120810.{operation}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0\r\nX-Amz-Date: 20260101T000000Z\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut socket = TcpStream::connect(&self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{operation}: {answer}");
        serde_json::from_str(body).unwrap_or_else(|bad| panic!("{operation}: {bad} in {answer}"))
    }
}

fn image(image: &Value) -> Item {
    let attributes = image.as_object().unwrap().iter();
    attributes.map(|(name, value)| (name.clone(), attribute(value))).collect()
}

fn attribute(value: &Value) -> AttributeValue {
    let (letter, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match letter.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(Blob::new(STANDARD.decode(text()).unwrap())),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        "M" => AttributeValue::M(image(value)),
        other => panic!("no record of ours has an attribute of type {other}"),
    }
}
