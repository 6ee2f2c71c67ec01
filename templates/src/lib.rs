//! Template packs.
