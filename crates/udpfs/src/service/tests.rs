use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;
use crate::message::Kind;

/// Files in memory, in one folder. A byte 0xEE in a file cannot be read.
#[derive(Default)]
struct Memory {
    files: RefCell<BTreeMap<String, Vec<u8>>>,
    ahead: RefCell<Vec<(u64, usize)>>,
}

impl Files for Memory {
    type File = String;
    type Folder = Vec<String>;

    fn open(&self, path: &RemotePath, flags: OpenFlags) -> Result<(String, Stat), Errno> {
        let name = path.to_string();
        let mut files = self.files.borrow_mut();
        if flags.creates() {
            files.entry(name.clone()).or_default();
        }
        let size = files.get(&name).ok_or(Errno::NOT_FOUND)?.len() as u64;
        Ok((name, Stat { size, ..Stat::default() }))
    }

    fn open_folder(&self, path: &RemotePath) -> Result<(Vec<String>, Stat), Errno> {
        let names = self.files.borrow().keys().rev().cloned().collect();
        if path.is_root() { Ok((names, Stat::default())) } else { Err(Errno::NOT_FOUND) }
    }

    fn next_entry(&self, folder: &mut Vec<String>) -> Result<Option<(Vec<u8>, Stat)>, Errno> {
        Ok(folder.pop().map(|name| (name.into_bytes(), Stat::default())))
    }

    fn stat(&self, path: &RemotePath) -> Result<Stat, Errno> {
        self.open(path, OpenFlags::READ).map(|(_, stat)| stat)
    }

    fn open_device(&self) -> Result<(String, Stat), Errno> {
        self.open(&RemotePath::parse(b"device").unwrap(), OpenFlags::READ).map_err(|_| Errno::NO_DEVICE)
    }

    fn size(&self, file: &String) -> Result<u64, Errno> {
        Ok(self.files.borrow()[file].len() as u64)
    }

    fn read_at(&self, file: &mut String, offset: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let files = self.files.borrow();
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = files[file].get(offset..).unwrap_or_default();
        let got = rest.len().min(buf.len());
        buf[..got].copy_from_slice(&rest[..got]);
        if rest[..got].contains(&0xEE) { Err(Errno::IO) } else { Ok(got) }
    }

    fn write_at(&self, file: &mut String, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        let mut files = self.files.borrow_mut();
        let content = files.get_mut(file).ok_or(Errno::NOT_FOUND)?;
        let at = usize::try_from(offset).unwrap();
        content.resize(content.len().max(at + bytes.len()), 0);
        content[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn make_folder(&self, _: &RemotePath) -> Result<(), Errno> {
        Err(Errno::READ_ONLY)
    }

    fn remove_file(&self, path: &RemotePath) -> Result<(), Errno> {
        self.files.borrow_mut().remove(&path.to_string()).map(drop).ok_or(Errno::NOT_FOUND)
    }

    fn remove_folder(&self, _: &RemotePath) -> Result<(), Errno> {
        Err(Errno::EXISTS)
    }

    fn read_ahead(&self, _: &mut String, offset: u64, len: usize) {
        self.ahead.borrow_mut().push((offset, len));
    }
}

struct Bench {
    files: Memory,
    service: Service<Memory>,
}

impl Bench {
    fn with(name: &str, content: &[u8]) -> Self {
        let files = Memory::default();
        files.files.borrow_mut().insert(name.into(), content.into());
        Self { files, service: Service::default() }
    }

    fn run(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        let reply = self.service.execute(&self.files, request)?;
        self.service.read_ahead(&self.files);
        Some(reply.bytes)
    }

    /// Sends code, 3 bytes, handle and more; returns the number in the reply and what follows.
    fn ask(&mut self, start: [u8; 4], handle: i32, more: &[u8]) -> (i32, Vec<u8>) {
        let request = [&start[..], &handle.to_le_bytes(), more].concat();
        let reply = self.run(&request).unwrap();
        (i32::from_le_bytes(reply[4..8].try_into().unwrap()), reply[8..].to_vec())
    }

    fn open(&mut self, name: &str, flags: u16) -> i32 {
        let mut request = vec![0x10, 0];
        request.extend_from_slice(&flags.to_le_bytes());
        request.extend_from_slice(&[0; 4]);
        request.extend_from_slice(name.as_bytes());
        request.push(0);
        let reply = self.run(&request).unwrap();
        i32::from_le_bytes(reply[4..8].try_into().unwrap())
    }

    fn bread(&mut self, handle: i32, sector: u64, sectors: u8) -> (i32, Vec<u8>) {
        self.ask([0x28, 0, sectors, 0], handle, &sector.to_le_bytes())
    }

    fn read(&mut self, handle: i32, len: u32) -> (i32, Vec<u8>) {
        self.ask([0x14, 0, 0, 0], handle, &len.to_le_bytes())
    }

    fn seek(&mut self, handle: i32, whence: u8, offset: i64) -> i64 {
        let start = [0x1A, whence, 0, 0];
        let request = [&start[..], &handle.to_le_bytes(), &offset.to_le_bytes()].concat();
        i64::from_le_bytes(self.run(&request).unwrap()[4..].try_into().unwrap())
    }
}

#[test]
fn read_moves_the_position_and_is_short_at_the_end() {
    let mut bench = Bench::with("a", b"0123456789");
    let handle = bench.open("a", 1);
    assert_eq!(bench.read(handle, 4), (4, b"0123".to_vec()));
    assert_eq!(bench.read(handle, 60), (6, b"456789".to_vec()));
    assert_eq!(bench.read(handle, 60), (0, vec![]));
    assert_eq!(bench.seek(handle, 2, -3), 7);
    assert_eq!(bench.read(handle, 1), (1, b"7".to_vec()));
    assert_eq!(bench.seek(handle, 1, -2), 6);
    assert_eq!(bench.seek(handle, 0, 5 << 30), 5 << 30);
    assert_eq!(bench.read(handle, 1), (0, vec![]));
    for (whence, offset) in [(0, -1), (1, i64::MIN), (2, i64::MAX), (9, 0)] {
        assert_eq!(bench.seek(handle, whence, offset), -22);
    }
}

#[test]
fn bread_is_full_or_an_error_and_never_short() {
    let content: Vec<u8> = (0..700_u32).map(|i| (i % 100).to_le_bytes()[0]).collect();
    let mut bench = Bench::with("a", &content);
    let handle = bench.open("a", 1);
    let (result, data) = bench.bread(handle, 1, 2);
    assert_eq!((result, data.len()), (1024, 1024));
    assert_eq!(data[..188], content[512..]);
    assert!(data[188..].iter().all(|&byte| byte == 0));
    assert_eq!(bench.bread(handle, 1000, 1), (512, vec![0; 512]));
    assert_eq!(bench.bread(handle, u64::MAX, 1), (-22, vec![]));
    // The last byte of that sector would be past 64 bits.
    assert_eq!(bench.bread(handle, u64::MAX / 512, 1), (-22, vec![]));
    assert_eq!(bench.bread(handle, 0, 129), (-22, vec![]));
    bench.files.files.borrow_mut().get_mut("a").unwrap()[600] = 0xEE;
    assert_eq!(bench.bread(handle, 1, 1), (-5, vec![]));
    assert_eq!(bench.bread(handle, 0, 1).0, 512);
}

#[test]
fn handles_that_are_not_there_or_of_the_wrong_kind_are_refused() {
    let mut bench = Bench::with("a", b"x");
    let folder = bench.run(b"\x10\x01\0\0\0\0\0\0\0").unwrap();
    let folder = i32::from_le_bytes(folder[4..8].try_into().unwrap());
    assert!(folder > 0);
    for handle in [-1, 99, i32::MAX, i32::MIN] {
        assert_eq!(bench.read(handle, 1).0, -9);
        assert_eq!(bench.bread(handle, 0, 1).0, -9);
        assert_eq!(bench.ask([0x12, 0, 0, 0], handle, &[]).0, -9);
        assert_eq!(bench.ask([0x1C, 0, 0, 0], handle, &[]).0, -9);
    }
    assert_eq!(bench.read(folder, 1).0, -21);
    let file = bench.open("a", 1);
    assert_eq!(bench.ask([0x1C, 0, 0, 0], file, &[]).0, -20);
    assert_eq!(bench.ask([0x12, 0, 0, 0], file, &[]).0, 0);
    assert_eq!(bench.read(file, 1).0, -9);
    assert_eq!(bench.open("b", 1), -2);
    assert_eq!(bench.open("../a", 1), -13);
}

#[test]
fn ten_thousand_opens_keep_the_handles_in_use() {
    let mut bench = Bench::with("a", b"xyz");
    let game = bench.open("a", 1);
    let early = bench.open("a", 1);
    for _ in 0..10_000 {
        assert!(bench.open("a", 1) > early);
        assert_eq!(bench.bread(game, 0, 1).0, 512);
    }
    assert_eq!(bench.service.open_handles(), MAX_HANDLES);
    assert_eq!(bench.bread(early, 0, 1).0, -9);
}

#[test]
fn folder_lists_every_entry_once() {
    let mut bench = Bench::with("a", b"");
    bench.files.files.borrow_mut().insert("b".into(), vec![]);
    let folder = i32::from_le_bytes(bench.run(b"\x10\x01\0\0\0\0\0\0\0").unwrap()[4..8].try_into().unwrap());
    let mut names = Vec::new();
    while let (1, entry) = bench.ask([0x1C, 0, 0, 0], folder, &[]) {
        names.push(entry[40..].to_vec());
    }
    assert_eq!(names, [b"a\0", b"b\0"]);
}

#[test]
fn block_device_is_handle_0_and_is_never_closed() {
    let mut bench = Bench::with("device", &[7; 1024]);
    let stat = bench.run(&[0x1E, 0, 0, 0]).unwrap();
    assert_eq!(stat[4..8], [0; 4]);
    assert_eq!(stat[16..24], 1024_u64.to_le_bytes());
    for _ in 0..2 {
        assert_eq!(bench.bread(0, 1, 1), (512, vec![7; 512]));
        assert_eq!(bench.ask([0x12, 0, 0, 0], 0, &[]).0, 0);
    }
    let mut none = Bench::with("a", b"");
    assert_eq!(none.run(&[0x1E, 0, 0, 0]).unwrap()[4..8], (-19_i32).to_le_bytes());
    assert_eq!(none.bread(0, 0, 1).0, -19);
}

fn piece(number: u8, total: u8, bytes: &[u8]) -> Vec<u8> {
    let len = u8::try_from(bytes.len()).unwrap();
    [&[0x17, 0, number, 0, len, 0, total, 0], bytes].concat()
}

#[test]
fn write_is_answered_after_its_last_piece() {
    let mut bench = Bench::with("a", b"");
    let handle = bench.open("b", 0x202);
    let head = [&[0x16, 0, 0, 0][..], &handle.to_le_bytes(), &7_u32.to_le_bytes()].concat();
    assert_eq!(bench.run(&[head.clone(), piece(0, 2, b"abcd")].concat()), None);
    assert_eq!(bench.run(&piece(1, 2, b"efg")), Some(b"\x18\0\0\0\x07\0\0\0".to_vec()));
    assert_eq!(bench.files.files.borrow()["b"], b"abcdefg");
    // A piece is missing: nothing more is written, and the reply to the last piece reports it.
    assert_eq!(bench.run(&[head, piece(0, 3, b"abc")].concat()), None);
    assert_eq!(bench.run(&piece(2, 3, b"abcd")).unwrap()[4..], (-22_i32).to_le_bytes());
    // A piece without a write, and a write through a read-only handle.
    assert_eq!(bench.run(&piece(0, 1, b"x")).unwrap()[4..], (-22_i32).to_le_bytes());
    let read_only = bench.open("a", 1);
    let head = [&[0x16, 0, 0, 0][..], &read_only.to_le_bytes(), &1_u32.to_le_bytes()].concat();
    assert_eq!(bench.run(&[head, piece(0, 1, b"x")].concat()).unwrap()[4..], (-9_i32).to_le_bytes());
    assert_eq!(bench.files.files.borrow()["a"], b"");
}

#[test]
fn bwrite_goes_to_its_sector_and_moves_nothing() {
    let mut bench = Bench::with("a", &[1; 1024]);
    let handle = bench.open("a", 3);
    let head = [&[0x2A, 0, 1, 0][..], &handle.to_le_bytes(), &1_u64.to_le_bytes()].concat();
    for number in 0..4 {
        let bytes =
            [&if number == 0 { head.clone() } else { vec![] }[..], &piece(number, 4, &[9; 128])].concat();
        let reply = bench.run(&bytes);
        assert_eq!(reply.is_some(), number == 3);
    }
    assert_eq!(bench.files.files.borrow()["a"], [[1; 512], [9; 512]].concat());
    assert_eq!(bench.read(handle, 1), (1, vec![1]));
}

#[test]
fn only_reads_in_sequence_are_read_ahead() {
    let mut bench = Bench::with("a", &[1; 8192]);
    let handle = bench.open("a", 1);
    bench.bread(handle, 0, 2);
    bench.bread(handle, 2, 4);
    bench.bread(handle, 12, 1);
    bench.bread(handle, 0, 1);
    assert_eq!(*bench.files.ahead.borrow(), [(1024, 1024), (3072, 2048)]);
}

#[test]
fn every_kind_that_is_cut_short_is_answered_with_an_error() {
    let mut bench = Bench::with("a", b"x");
    for kind in Kind::ALL {
        for len in 1..kind.fixed_len() {
            let mut request = vec![0; len];
            request[0] = kind.code();
            let reply = bench.run(&request).unwrap();
            assert_eq!(reply[4..8], (-22_i32).to_le_bytes(), "{kind:?} of {len} bytes");
        }
    }
    assert_eq!(bench.run(&[0x55]).unwrap(), Reply::result(Err(Errno::INVALID)).bytes);
    assert!(bench.run(&[]).is_some());
}
