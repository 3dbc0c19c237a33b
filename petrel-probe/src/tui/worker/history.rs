//! What is remembered from one session to the next: where requests went, and under which names.
//!
//! A file of JSON lines that only its owner may read, with at most so many entries that it is read in no
//! time. What requests said is not in it, because that may be secret. A file that cannot be read or
//! written keeps nobody from working.

use super::super::compose::Entry;
use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// As many of the latest entries are kept.
const ENTRIES_MAX: usize = 1_000;

/// When there are so many lines, the file is written anew with those that are kept.
const LINES_MAX: usize = 2 * ENTRIES_MAX;

/// More of the end of a file is not read.
const LEN_MAX: u64 = 2 << 20;

/// Where the history is, unless the environment says where states belong: there. None without a home.
pub fn default_path() -> Option<PathBuf> {
    path_in(
        env::var_os("XDG_STATE_HOME").map(PathBuf::from),
        env::home_dir(),
    )
}

fn path_in(states: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    // A path that is not absolute means nothing there.
    let states = states.filter(|path| path.is_absolute());
    let home = home.filter(|path| path.is_absolute());
    let states = states.or_else(|| home.map(|home| home.join(".local/state")))?;
    Some(states.join("petrel-probe").join("history.jsonl"))
}

/// The entries of a history, the latest one last, each once. Lines that are none are passed over. A file
/// that has become long is written anew.
///
/// # Errors
/// If there is a file, and it cannot be read. None is an empty history.
pub(crate) fn read(path: &Path) -> io::Result<Vec<Entry>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let start = metadata.len().saturating_sub(LEN_MAX);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(LEN_MAX).read_to_end(&mut bytes)?;
    let lines = bytes.split(|byte| *byte == b'\n').count();
    let entries = entries(&bytes);
    if lines > LINES_MAX || start > 0 {
        // If it cannot be written, it is as good as it was.
        let _ = replace(path, &entries);
    }
    Ok(entries)
}

/// Adds an entry. The folder is made if it is missing.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn append(path: &Path, entry: &Entry) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    only_for_owner(&mut options);
    // In a single write, so that lines of several programs do not mix.
    options.open(path)?.write_all(&line(entry)?)
}

fn entries(bytes: &[u8]) -> Vec<Entry> {
    let lines = bytes.split(|byte| *byte == b'\n').rev();
    let mut seen = std::collections::HashSet::new();
    let mut entries: Vec<Entry> = lines
        .filter_map(|line| serde_json::from_slice::<Entry>(line).ok())
        .filter(|entry| seen.insert((entry.target.clone(), entry.name.clone())))
        .take(ENTRIES_MAX)
        .collect();
    entries.reverse();
    entries
}

fn line(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

/// Writes the file anew. Whoever reads it meanwhile finds the old one.
fn replace(path: &Path, entries: &[Entry]) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    // Only its owner may read what this makes.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    for entry in entries {
        file.write_all(&line(entry)?)?;
    }
    file.persist(path)?;
    Ok(())
}

#[cfg(unix)]
fn only_for_owner(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn only_for_owner(_options: &mut OpenOptions) {}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(target: &str, name: &str) -> Entry {
        Entry {
            target: target.into(),
            name: name.into(),
        }
    }

    #[test]
    fn what_was_sent_is_there_the_next_time_and_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/history.jsonl");
        assert_eq!(read(&path).unwrap(), []);
        for name in ["one", "two", "one\n\u{1b}"] {
            append(&path, &entry("h:1", name)).unwrap();
        }
        append(&path, &entry("h:1", "one")).unwrap();
        let names = ["two", "one\n\u{1b}", "one"];
        assert_eq!(read(&path).unwrap(), names.map(|name| entry("h:1", name)));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
        }
    }

    #[test]
    fn what_is_no_entry_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        fs::write(
            &path,
            b"{\"target\":\"h:1\",\"name\":\"a\"}\n\xff{}\nnull\n{\"target\":",
        )
        .unwrap();
        assert_eq!(read(&path).unwrap(), [entry("h:1", "a")]);
        assert!(read(folder.path()).is_err());
    }

    #[test]
    fn a_long_history_is_cut_at_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let mut lines = Vec::new();
        for number in 0..3_000 {
            lines.extend(line(&entry("h:1", &number.to_string())).unwrap());
        }
        fs::write(&path, &lines).unwrap();
        let entries = read(&path).unwrap();
        assert_eq!(entries.len(), ENTRIES_MAX);
        assert_eq!(entries.last(), Some(&entry("h:1", "2999")));
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), ENTRIES_MAX);
        assert_eq!(read(&path).unwrap(), entries);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn it_lies_where_states_belong() {
        let path = |states: Option<&str>, home: Option<&str>| {
            path_in(states.map(PathBuf::from), home.map(PathBuf::from))
        };
        let expected = |path: &str| Some(PathBuf::from(path));
        assert_eq!(
            path(Some("/s"), Some("/h")),
            expected("/s/petrel-probe/history.jsonl")
        );
        let at_home = expected("/h/.local/state/petrel-probe/history.jsonl");
        assert_eq!(path(Some("s"), Some("/h")), at_home);
        assert_eq!(path(None, Some("/h")), at_home);
        assert_eq!(path(None, None), None);
    }
}
