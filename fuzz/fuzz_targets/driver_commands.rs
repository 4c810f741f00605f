//! Any sequence of requests to the driver's device, from a card that fails and goes at any time: an answer is right, or
//! a refusal, and nothing is written beside the part of the buffer that was asked for.
#![no_main]

#[path = "../../crates/umd-device/tests/support/mod.rs"]
mod support;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sector_decode::{Decoder, ReaderOptions};
use support::{Fault, SECTOR, TestCard, VOLUME_ADDRESS, disc_image, stored_cso};
use umd_device::{CardFile, DescriptorId, Devctl, Disc, Ioctl, LbaParams, UmdDevice, Whence};

const SECTORS: usize = 40;
/// The most bytes that a request may ask for here: some more than the disc has.
const MOST: usize = (SECTORS + 3) * SECTOR;

static IMAGE: LazyLock<Vec<u8>> = LazyLock::new(|| disc_image(SECTORS));
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| stored_cso(&IMAGE, 8192));

/// The commands that the device knows, and one that it does not.
const COMMANDS: [u32; 9] = [
    0x01E3_80C0,
    0x01F2_00A1,
    0x01F2_00A2,
    0x01F2_0003,
    0x01F2_0002,
    0x01E2_8035,
    0x01E3_8012,
    0x01F1_00A6,
    0x0123_4567,
];
const DESCRIPTOR_COMMANDS: [u32; 5] = [0x01D2_0001, 0x01F1_00A6, 0x01F3_0003, 0x01F0_10DB, 0x0123_4567];

/// What is left of an input. Past its end there are zeros.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let len = N.min(self.0.len());
        let (first, rest) = self.0.split_at(len);
        bytes[..len].copy_from_slice(first);
        self.0 = rest;
        bytes
    }

    fn byte(&mut self) -> u8 {
        self.bytes::<1>()[0]
    }

    fn word(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    /// One of the descriptors that were ever opened. It may be closed since.
    fn descriptor(&mut self, opened: &[DescriptorId]) -> Option<DescriptorId> {
        opened.get(usize::from(self.byte()) % opened.len().max(1)).copied()
    }
}

fuzz_target!(|input: &[u8]| {
    let card = TestCard::new(FILE.clone());
    let mut file = CardFile::new(card.clone());
    let layout = Disc::probe(&mut file).expect("the file is right");
    let options = ReaderOptions::PSP_DRIVER.with_read_ahead(0).with_two_reads_at_most(false);
    let plan = layout.memory(&options);
    let (mut index, mut packed, mut block) =
        (vec![0; plan.index()], vec![0; plan.packed()], vec![0; plan.block()]);
    let mut decoder = Decoder::new();
    let buffers = sector_decode::Buffers {
        index: &mut index,
        packed: &mut packed,
        block: &mut block,
        decoder: &mut decoder,
    };
    let disc = Disc::new(file, layout, buffers, 0).expect("the file is right");
    let mut device = UmdDevice::new(disc, VOLUME_ADDRESS);

    let mut input = Input(input);
    let mut out = vec![0xEE; MOST];
    let mut opened = Vec::new();
    while !input.0.is_empty() {
        match input.byte() % 8 {
            0 => opened.extend(device.open()),
            1 => drop(input.descriptor(&opened).map(|id| device.close(id))),
            2 => {
                let (id, whence) = (input.descriptor(&opened), Whence::from_number(i32::from(input.byte())));
                let offset = i64::from_le_bytes(input.bytes());
                if let (Some(id), Some(whence)) = (id, whence)
                    && let Ok(position) = device.seek(id, offset, whence)
                {
                    assert!(position as usize <= SECTORS);
                }
            }
            3 => {
                let (id, code) = (input.descriptor(&opened), input.byte());
                let code = DESCRIPTOR_COMMANDS[usize::from(code) % DESCRIPTOR_COMMANDS.len()];
                let fields: [u8; 16] = input.bytes();
                let room = usize::from(input.byte());
                let command = Ioctl::parse(code, Some(&fields), Some(room));
                if let (Some(id), Ok(command)) = (id, command) {
                    let _ = device.ioctl(id, command, &mut out[..room.max(4)]);
                }
            }
            4 => {
                let Some(id) = input.descriptor(&opened) else { continue };
                let Ok(span) = device.raw_span(id, u32::from(input.byte())) else { continue };
                let len = span.byte_len();
                assert!(len <= SECTORS * SECTOR);
                let first =
                    device.seek(id, 0, Whence::Current).expect("the descriptor is open") as usize * SECTOR;
                if device.read_raw(id, span, &mut out[..len]).is_ok() {
                    assert!(out[..len] == IMAGE[first..][..len]);
                }
            }
            5 => {
                let fault = match input.byte() {
                    0 => Fault::Error,
                    1..=127 => Fault::None,
                    missing => Fault::Short(usize::from(missing - 127)),
                };
                card.world.read_faults.borrow_mut().push_back(fault);
            }
            6 => {
                let out_of_it = card.world.present.get();
                if out_of_it { card.world.pull() } else { card.world.present.set(true) }
            }
            _ => {
                let code = COMMANDS[usize::from(input.byte()) % COMMANDS.len()];
                let mut fields: [u8; 36] = [0; 36];
                // Small numbers most of the time: they are answered.
                for field in fields.chunks_exact_mut(4).skip(1) {
                    let value = if input.byte() < 240 { u32::from(input.byte()) * 97 } else { input.word() };
                    field.copy_from_slice(&value.to_le_bytes());
                }
                fields[8..12].copy_from_slice(&u32::from(input.byte() % 44).to_le_bytes());
                request(&mut device, code, &fields, &mut out);
            }
        }
    }
});

fn request(device: &mut UmdDevice<'_, TestCard>, code: u32, fields: &[u8; 36], out: &mut [u8]) {
    const ROOM: usize = MOST - 16;
    let Some(Ok(command)) = Devctl::parse(code, Some(fields), Some(ROOM)) else { return };
    out.fill(0xEE);
    let len = command.output_len();
    assert!(len <= ROOM);
    let answer = device.devctl(&command, &mut out[..len]);
    assert!(out[ROOM..].iter().all(|&byte| byte == 0xEE));
    let params = LbaParams::parse(fields).expect("long enough");
    if !Devctl::is_read(code) || answer.is_err() {
        return;
    }
    let offset = params.offset().expect("it was answered");
    let on_disc = usize::try_from(offset).ok().and_then(|at| IMAGE.get(at..)).unwrap_or_default();
    let same = len.min(on_disc.len());
    assert!(out[..same] == on_disc[..same], "{len} bytes at {offset}");
    // A directory may go on past the end of the disc, with zeros.
    assert!(same == len || params.is_directory(), "{len} bytes at {offset} are not on the disc");
    assert!(out[same..len].iter().all(|&byte| byte == 0));
}
