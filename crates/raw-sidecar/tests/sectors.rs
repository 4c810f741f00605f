//! Regenerated sectors against those of an independent script.

use std::path::Path;
use std::process::Command;

use raw_sidecar::{Header, Mode};

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn sectors_are_those_of_the_script() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cd_game.py");
    let output = Command::new("python3").arg(script).arg("--vectors").output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 32);
    for line in text.lines() {
        let [mode, address, subheader, sector] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let mode = match mode {
            "mode1" => Mode::Mode1,
            "form1" => Mode::Form1,
            "form2" => Mode::Form2,
            _ => Mode::Form2NoEdc,
        };
        let subheader = bytes(subheader).try_into().unwrap();
        let header = Header { mode, address: address.parse().unwrap(), subheader };
        let expected: [u8; 2352] = bytes(sector).try_into().unwrap();
        let (start, len) = (mode.user_start(), mode.user_len());
        let mut sector = [0xEE; 2352];
        sector[start..start + len].copy_from_slice(&expected[start..start + len]);
        header.complete(&mut sector);
        assert!(sector == expected, "{mode:?} {address}");
        // A Form 2 sector of zeros has no EDC that could tell.
        assert_eq!(Header::of(&sector).map(|header| header.address), Some(header.address));
        assert_eq!(Header::of(&sector).unwrap().subheader, header.subheader);
    }
}
