//! How kinds of record lie in tables: keys, indexes, attribute names. Made once from what the services
//! declare, for the store and for the manifest alike. Nothing of the SDK stands here.
