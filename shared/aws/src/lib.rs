//! Adapters that implement the ports of the engine with the AWS SDK.
