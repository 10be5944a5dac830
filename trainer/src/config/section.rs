//! The rules that all sections of the configuration share: every key has a default, unknown keys are refused, and the
//! documentation of a key is also what `vqz-train init` writes above it.

/// Defines a section: a struct whose fields have defaults, with the list of what each key means.
macro_rules! section {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl $name {
            /// What each key means: what [`Config::explained`] writes above it.
            pub(in crate::config) const KEYS: &'static [(&'static str, &'static str)] = &[$((stringify!($field), concat!($($doc),*)),)*];
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

pub(super) use section;
