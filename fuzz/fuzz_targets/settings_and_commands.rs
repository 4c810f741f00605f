//! Any bytes as the driver's settings, for any disc, give settings; any bytes as a file of commands for the console's
//! program give commands, or say which lines are wrong.
#![no_main]

use console_app::commands;
use libfuzzer_sys::fuzz_target;
use umd_device::{Config, MAX_CONFIG_LEN};

fuzz_target!(|input: &[u8]| {
    let Some((&[id_len], rest)) = input.split_first_chunk::<1>() else { return };
    let (disc_id, text) = rest.split_at(usize::from(id_len % 16).min(rest.len()));
    let _ = Config::parse(&text[..text.len().min(MAX_CONFIG_LEN)], disc_id);

    let lines = text.split(|&byte| byte == b'\n').count();
    match commands::parse(text) {
        Ok(found) => assert!(found.len() <= lines),
        Err(bad) => {
            assert!(!bad.is_empty() && bad.iter().all(|line| (1..=lines).contains(&(line.number as usize))))
        }
    }
});
