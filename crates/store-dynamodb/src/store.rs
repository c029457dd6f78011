//! The store: who asks what of which table. How a decision is made, a list read or a scan done stands
//! in files of their own.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use kernel::decision::Drawn;
use kernel::record::Homes;
use kernel::store::{BoxFuture, Part, Query, Scan, ScanPlace, StorePort};
use kernel::time::System;
use kernel::{
    AnyId, ChainId, Clock, Context, ErasedDecision, Ids, Key, Kind, StoreError, Stored, Time,
};

use crate::decide::Call;
use crate::home::{Home, Observer};
use crate::items::is_direct;
use crate::loaded::Gathered;
use crate::patience::{Patience, Waits};
use crate::tables::Table;
use crate::trouble::Trouble;

/// How often a record that is waited for is looked at: at first after so long, and then half as long
/// again each time, up to the second.
const LOOK_FIRST: Duration = Duration::from_millis(20);
const LOOK_LONGEST: Duration = Duration::from_millis(500);

/// Entries that are read at once where a chain is searched for a cause.
const SEARCH: i32 = 500;

/// What a store is opened with.
pub struct Options {
    /// A client of DynamoDB. Its retries are switched off: there is one loop, the store's.
    pub client: Client,
    /// Tables are named `<prefix>-<service>`.
    pub prefix: String,
    /// What lies in which table.
    pub tables: Vec<Table>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// How long calls go on trying.
    pub waits: Waits,
    /// Who is told what the store does.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Options {
    /// These tables under this prefix, with the machine's clock and ids.
    pub fn new(client: Client, prefix: &str, tables: Vec<Table>) -> Self {
        let (clock, ids) = (Arc::new(System), Arc::new(System));
        let (waits, prefix) = (Waits::default(), prefix.to_owned());
        Self { client, prefix, tables, clock, ids, waits, observer: None }
    }
}

/// The store port on DynamoDB.
pub struct DynamoStore {
    pub(crate) home: Home,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    waits: Waits,
}

impl DynamoStore {
    /// Over tables that are there. Nothing is asked of them yet.
    pub fn new(options: Options) -> Self {
        let Options { client, prefix, tables, clock, ids, waits, observer } = options;
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        let client = Client::from_conf(config);
        Self { home: Home { client, prefix, tables, observer }, clock, ids, waits }
    }

    /// The tables.
    pub fn tables(&self) -> &[Table] {
        &self.home.tables
    }

    async fn decide_now(
        &self,
        decision: Box<dyn ErasedDecision>,
        context: Context,
    ) -> Result<Box<dyn Any + Send>, StoreError> {
        let call = Call {
            home: &self.home,
            decision: &*decision,
            context: &context,
            ids: &*self.ids,
            now: self.clock.now(),
            patience: Patience::new(&self.waits),
            loaded: Gathered::default(),
            drawn: Drawn::default(),
            lost: Vec::new(),
            beaten: 0,
        };
        call.make().await
    }

    /// Reads until it is answered or there is no patience left.
    pub(crate) async fn patiently<T, F>(&self, read: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let mut patience = Patience::new(&self.waits);
        loop {
            let error = match read().await {
                Ok(found) => return Ok(found),
                Err(Trouble::Busy(_)) => StoreError::Busy,
                // Nothing was asked to be written.
                Err(Trouble::Lost(why)) => StoreError::Unavailable(why),
                Err(trouble) => {
                    if matches!(trouble, Trouble::Unavailable(_)) {
                        tracing::error!(?trouble, "a permission, a table or an index is missing");
                    }
                    return Err(trouble.into());
                }
            };
            if !patience.wait().await {
                return Err(error);
            }
        }
    }

    /// The entry of a cause. A direct one stands in the index of causes; another is looked for from
    /// the chain's head down, for nothing says how old it is.
    async fn find_cause(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> Result<Option<Stored>, Trouble> {
        if is_direct(cause) {
            let Some(sequence) = self.home.cause(kind, of, cause).await? else { return Ok(None) };
            return self.home.record(kind, Key::entry(of, sequence)).await;
        }
        let mut below = None;
        loop {
            let entries = self.home.entries(kind, of, below, SEARCH).await?;
            let lowest = entries.last().and_then(|entry| entry.record.key().sequence);
            let found = entries
                .into_iter()
                .find(|entry| entry.record.chained().is_some_and(|(by, _)| by == cause));
            match lowest {
                Some(sequence) if found.is_none() && sequence > 0 => below = Some(sequence),
                Some(_) | None => return Ok(found),
            }
        }
    }

    async fn wait_for(&self, kind: &'static Kind, key: Key, seen: u64) -> Result<(), StoreError> {
        let mut wait = LOOK_FIRST;
        loop {
            let found = self.patiently(|| self.home.record(kind, key)).await?;
            if found.is_some_and(|stored| stored.version > seen) {
                return Ok(());
            }
            tokio::time::sleep(wait).await;
            wait = wait.saturating_add(wait.checked_div(2).unwrap_or(wait)).min(LOOK_LONGEST);
        }
    }
}

impl StorePort for DynamoStore {
    fn decide(
        &self,
        decision: Box<dyn ErasedDecision>,
        context: Context,
    ) -> BoxFuture<'_, Result<Box<dyn Any + Send>, StoreError>> {
        Box::pin(self.decide_now(decision, context))
    }

    fn get(
        &self,
        kind: &'static Kind,
        key: Key,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        Box::pin(self.patiently(move || self.home.record(kind, key)))
    }

    fn head(
        &self,
        kind: &'static Kind,
        of: ChainId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        Box::pin(async move {
            let newest = self.patiently(move || self.home.entries(kind, of, None, 1)).await?;
            Ok(newest.into_iter().next())
        })
    }

    fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        Box::pin(self.patiently(move || self.find_cause(kind, of, cause)))
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Vec<Stored>, StoreError>> {
        Box::pin(async move { self.patiently(|| self.home.list(&query)).await })
    }

    fn scan(
        &self,
        kind: &'static Kind,
        after: Option<ScanPlace>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        Box::pin(async move {
            let part = Part::of(kind);
            self.patiently(|| self.home.scan(&part, after.as_ref(), limit)).await
        })
    }

    fn stages(&self, kinds: &[&'static Kind]) -> Vec<Vec<Part>> {
        self.home.stages(kinds)
    }

    fn scan_part(
        &self,
        part: &Part,
        after: Option<ScanPlace>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        let part = part.clone();
        Box::pin(
            async move { self.patiently(|| self.home.scan(&part, after.as_ref(), limit)).await },
        )
    }

    fn keeps(&self, homes: Homes) -> bool {
        match homes {
            Homes::Every => true,
            Homes::Embedded => false,
        }
    }

    fn changed(
        &self,
        kind: &'static Kind,
        key: Key,
        seen: u64,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.wait_for(kind, key, seen))
    }

    fn now(&self) -> Time {
        self.clock.now()
    }
}
