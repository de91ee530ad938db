//! How much memory there is, and sizes as people write them.
//!
//! Four limits are looked at, of which the lowest counts: the memory of the machine, that of the control
//! groups that this process runs in (Slurm's `--mem`, systemd's `MemoryMax`, containers), and the limit on
//! the process's address space (`ulimit -v`).

use escapement::error::human_bytes;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What is assumed where the machine does not say.
const FALLBACK: u64 = 4 << 30;

/// What a thread reserves of the address space beside the buffer of its matrix products: a stack, and an
/// arena of the allocator.
const THREAD: u64 = 80 << 20;

/// The memory that this process may use, in bytes: the lowest of the four limits, or 4 GiB where none can be
/// read. The default limit of everything that chooses by memory: a total, not what happens to be free, so
/// that the same command makes the same choice twice.
pub fn total() -> u64 {
    let system = System::here();
    let limits = [system.machine("MemTotal:"), system.groups(|g| Some(g.limit)), system.address_space()];
    limits.into_iter().flatten().min().unwrap_or(FALLBACK)
}

/// The memory that is free for this process now, in bytes, less a fifth for everything else.
pub fn available() -> u64 {
    let system = System::here();
    let free = |group: &Group| Some(group.limit.saturating_sub(group.used?));
    let limits = [system.machine("MemAvailable:"), system.groups(free)];
    let free = limits.into_iter().flatten().min().unwrap_or(FALLBACK);
    system.address_space().map_or(free / 5 * 4, |space| space.min(free / 5 * 4))
}

/// Refuses a limit on the address space that leaves no room beside the buffers that the threads reserve: an
/// allocation that fails there ends the process without a word.
///
/// # Errors
/// There is such a limit, in one sentence.
pub fn check_address_space() -> Result<(), String> {
    let system = System::here();
    match (system.address_space(), system.limit()) {
        (Some(left), Some(limit)) if left < THREAD => Err(format!(
            "the address space is limited to {} (ulimit -v), but {} threads reserve {} for stacks and \
             matrix products: raise the limit, or take fewer threads with RAYON_NUM_THREADS",
            human_bytes(limit as f64),
            rayon::current_num_threads(),
            human_bytes(system.reserved() as f64)
        )),
        _ => Ok(()),
    }
}

/// The files in which the system tells its limits.
struct System {
    /// `/`, but in tests.
    root: PathBuf,
    threads: u64,
}

/// The limit and the use of one control group, in bytes.
struct Group {
    limit: u64,
    used: Option<u64>,
}

impl System {
    fn here() -> Self {
        Self { root: "/".into(), threads: rayon::current_num_threads() as u64 }
    }

    fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    /// A line of /proc/meminfo, in bytes.
    fn machine(&self, name: &str) -> Option<u64> {
        kilobytes(&self.read("proc/meminfo")?, name)
    }

    /// The least value that the groups of this process have, its own ones and those above them.
    fn groups(&self, value: impl Fn(&Group) -> Option<u64>) -> Option<u64> {
        let own = self.read("proc/self/cgroup").unwrap_or_default();
        let mut least = None;
        for line in own.lines() {
            let mut fields = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
            // Version 2 has one hierarchy, without names; in version 1 memory has its own.
            let (mount, limit, used) = match controllers {
                "" => ("sys/fs/cgroup", "memory.max", "memory.current"),
                c if c.split(',').any(|c| c == "memory") => {
                    ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes")
                }
                _ => continue,
            };
            let path = Path::new(path.trim_start_matches('/'));
            for folder in path.ancestors().map(|a| Path::new(mount).join(a)) {
                let number = |name: &str| self.read(folder.join(name))?.trim().parse::<u64>().ok();
                // A group that is not limited says "max", or a number near 2⁶³.
                let Some(limit) = number(limit).filter(|&bytes| bytes > 0 && bytes < 1 << 60) else {
                    continue;
                };
                let cached = self.read(folder.join("memory.stat")).as_deref().and_then(inactive_file);
                let used = number(used).map(|used| used.saturating_sub(cached.unwrap_or(0)));
                least = least.into_iter().chain(value(&Group { limit, used })).min();
            }
        }
        least
    }

    /// The limit on the address space, in bytes.
    fn limit(&self) -> Option<u64> {
        let text = self.read("proc/self/limits")?;
        let line = text.lines().find_map(|l| l.strip_prefix("Max address space"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// What is left of the address space when all threads have their buffers.
    fn address_space(&self) -> Option<u64> {
        let limit = self.limit()?;
        let taken = kilobytes(&self.read("proc/self/status")?, "VmSize:")?;
        Some(limit.saturating_sub(taken + self.reserved()))
    }

    /// What the threads and the main one reserve: the kernel of the matrix products behind faer 0.24 keeps a
    /// buffer of twice the third-level cache for each thread that multiplies.
    fn reserved(&self) -> u64 {
        (self.threads + 1) * (2 * self.third_level_cache() + THREAD)
    }

    /// All third-level caches together, in bytes.
    fn third_level_cache(&self) -> u64 {
        let mut caches = BTreeMap::new();
        let cpus = self.root.join("sys/devices/system/cpu");
        for cpu in fs::read_dir(cpus).into_iter().flatten().flatten() {
            for cache in fs::read_dir(cpu.path().join("cache")).into_iter().flatten().flatten() {
                let read = |name: &str| fs::read_to_string(cache.path().join(name)).ok();
                if read("level").is_some_and(|level| level.trim() == "3") {
                    let bytes = read("size").and_then(|size| parse_size(size.trim()).ok());
                    caches.insert(read("shared_cpu_list"), bytes.unwrap_or(0));
                }
            }
        }
        caches.values().sum()
    }
}

/// The line `name` of a text of the system, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The bytes of files in memory that the system would give up first.
fn inactive_file(stat: &str) -> Option<u64> {
    let names = ["total_inactive_file ", "inactive_file "];
    names.iter().find_map(|name| stat.lines().find_map(|l| l.strip_prefix(name))?.trim().parse().ok())
}

/// Bytes of a size such as `4GiB`, `512MiB`, `1.5G` or `4e9`. `G` and `GB` count as GiB, and so on.
///
/// # Errors
/// A number that is not positive and finite, or a unit that is none of B, KiB, MiB, GiB, TiB.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let allowed = "a size is a positive number with a unit, as 4GiB or 512MiB";
    let trimmed = text.trim();
    // An exponent belongs to the number: 4e9 is bytes.
    let split = trimmed.len() - trimmed.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
    let (number, unit) = trimmed.split_at(trimmed.len() - split);
    let shift = match unit.to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(format!("the unit '{unit}' is not known: {allowed}")),
    };
    let value: f64 = number.trim().parse().map_err(|_| allowed.to_string())?;
    let bytes = value * (1_u64 << shift) as f64;
    if bytes.is_finite() && bytes >= 1.0 && bytes < u64::MAX as f64 {
        Ok(bytes as u64)
    } else {
        Err(allowed.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for (text, bytes) in [
            ("4GiB", 4 << 30),
            ("512 MiB", 512 << 20),
            ("1.5g", 3 << 29),
            ("4e9", 4_000_000_000),
            ("2kb", 2048),
            ("7", 7),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "-1GiB", "0", "nan", "4 parsecs", "1e40GiB", "inf"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_total_is_found_and_is_plausible() {
        assert!(total() >= 1 << 26);
        assert!(available() > 0 && available() <= total());
        assert_eq!(check_address_space(), Ok(()));
    }

    /// A machine of 64 GiB whose files are those of `extra`.
    fn system(extra: &[(&str, &str)]) -> (tempfile::TempDir, System) {
        let folder = tempfile::TempDir::new().unwrap();
        let memory =
            ("proc/meminfo", "MemFree: 3 kB\nMemTotal:       67108864 kB\nMemAvailable: 33554432 kB\n");
        for (path, text) in extra.iter().chain([&memory]) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = folder.path().to_owned();
        (folder, System { root, threads: 3 })
    }

    #[test]
    fn the_groups_of_the_process_count_with_those_above_them() {
        let limit = |system: &System| system.groups(|g| Some(g.limit));
        let (_folder, none) = system(&[]);
        assert_eq!((none.machine("MemTotal:"), limit(&none)), (Some(64 << 30), None));
        // Slurm's --mem on version 2: the limit is that of the step's parent.
        let (_folder, slurm) = system(&[
            ("proc/self/cgroup", "0::/system.slice/slurm/job_7/step_0\n"),
            ("sys/fs/cgroup/system.slice/slurm/job_7/step_0/memory.max", "max\n"),
            ("sys/fs/cgroup/system.slice/slurm/job_7/memory.max", "4294967296\n"),
            ("sys/fs/cgroup/system.slice/slurm/job_7/memory.current", "3221225472\n"),
            ("sys/fs/cgroup/system.slice/slurm/job_7/memory.stat", "anon 5\ninactive_file 1073741824\n"),
            ("sys/fs/cgroup/system.slice/memory.max", "17179869184\n"),
        ]);
        assert_eq!(limit(&slurm), Some(4 << 30));
        assert_eq!(slurm.groups(|g| Some(g.limit - g.used?)), Some(2 << 30));
        // Version 1, where memory has a hierarchy of its own, and other ones do not matter.
        let (_folder, old) = system(&[
            ("proc/self/cgroup", "5:devices:/\n4:cpuset,memory:/box\n0::/\n"),
            ("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "1073741824\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ]);
        assert_eq!(limit(&old), Some(1 << 30));
    }

    #[test]
    fn the_address_space_loses_what_threads_reserve() {
        let (_folder, system) = system(&[
            (
                "proc/self/limits",
                "Limit  Soft  Hard  Units\nMax address space         4294967296 unlimited bytes\n",
            ),
            ("proc/self/status", "Name:\tescapement\nVmPeak:\t    9999 kB\nVmSize:\t    4096 kB\n"),
            ("sys/devices/system/cpu/cpu0/cache/index3/level", "3\n"),
            ("sys/devices/system/cpu/cpu0/cache/index3/size", "32768K\n"),
            ("sys/devices/system/cpu/cpu0/cache/index3/shared_cpu_list", "0-1\n"),
            ("sys/devices/system/cpu/cpu1/cache/index3/level", "3\n"),
            ("sys/devices/system/cpu/cpu1/cache/index3/size", "32768K\n"),
            ("sys/devices/system/cpu/cpu1/cache/index3/shared_cpu_list", "0-1\n"),
        ]);
        let reserved = 4 * ((64 << 20) + THREAD);
        assert_eq!(system.address_space(), Some((4 << 30) - (4 << 20) - reserved));
        let (_folder, unlimited) =
            self::system(&[("proc/self/limits", "Max address space unlimited unlimited\n")]);
        assert_eq!(unlimited.address_space(), None);
    }
}
