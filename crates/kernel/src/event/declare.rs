//! `events!`: every event declared once, for the wire, the manifest and the documentation.

/// Declares the events: a struct for the data of each, [`EventKind`](super::EventKind) and
/// [`EventData`](super::EventData).
macro_rules! events {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident $wire:literal on $topic:ident by $service:literal version $version:literal about $subject:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    )*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
            #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl From<$name> for EventData {
                fn from(data: $name) -> Self {
                    Self::$name(data)
                }
            }
        )*

        /// The type of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventKind {
            $($(#[doc = $doc])+ $name,)*
        }

        impl EventKind {
            /// Every type, in declared order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name on the wire, which is also the attribute `event_type`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }

            /// The type of a name on the wire.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($wire => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Where it is said.
            pub fn topic(self) -> super::Topic {
                match self {
                    $(Self::$name => super::Topic::$topic,)*
                }
            }

            /// Which service says it.
            pub fn source(self) -> &'static str {
                match self {
                    $(Self::$name => $service,)*
                }
            }

            /// The schema version that is written.
            pub fn schema_version(self) -> u16 {
                match self {
                    $(Self::$name => $version,)*
                }
            }

            /// The first sentence of its documentation.
            pub fn summary(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_ascii(),)*
                }
            }

            /// The JSON Schema of its data.
            #[cfg(feature = "schema")]
            pub fn schema(self) -> schemars::Schema {
                match self {
                    $(Self::$name => schemars::schema_for!($name),)*
                }
            }
        }

        /// The data of an event.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each case is documented at its type")]
        pub enum EventData {
            $($name($name),)*
        }

        impl EventData {
            /// The type.
            pub fn kind(&self) -> EventKind {
                match self {
                    $(Self::$name(_) => EventKind::$name,)*
                }
            }

            /// What it is about: a payment or a loan.
            pub fn subject(&self) -> AnyId {
                match self {
                    $(Self::$name(data) => data.$subject.any(),)*
                }
            }

            pub(super) fn to_json(&self) -> Result<serde_json::Value, serde_json::Error> {
                match self {
                    $(Self::$name(data) => serde_json::to_value(data),)*
                }
            }

            pub(super) fn from_json(kind: EventKind, data: serde_json::Value) -> Result<Self, serde_json::Error> {
                match kind {
                    $(EventKind::$name => serde_json::from_value(data).map(Self::$name),)*
                }
            }
        }
    };
}

pub(super) use events;
