//! The tables of a deployment on AWS as the commands use them: reached with what the environment says,
//! and seen to be there. What is in them is the store's.

use std::time::Duration;

use kernel::store::StorePort;
use store_dynamodb::tables::tables;
use store_dynamodb::{Aws, DynamoStore, Options, Reach, Waits};

use crate::end::Failure;
use crate::services::SERVICES;

/// A person waits, who would rather wait longer than begin anew: new tables take few writes at first.
const DEADLINE: Duration = Duration::from_secs(60);

/// Opens the tables under a prefix. To be called within the runtime in which they are used.
///
/// # Errors
/// When the environment does not say how AWS is reached, or a table is not there.
pub(crate) async fn open(prefix: &str) -> Result<DynamoStore, Failure> {
    if prefix.is_empty() {
        let how = "name the prefix of the tables, as in dynamodb:fintech";
        return Err(Failure::wrong_use(how));
    }
    let aws = Aws::read(&|name| std::env::var(name).ok()).map_err(|error| {
        let how = "a profile's: eval \"$(aws configure export-credentials --format env)\"";
        Failure::wrong_use(format!("how AWS is reached is {error}; {how}"))
    })?;
    let reach = Reach::new(&aws).map_err(Failure::cannot_run)?;
    let mut options = Options::new(reach.dynamodb(), prefix, tables(&SERVICES));
    options.waits = Waits { deadline: DEADLINE, ..Waits::default() };
    let store = DynamoStore::new(options);
    for kind in SERVICES.iter().filter_map(|service| service.kinds.first()) {
        let found = store.scan(kind, None, 1).await;
        found.map_err(|error| {
            let (service, region) = (kind.service, &aws.region);
            Failure::cannot_run(format!(
                "the table {prefix}-{service} in {region} cannot be read: {error}; terraform makes it, \
                 and whoever loads needs the right to read and write it"
            ))
        })?;
    }
    Ok(store)
}
