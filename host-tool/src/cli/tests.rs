//! What the command line takes and refuses.

use clap::CommandFactory;

use super::*;
use crate::level::Level;

fn compress(args: &[&str]) -> Result<CompressArgs, clap::Error> {
    let args = ["cisor", "compress"].iter().chain(args);
    match Cli::try_parse_from(args)?.verb {
        Verb::Compress(args) => Ok(*args),
        other => panic!("{other:?}"),
    }
}

#[test]
fn definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn levels_are_flags() {
    assert_eq!(compress(&["a.iso"]).unwrap().level.level(), Level::default());
    assert_eq!(Some(compress(&["-9", "a.iso"]).unwrap().level.level()), Level::new(9));
    assert_eq!(Some(compress(&["a.iso", "-1"]).unwrap().level.level()), Level::new(1));
    assert_eq!(compress(&["--best", "a.iso"]).unwrap().level.level(), Level::Best);
    assert!(compress(&["-1", "-9", "a.iso"]).is_err());
    assert!(compress(&["-0", "a.iso"]).is_err());
}

#[test]
fn block_sizes_can_be_written_short() {
    let size = |text| compress(&["-b", text, "a.iso"]).map(|args| args.block_size).ok().flatten();
    assert_eq!(size("2048"), Some(2048));
    assert_eq!(size("16K"), Some(16 << 10));
    assert_eq!(size("8kib"), Some(8 << 10));
    assert_eq!(size("1M"), Some(1 << 20));
    for wrong in ["", "K", "0", "2048X", "-1", "5000000K", "4.5K"] {
        assert_eq!(size(wrong), None, "{wrong}");
    }
}

#[test]
fn percentages_and_threads_are_bounded() {
    assert!(compress(&["--threshold", "95", "a"]).is_ok());
    assert!(compress(&["--threshold", "95%", "a"]).is_ok());
    for wrong in ["0", "101", "x"] {
        assert!(compress(&["--threshold", wrong, "a"]).is_err());
    }
    assert!(compress(&["-j", "64", "a"]).is_ok());
    for wrong in ["0", "65", "x"] {
        assert!(compress(&["-j", wrong, "a"]).is_err());
    }
}

#[test]
fn every_profile_and_format_has_a_name() {
    for profile in Profile::ALL {
        assert_eq!(compress(&["--for", profile.name(), "a"]).unwrap().profile, Some(profile));
    }
    for format in OutputFormat::ALL {
        assert_eq!(compress(&["--to", format.name(), "a"]).unwrap().to, Some(format));
    }
}

#[test]
fn arguments_of_other_tools_are_passed_on() {
    let cli = Cli::try_parse_from(["cisor", "compat", "ziso", "-c", "9", "-h", "--json", "in", "out"]);
    let Verb::Compat(args) = cli.unwrap().verb else { panic!() };
    assert_eq!(args.tool, Tool::Ziso);
    assert_eq!(args.args, ["-c", "9", "-h", "--json", "in", "out"]);
}
