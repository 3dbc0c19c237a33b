//! What a measurement ran on.

use crate::record::Host;
use std::{env::consts, fs, num::NonZero, thread};

/// This machine. Whether the server runs on it too, and even in this process, the caller knows.
pub fn host(co_located: bool, embedded: bool) -> Host {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    Host {
        os: system(),
        cpu: processor(),
        cores: u32::try_from(cores).unwrap_or(u32::MAX),
        co_located,
        embedded,
    }
}

fn system() -> String {
    let kernel = |name| fs::read_to_string(format!("/proc/sys/kernel/{name}"));
    match (kernel("ostype"), kernel("osrelease")) {
        (Ok(name), Ok(release)) => format!("{} {}", name.trim(), release.trim()),
        _ => consts::OS.to_owned(),
    }
}

fn processor() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    model(&told).unwrap_or(consts::ARCH).to_owned()
}

/// The model of the first processor, as `/proc/cpuinfo` tells it. Some architectures do not.
fn model(cpuinfo: &str) -> Option<&str> {
    cpuinfo.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        let value = value.trim();
        (field.trim() == "model name" && !value.is_empty()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_found_where_it_is_told() {
        let told =
            "processor\t: 0\nmodel\t\t: 1\nmodel name\t: Some CPU @ 2.0 GHz: fast\nmodel name\t: B";
        assert_eq!(model(told), Some("Some CPU @ 2.0 GHz: fast"));
        assert_eq!(model("processor\t: 0\nBogoMIPS\t: 50.00\n"), None);
        assert_eq!(model("model name\t:\n"), None);
    }

    #[test]
    fn something_is_known_of_every_machine() {
        let host = host(true, false);
        assert!(!host.os.is_empty() && !host.cpu.is_empty() && host.cores > 0);
        assert!(host.co_located && !host.embedded);
        #[cfg(target_os = "linux")]
        assert!(host.os.starts_with("Linux "), "{}", host.os);
    }
}
