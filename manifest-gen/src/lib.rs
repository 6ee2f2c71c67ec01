//! orch as a library.
