//! Where it is measured.

use crate::error::BenchError;

/// The processor, how many cores, and how busy they were in the minute before.
pub(crate) fn described() -> Result<String, BenchError> {
    let read = |path: &str| std::fs::read_to_string(path).map_err(BenchError::io(format!("cannot read {path}")));
    let (cpus, load) = (read("/proc/cpuinfo")?, read("/proc/loadavg")?);
    let model =
        cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim()));
    let cores = std::thread::available_parallelism().map_err(BenchError::io("cannot count the cores"))?;
    let load = load.split(' ').next().unwrap_or("unknown");
    Ok(format!("{}, {cores} cores, load {load} at the start", model.unwrap_or("an unknown processor")))
}
