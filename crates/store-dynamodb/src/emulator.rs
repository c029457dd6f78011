//! For tests: an emulator of DynamoDB as a process of its own on the loopback interface, and the tables
//! in it. None of it is in what ships.

mod stream;

use std::io::{self, BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region, SharedAsyncSleep};
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, LocalSecondaryIndex, Projection as SdkProjection, ProjectionType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use aws_smithy_async::rt::sleep::TokioSleep;

pub use stream::Stream;

use crate::items::Item;
use crate::tables::{Attribute, AttributeType, Projection, Table};
use crate::wire::Wire;

/// Where the emulator's program lies, from the folder that cargo builds into.
const PROGRAM: &str = "dynamodb-emulator/debug/dynamodb-emulator";

/// Names another emulator in the environment, one that runs already, to test over that.
const ENDPOINT: &str = "DYNAMODB_ENDPOINT";

/// Why a test is skipped where there is none.
pub const NOT_BUILT: &str = "the emulator of DynamoDB is not built, see `make emulator`";

/// Says which test is skipped and why, past what cargo keeps to itself of tests that pass.
pub fn skipped(why: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or_default();
    // Who has closed it does not want to know.
    let _written = writeln!(io::stderr(), "{test}: skipped: {why}");
}

/// A running emulator. One that was started ends when this is dropped, or with the process that
/// started it.
pub struct Emulator {
    child: Option<Child>,
    endpoint: String,
}

impl Emulator {
    /// Starts one; none where it was not built, which `make emulator` does.
    ///
    /// # Errors
    /// When it does not start, or does not say where it listens.
    pub fn start() -> io::Result<Option<Self>> {
        if let Ok(endpoint) = std::env::var(ENDPOINT) {
            return Ok(Some(Self { child: None, endpoint }));
        }
        let Some(program) = program() else { return Ok(None) };
        let mut child =
            Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut endpoint = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut endpoint)?;
        }
        let endpoint = endpoint.trim().to_owned();
        Ok(Some(Self { child: Some(child), endpoint }))
    }

    /// Where it listens: `http://127.0.0.1:…`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A client of it. One for each async runtime: connections belong to it.
    pub fn client(&self) -> Client {
        client(&self.endpoint)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It is in memory: there is nothing that it could lose.
        let _ended = self.child.as_mut().map(|child| child.kill().and_then(|()| child.wait()));
    }
}

/// Beside the program that is running: below the folder that cargo builds into.
fn program() -> Option<PathBuf> {
    let running = std::env::current_exe().ok()?;
    running.ancestors().map(|folder| folder.join(PROGRAM)).find(|program| program.is_file())
}

/// A client of a DynamoDB that is spoken to without TLS and asks for no credentials.
pub fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
        .http_client(Wire::new(None))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()));
    Client::from_conf(config.build())
}

/// Bytes of an item, as DynamoDB counts them.
pub fn size(item: &Item) -> usize {
    let attributes = item.iter().map(|(name, value)| name.len().saturating_add(value_size(value)));
    attributes.fold(0, usize::saturating_add)
}

fn value_size(value: &AttributeValue) -> usize {
    if let Ok(list) = value.as_l() {
        let values = list.iter().map(|one| value_size(one).saturating_add(1));
        return values.fold(3, usize::saturating_add);
    }
    if let Ok(map) = value.as_m() {
        return size(map).saturating_add(map.len()).saturating_add(3);
    }
    // Two digits a byte, and one. No record has anything else.
    let number = value.as_n().map(|digits| digits.len().div_ceil(2).saturating_add(1));
    let text = value.as_s().map(String::len);
    let bytes = value.as_b().map(|bytes| bytes.as_ref().len());
    number.or(text).or(bytes).unwrap_or(1)
}

/// The streams of these tables, from their beginnings.
///
/// # Errors
/// In words, when one of them has none.
pub async fn streams(
    emulator: &Emulator,
    prefix: &str,
    tables: &[Table],
) -> Result<Vec<Stream>, String> {
    let client = emulator.client();
    let mut streams = Vec::with_capacity(tables.len());
    for table in tables {
        let name = table.name(prefix);
        let described = client.describe_table().table_name(&name).send().await;
        let described = described.map_err(|error| format!("{name}: {error:?}"))?;
        let arn = described.table().and_then(|table| table.latest_stream_arn());
        let arn = arn.ok_or_else(|| format!("{name} has no stream"))?;
        streams.push(Stream::open(emulator.endpoint(), arn).await?);
    }
    Ok(streams)
}

/// Makes these tables, with their streams.
///
/// # Errors
/// In words, when one of them cannot be made.
pub async fn create(client: &Client, prefix: &str, tables: &[Table]) -> Result<(), String> {
    for table in tables {
        create_one(client, prefix, table).await?;
    }
    Ok(())
}

async fn create_one(client: &Client, prefix: &str, table: &Table) -> Result<(), String> {
    let bad = |bad: BuildError| bad.to_string();
    let (id, sequence) = table.key();
    let keys = key_schema(&id, &sequence).map_err(bad)?;
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage)
        .build()
        .map_err(bad)?;
    let mut sent = client
        .create_table()
        .table_name(table.name(prefix))
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(keys))
        .stream_specification(stream);
    for attribute in table.attributes() {
        sent = sent.attribute_definitions(definition(&attribute).map_err(bad)?);
    }
    for index in &table.indexes {
        let keys = key_schema(&index.partition, &index.sort).map_err(bad)?;
        let built = GlobalSecondaryIndex::builder()
            .index_name(&index.name)
            .set_key_schema(Some(keys))
            .projection(projection(index.projection));
        sent = sent.global_secondary_indexes(built.build().map_err(bad)?);
    }
    for index in &table.local_indexes {
        let keys = key_schema(&id, &index.sort).map_err(bad)?;
        let built = LocalSecondaryIndex::builder()
            .index_name(index.name)
            .set_key_schema(Some(keys))
            .projection(projection(index.projection));
        sent = sent.local_secondary_indexes(built.build().map_err(bad)?);
    }
    let made = sent.send().await;
    made.map(|_| ()).map_err(|error| format!("{}: {error:?}", table.name(prefix)))
}

fn key_schema(
    partition: &Attribute,
    sort: &Attribute,
) -> Result<Vec<KeySchemaElement>, BuildError> {
    let part = |attribute: &Attribute, part| {
        KeySchemaElement::builder().attribute_name(&attribute.name).key_type(part).build()
    };
    Ok(vec![part(partition, KeyType::Hash)?, part(sort, KeyType::Range)?])
}

fn definition(attribute: &Attribute) -> Result<AttributeDefinition, BuildError> {
    let r#type = match attribute.r#type {
        AttributeType::Text => ScalarAttributeType::S,
        AttributeType::Number => ScalarAttributeType::N,
        AttributeType::Bytes => ScalarAttributeType::B,
    };
    AttributeDefinition::builder().attribute_name(&attribute.name).attribute_type(r#type).build()
}

fn projection(projection: Projection) -> SdkProjection {
    let r#type = match projection {
        Projection::KeysOnly => ProjectionType::KeysOnly,
    };
    SdkProjection::builder().projection_type(r#type).build()
}
