//! What every function's main needs: telemetry, clients, error names, serve.
