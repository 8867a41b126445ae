//! The auto-shutdown function.
