//! The engine over ports: observe, resolve, diff, guard, apply, verify.
