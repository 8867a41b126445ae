//! An AWS in memory, with quotas, delays and faults, behind the ports of the engine.
