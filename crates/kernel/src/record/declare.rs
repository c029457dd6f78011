//! `record!`: a record declared once, for every store.

/// Declares a record: its columns, key, chain, indexes and schema version.
///
/// ```text
/// record! {
///     /// A payment.
///     pub struct Payment in "payment" of "payment" version 1 {
///         id: PaymentId,
///         wallet_id: WalletId,
///     }
///     key (id: PaymentId)
///     index "by_wallet" (wallet_id, created_at) every
/// }
/// ```
/// A chain says `key (account_id: ChainId, sequence) chain (cause, booked_at)`, or `append_only`
/// as a third word if its entries never change. Upgrades from older versions follow as
/// `upgrade [from_1, from_2]`. The kind also needs an `impl Rules`.
#[macro_export]
macro_rules! record {
    (
        $(#[$doc:meta])*
        pub struct $name:ident in $table:literal of $service:literal version $version:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
        key ($partition:ident: $id:ty)
        $(index $index:literal ($index_partition:ident, $index_sort:ident) $homes:ident)*
        $(upgrade [$($upgrade:path),*])?
    ) => {
        $crate::record!(@struct [$(#[$doc])*] $name { $($(#[$field_doc])* $field: $type,)* });
        $crate::record!(@record $name $table $service $version ($id) { $($field: $type,)* }
            stringify!($partition), None, None, false,
            [$($index $index_partition $index_sort $homes)*] [$($($upgrade)*)?]);

        impl $name {
            fn key_of(&self) -> $crate::record::Key {
                $crate::record::RecordId::key(self.$partition)
            }

            fn chained_of(&self) -> Option<($crate::AnyId, $crate::Time)> {
                None
            }
        }
    };
    (
        $(#[$doc:meta])*
        pub struct $name:ident in $table:literal of $service:literal version $version:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
        key ($partition:ident: $id:ty, $sequence:ident)
        chain ($cause:ident, $booked_at:ident $(, $append_only:ident)?)
        $(index $index:literal ($index_partition:ident, $index_sort:ident) $homes:ident)*
        $(upgrade [$($upgrade:path),*])?
    ) => {
        $crate::record!(@struct [$(#[$doc])*] $name { $($(#[$field_doc])* $field: $type,)* });
        $crate::record!(@record $name $table $service $version (($id, u64)) { $($field: $type,)* }
            stringify!($partition), Some(stringify!($sequence)),
            Some($crate::record::ChainSpec { cause: stringify!($cause), booked_at: stringify!($booked_at) }),
            $crate::record!(@append $($append_only)?),
            [$($index $index_partition $index_sort $homes)*] [$($($upgrade)*)?]);

        impl $name {
            fn key_of(&self) -> $crate::record::Key {
                $crate::record::Key::entry(self.$partition, self.$sequence)
            }

            fn chained_of(&self) -> Option<($crate::AnyId, $crate::Time)> {
                Some(($crate::AnyId::from(self.$cause), self.$booked_at))
            }
        }
    };
    (@struct [$(#[$doc:meta])*] $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }
    };
    (@record $name:ident $table:literal $service:literal $version:literal ($id:ty)
        { $($field:ident: $type:ty,)* }
        $partition:expr, $sort:expr, $chain:expr, $append_only:expr,
        [$($index:literal $index_partition:ident $index_sort:ident $homes:ident)*] [$($upgrade:path)*]
    ) => {
        impl $crate::record::Record for $name {
            const KIND: &'static $crate::record::Kind = &$crate::record::Kind {
                name: $table,
                service: $service,
                schema_version: $version,
                columns: &[$($crate::record::ColumnSpec {
                    name: stringify!($field),
                    r#type: <$type as $crate::record::Column>::TYPE,
                    nullable: <$type as $crate::record::Column>::NULLABLE,
                },)*],
                partition: $partition,
                prefixes: <$id as $crate::record::RecordId>::PREFIXES,
                sort: $sort,
                chain: $chain,
                append_only: $append_only,
                indexes: &[$($crate::record::Index {
                    name: $index,
                    partition: stringify!($index_partition),
                    sort: stringify!($index_sort),
                    homes: $crate::record!(@homes $homes),
                },)*],
                decode: |values| {
                    let mut values = values.iter();
                    let record = $name {
                        $($field: values
                            .next()
                            .and_then(<$type as $crate::record::Column>::from_value)
                            .ok_or($crate::record::BadRecord::Column { kind: $table, column: stringify!($field) })?,)*
                    };
                    Ok(::std::sync::Arc::new(record))
                },
                upgrades: &[$($upgrade),*],
            };
            type Id = $id;
        }

        impl $crate::record::AnyRecord for $name {
            fn kind(&self) -> &'static $crate::record::Kind {
                <Self as $crate::record::Record>::KIND
            }

            fn key(&self) -> $crate::record::Key {
                self.key_of()
            }

            fn chained(&self) -> Option<($crate::AnyId, $crate::Time)> {
                self.chained_of()
            }

            fn values<'a>(&'a self, sink: &mut dyn FnMut($crate::record::Value<'a>)) {
                $(sink($crate::record::Column::to_value(&self.$field));)*
            }

            fn as_any(self: ::std::sync::Arc<Self>) -> ::std::sync::Arc<dyn ::std::any::Any + Send + Sync> {
                self
            }
        }
    };
    (@append) => { false };
    (@append append_only) => { true };
    (@homes every) => { $crate::record::Homes::Every };
    (@homes embedded) => { $crate::record::Homes::Embedded };
}
