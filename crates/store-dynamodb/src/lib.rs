//! The store port on DynamoDB: a table a service, a decision one conditional write or transaction.
//! Who calls it, and how events travel on from a table's stream, is not known here.

pub mod tables;
