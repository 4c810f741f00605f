//! What the program takes of a machine when nobody tells it: threads, and memory for a cache.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

/// How many threads are used without `-j`, at most: the memory that they need is then still small.
const MOST_THREADS: usize = 16;
/// Memory that a machine has to have for each of them. Packing in the usual way takes less than 2 MiB per thread.
const MEMORY_PER_THREAD: u64 = 8 << 20;
/// Most bytes of the cache of `cisor serve` without `--cache`.
const MOST_CACHE: u32 = 64 << 20;

/// Returns how many threads to use without `-j`. The number of processors is that of the quota where a cgroup has one.
pub(crate) fn usual_threads() -> NonZeroUsize {
    let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    processors.min(most_threads(memory()))
}

/// Returns the size of the cache of `cisor serve` without `--cache`, in bytes.
pub(crate) fn usual_cache() -> u32 {
    most_cache(memory())
}

fn most_threads(memory: Option<u64>) -> NonZeroUsize {
    let fitting = memory.and_then(|bytes| usize::try_from(bytes / MEMORY_PER_THREAD).ok());
    NonZeroUsize::new(fitting.unwrap_or(MOST_THREADS).min(MOST_THREADS)).unwrap_or(NonZeroUsize::MIN)
}

fn most_cache(memory: Option<u64>) -> u32 {
    memory.and_then(|bytes| u32::try_from(bytes / 4).ok()).unwrap_or(MOST_CACHE).min(MOST_CACHE)
}

/// Returns how many bytes of memory the program may use: the machine's, or what a container or a systemd unit leaves it
/// if that is less. `None` where the system does not say, which is everywhere but on Linux.
fn memory() -> Option<u64> {
    memory_below(Path::new("/"))
}

fn memory_below(root: &Path) -> Option<u64> {
    let text = |path: &str| fs::read_to_string(root.join(path)).ok();
    let total = text("proc/meminfo").as_deref().and_then(total);
    let groups = text("proc/self/cgroup").unwrap_or_default();
    groups.lines().filter_map(|line| limit(root, line)).chain(total).min()
}

/// The line `MemTotal:  1017428 kB`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The smallest limit of a cgroup and all that it is in. `line` is `0::/a/b` for version 2 of cgroups, and
/// `4:memory:/a/b` for version 1.
fn limit(root: &Path, line: &str) -> Option<u64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (controllers, group) = (fields.next()?, fields.next()?);
    let (mount, file) = if controllers.is_empty() {
        ("sys/fs/cgroup", "memory.max")
    } else if controllers.split(',').any(|name| name == "memory") {
        ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
    } else {
        return None;
    };
    // A container may see only its own group, as the topmost, but be told the group's path outside. The folders of such
    // a path do not exist here. `max`, which means no limit, is not a number.
    let groups = Path::new(group.trim_start_matches('/')).ancestors();
    groups
        .filter_map(|group| fs::read_to_string(root.join(mount).join(group).join(file)).ok())
        .filter_map(|text| text.trim().parse::<u64>().ok())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `memory` says where these files exist, each with a line of text.
    fn with(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        memory_below(root.path())
    }

    const GIB: (&str, &str) = ("proc/meminfo", "MemTotal:        1048576 kB\nMemFree:          524288 kB");

    #[test]
    fn the_machine_s_memory_counts_where_nothing_limits_it() {
        assert_eq!(with(&[]), None);
        assert_eq!(with(&[GIB]), Some(1 << 30));
        let unlimited = [GIB, ("proc/self/cgroup", "0::/"), ("sys/fs/cgroup/memory.max", "max")];
        assert_eq!(with(&unlimited), Some(1 << 30));
        let unlimited = [
            GIB,
            ("proc/self/cgroup", "4:cpu,memory:/\n0::/"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712"),
        ];
        assert_eq!(with(&unlimited), Some(1 << 30));
    }

    #[test]
    fn the_smallest_limit_on_the_way_up_counts() {
        let unit = [
            GIB,
            ("proc/self/cgroup", "0::/system.slice/cisor.service"),
            ("sys/fs/cgroup/system.slice/memory.max", "268435456"),
            ("sys/fs/cgroup/system.slice/cisor.service/memory.max", "134217728"),
        ];
        assert_eq!(with(&unit), Some(128 << 20));
        let slice = [&unit[..3], &[("sys/fs/cgroup/system.slice/cisor.service/memory.max", "max")]].concat();
        assert_eq!(with(&slice), Some(256 << 20));
        let old = [
            GIB,
            ("proc/self/cgroup", "5:devices:/a\n4:cpu,memory:/a/b\n0::/a"),
            ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "67108864"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712"),
        ];
        assert_eq!(with(&old), Some(64 << 20));
    }

    #[test]
    fn a_container_finds_its_limit_at_the_top() {
        let container = [
            GIB,
            ("proc/self/cgroup", "4:memory:/docker/0123"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "134217728"),
        ];
        assert_eq!(with(&container), Some(128 << 20));
    }

    #[test]
    fn small_machines_get_fewer_threads_and_a_smaller_cache() {
        for (memory, threads, cache) in [
            (None, 16, 64 << 20),
            (Some(1 << 40), 16, 64 << 20),
            (Some(256 << 20), 16, 64 << 20),
            (Some(128 << 20), 16, 32 << 20),
            (Some(64 << 20), 8, 16 << 20),
            (Some(1 << 20), 1, 256 << 10),
        ] {
            assert_eq!((most_threads(memory).get(), most_cache(memory)), (threads, cache), "{memory:?}");
        }
    }

    #[test]
    fn nonsense_is_no_limit() {
        assert_eq!(with(&[("proc/meminfo", "MemTotal: lots kB")]), None);
        assert_eq!(with(&[GIB, ("proc/self/cgroup", "0")]), Some(1 << 30));
        let nonsense = [GIB, ("proc/self/cgroup", "0::/"), ("sys/fs/cgroup/memory.max", "-1")];
        assert_eq!(with(&nonsense), Some(1 << 30));
    }
}
