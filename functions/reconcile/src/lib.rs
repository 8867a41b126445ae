//! The reconcile function.
