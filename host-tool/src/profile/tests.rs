use image_writer::{DeflateEncoder, Effort, Lz4Encoder, Optimize, OutputFormat, PlanError};
use proptest::prelude::*;

use super::*;

const IMAGE: u64 = 64 << 20;
const GIB: u64 = 1 << 30;

fn plan(profile: Profile, compress_options: &CompressOptions) -> Plan {
    choose(profile, compress_options, IMAGE).unwrap_or_else(|refusal| panic!("{profile}: {refusal}")).plan
}

#[test]
fn defaults_of_each_profile() {
    use OutputFormat::{Cso, Zso};
    const ZLIB: DeflateEncoder = DeflateEncoder::Zlib { level: 9 };
    const LIBDEFLATE: DeflateEncoder = DeflateEncoder::Libdeflate { level: 9 };
    for (profile, format, block_size, deflate, percent, firmware_safe, pad_file_to) in [
        (Profile::Psp, Cso, 2048, ZLIB, 95, true, 1),
        (Profile::Adrenaline, Cso, 2048, ZLIB, 95, true, 1),
        (Profile::Ark, Cso, 2048, ZLIB, 95, true, 1),
        (Profile::Ppsspp, Cso, 16384, LIBDEFLATE, 100, false, 1),
        (Profile::Pcsx2, Cso, 16384, LIBDEFLATE, 100, false, 1),
        (Profile::Opl, Zso, 2048, LIBDEFLATE, 95, false, 2048),
        (Profile::Cisor, Cso, 2048, LIBDEFLATE, 100, true, 1),
        (Profile::Any, Cso, 2048, LIBDEFLATE, 100, false, 1),
    ] {
        let Choice { plan, notes } = choose(profile, &CompressOptions::default(), IMAGE).unwrap();
        let expected = Plan {
            format,
            block_size,
            index_shift: 0,
            deflate,
            lz4: Lz4Encoder::optimal(64),
            threshold: Threshold::new(percent).unwrap(),
            optimize: Optimize::Size,
            firmware_safe,
            pad_file_to,
            threads: NonZeroUsize::MIN,
        };
        assert_eq!(plan, expected, "{profile}");
        assert_eq!(notes, [""; 0], "{profile}");
    }
}

#[test]
fn formats_of_each_profile() {
    for (profile, expected) in [
        (Profile::Psp, &["cso"][..]),
        (Profile::Adrenaline, &["cso"]),
        (Profile::Ark, &["cso", "zso"]),
        (Profile::Ppsspp, &["cso"]),
        (Profile::Pcsx2, &["cso", "zso"]),
        (Profile::Opl, &["zso"]),
        (Profile::Cisor, &["cso", "cso2", "zso"]),
        (Profile::Any, &["cso", "cso2", "zso", "dax", "jso", "chd"]),
    ] {
        for format in OutputFormat::ALL {
            let result =
                choose(profile, &CompressOptions { to: Some(format), ..CompressOptions::default() }, IMAGE);
            if expected.contains(&format.name()) {
                assert_eq!(result.unwrap().plan.format, format);
            } else {
                assert_eq!(result, Err(Refusal::Format { profile, got: format }));
            }
        }
    }
}

#[test]
fn block_sizes_of_each_profile() {
    const SIZES: [u32; 9] = [2048, 4096, 8192, 16384, 32768, 65536, 262_144, 524_288, 1 << 20];
    for (profile, format, count) in [
        (Profile::Psp, OutputFormat::Cso, 1),
        (Profile::Adrenaline, OutputFormat::Cso, 1),
        (Profile::Ark, OutputFormat::Cso, 3),
        (Profile::Ark, OutputFormat::Zso, 3),
        (Profile::Ppsspp, OutputFormat::Cso, 5),
        (Profile::Pcsx2, OutputFormat::Cso, 5),
        (Profile::Pcsx2, OutputFormat::Zso, 5),
        (Profile::Opl, OutputFormat::Zso, 1),
        (Profile::Cisor, OutputFormat::Cso, 3),
        (Profile::Cisor, OutputFormat::Cso2, 3),
        (Profile::Cisor, OutputFormat::Zso, 3),
        (Profile::Any, OutputFormat::Cso, 7),
        (Profile::Any, OutputFormat::Cso2, 7),
        (Profile::Any, OutputFormat::Zso, 7),
        (Profile::Any, OutputFormat::Jso, 4),
        (Profile::Any, OutputFormat::Chd, 5),
    ] {
        for (number, size) in SIZES.into_iter().enumerate() {
            for ignore_limits in [false, true] {
                let options = CompressOptions {
                    to: Some(format),
                    block_size: Some(size),
                    ignore_limits,
                    ..CompressOptions::default()
                };
                // What --ignore-limits is for.
                let most = match profile {
                    Profile::Cisor => 16 << 10,
                    Profile::Pcsx2 => 256 << 10,
                    _ => 0,
                };
                let overridden = ignore_limits && size <= most;
                let result = choose(profile, &options, IMAGE);
                assert_eq!(result.is_ok(), number < count || overridden, "{profile} {size} {ignore_limits}");
            }
        }
    }
}

#[test]
fn odd_block_sizes_are_refused_by_all() {
    for profile in Profile::ALL {
        for size in [0, 1, 512, 1024, 2047, 2352, 3072, 6144, u32::MAX] {
            let result = choose(
                profile,
                &CompressOptions { block_size: Some(size), ..CompressOptions::default() },
                IMAGE,
            );
            assert!(matches!(result, Err(Refusal::BlockSize { got, .. }) if got == size), "{profile} {size}");
        }
    }
}

#[test]
fn dax_has_its_one_block_size() {
    let dax = CompressOptions { to: Some(OutputFormat::Dax), ..CompressOptions::default() };
    assert_eq!(plan(Profile::Any, &dax).block_size, 8192);
    assert_eq!(plan(Profile::Any, &CompressOptions { block_size: Some(8192), ..dax }).block_size, 8192);
    for size in [2048, 4096, 16384] {
        let refusal =
            choose(Profile::Any, &CompressOptions { block_size: Some(size), ..dax }, IMAGE).unwrap_err();
        let text = format!("{refusal} {}", refusal.fix());
        assert!(
            text.contains("all blocks of the format have 8192") && text.contains("Leave out -b"),
            "{text}"
        );
    }
}

#[test]
fn blocks_of_16_kib_for_our_driver_need_the_override_and_warn() {
    let options = CompressOptions { block_size: Some(16384), ..CompressOptions::default() };
    let refusal = choose(Profile::Cisor, &options, IMAGE).unwrap_err();
    assert!(matches!(refusal, Refusal::Unwise { got: 16384, max: 8192, .. }), "{refusal:?}");
    assert!(refusal.fix().contains("--ignore-limits") && refusal.to_string().contains("8192"), "{refusal}");

    let choice = choose(Profile::Cisor, &CompressOptions { ignore_limits: true, ..options }, IMAGE).unwrap();
    assert_eq!(choice.notes.len(), 1, "{:?}", choice.notes);
    assert!(choice.notes[0].contains("8192"), "{:?}", choice.notes);
}

/// The readers keep positions in 32 bits. Only Adrenaline 7's menu reads no more than 2 GiB.
#[test]
fn psp_profiles_write_files_below_4_gib() {
    // 24 + 4 * (n + 1) + 2048 * n <= (2^31 - 1) << shift, with blocks at even positions.
    let largest = |shift: u8| ((((1u64 << 31) - 1) << shift) - 28) / 2052 * 2048;
    for profile in [Profile::Psp, Profile::Adrenaline, Profile::Ark] {
        let chosen = |size| choose(profile, &CompressOptions::default(), size).unwrap();
        let small = chosen(largest(0));
        assert_eq!((small.plan.index_shift, small.notes.len()), (0, 0));
        let large = chosen(largest(0) + 2048);
        assert_eq!(large.plan.index_shift, 1);
        assert_eq!(
            large.notes.iter().any(|note| note.contains("2 GiB")),
            profile != Profile::Ark,
            "{:?}",
            large.notes
        );
        assert!(chosen(largest(1)).plan.worst_case_len(largest(1)) < 4 * GIB);
        let refusal = choose(profile, &CompressOptions::default(), largest(1) + 2048).unwrap_err();
        assert!(
            matches!(refusal, Refusal::FourGib { worst_case, .. } if worst_case >= 4 * GIB - 2048),
            "{refusal:?}"
        );
        assert!(refusal.to_string().contains("4 GiB"), "{refusal}");
    }
    for profile in [Profile::Ppsspp, Profile::Pcsx2, Profile::Cisor, Profile::Any, Profile::Opl] {
        assert!(choose(profile, &CompressOptions::default(), largest(1) + 2048).is_ok(), "{profile}");
    }
}

#[test]
fn discs_of_the_other_console_are_refused_unless_forced() {
    let disc = |console| Disc { console, ..Disc::default() };
    for (profile, wrong) in
        [(Profile::Opl, Console::Psp), (Profile::Pcsx2, Console::Psp), (Profile::Psp, Console::Ps2)]
    {
        let refusal = check_console(profile, &disc(Some(wrong)), false).unwrap_err();
        let text = format!("{refusal}. {}", refusal.fix());
        assert!(text.contains(wrong.name()) && text.contains("-f") && !text.contains("or any"), "{text}");
        assert_eq!(check_console(profile, &disc(Some(wrong)), true), Ok(()));
        assert_eq!(check_console(profile, &disc(None), false), Ok(()));
        assert_eq!(check_console(profile, &disc(profile.console()), false), Ok(()));
    }
    for console in [Console::Psp, Console::Ps2] {
        assert_eq!(check_console(Profile::Any, &disc(Some(console)), false), Ok(()));
    }
}

#[test]
fn shift_is_the_smallest_that_fits() {
    for (size, shift) in [(IMAGE, 0), (3 * GIB, 1), (5 * GIB, 2), (9 * GIB, 3)] {
        for profile in [Profile::Ppsspp, Profile::Pcsx2, Profile::Cisor, Profile::Opl, Profile::Any] {
            assert_eq!(
                choose(profile, &CompressOptions::default(), size).unwrap().plan.index_shift,
                shift,
                "{profile} {size}"
            );
        }
    }
}

#[test]
fn alignment_only_ever_raises_the_shift() {
    let shift = |profile, align, size| {
        choose(profile, &CompressOptions { align: Some(align), ..CompressOptions::default() }, size)
            .map(|choice| choice.plan.index_shift)
    };
    assert_eq!(shift(Profile::Ppsspp, 1, IMAGE), Ok(0));
    assert_eq!(shift(Profile::Ppsspp, 64, IMAGE), Ok(6));
    assert_eq!(shift(Profile::Ppsspp, 1 << 20, IMAGE), Ok(20));
    assert_eq!(shift(Profile::Ppsspp, 1, 5 * GIB), Ok(2));
    assert_eq!(shift(Profile::Opl, 2048, IMAGE), Ok(11));
    for (profile, align) in [
        (Profile::Ppsspp, 0),
        (Profile::Ppsspp, 48),
        (Profile::Ppsspp, 1 << 21),
        (Profile::Opl, 4096),
        // Their files only have a shift if they need one.
        (Profile::Psp, 2),
        (Profile::Ark, 64),
    ] {
        let refusal = shift(profile, align, IMAGE).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Align { got, .. } if got == align),
            "{profile} {align}: {refusal:?}"
        );
    }
    for format in [OutputFormat::Dax, OutputFormat::Jso] {
        let options =
            |align| CompressOptions { to: Some(format), align: Some(align), ..CompressOptions::default() };
        assert!(choose(Profile::Any, &options(1), IMAGE).is_ok());
        assert!(matches!(choose(Profile::Any, &options(2), IMAGE), Err(Refusal::Align { max: 1, .. })));
    }
}

#[test]
fn alignment_that_saves_nothing_is_said() {
    let notes = |align| {
        choose(Profile::Any, &CompressOptions { align: Some(align), ..CompressOptions::default() }, IMAGE)
            .unwrap()
            .notes
    };
    assert_eq!(notes(1024), [""; 0]);
    assert!(notes(2048)[0].contains("2048"));
}

/// The firmware's readers come before the driver.
#[test]
fn alignment_that_overruns_the_firmware_before_our_driver_is_said() {
    let notes = |align| {
        choose(Profile::Cisor, &CompressOptions { align: Some(align), ..CompressOptions::default() }, IMAGE)
            .unwrap()
            .notes
    };
    assert_eq!(notes(1024), [""; 0]);
    assert!(notes(4096).iter().any(|note| note.contains("overrun")), "{:?}", notes(4096));
}

#[test]
fn threshold_can_be_chosen() {
    let threshold = Threshold::new(80);
    for profile in Profile::ALL {
        assert_eq!(
            Some(plan(profile, &CompressOptions { threshold, ..CompressOptions::default() }).threshold),
            threshold
        );
    }
}

#[test]
fn encoders_by_reader() {
    let best = CompressOptions { level: Level::Best, ..CompressOptions::default() };
    for profile in [Profile::Psp, Profile::Adrenaline, Profile::Ark] {
        for level in [1, 5, 9].into_iter().filter_map(Level::new) {
            let plan = plan(profile, &CompressOptions { level, ..CompressOptions::default() });
            assert!(matches!(plan.deflate, DeflateEncoder::Zlib { .. }), "{profile}");
        }
        let choice = choose(profile, &best, IMAGE).unwrap();
        assert_eq!(choice.plan.deflate, DeflateEncoder::Zlib { level: 9 });
        assert!(choice.notes[0].contains("--best") && choice.notes[0].contains("-6"), "{:?}", choice.notes);
    }
    for profile in [Profile::Ppsspp, Profile::Pcsx2, Profile::Cisor, Profile::Any] {
        let choice = choose(profile, &best, IMAGE).unwrap();
        assert_eq!(choice.plan.deflate, DeflateEncoder::Sector { effort: Effort::Best });
        assert_eq!(choice.notes, [""; 0]);
    }
    // Only firmwares play these, so they get streams that firmwares are known to accept.
    for format in [OutputFormat::Dax, OutputFormat::Jso] {
        let plan = plan(Profile::Any, &CompressOptions { to: Some(format), ..CompressOptions::default() });
        assert_eq!(plan.deflate, DeflateEncoder::Zlib { level: 9 });
    }
    let zso = CompressOptions { to: Some(OutputFormat::Zso), ..best };
    assert_eq!(choose(Profile::Ark, &zso, IMAGE).unwrap().notes, [""; 0], "LZ4 has stronger levels");
}

/// Its readers round the number of blocks down, but still read every byte of the last one.
#[test]
fn ark_reads_an_image_that_ends_inside_a_block_without_a_word() {
    let options = CompressOptions { block_size: Some(8192), ..CompressOptions::default() };
    for to in [OutputFormat::Cso, OutputFormat::Zso] {
        let notes =
            choose(Profile::Ark, &CompressOptions { to: Some(to), ..options }, IMAGE + 2048).unwrap().notes;
        assert_eq!(notes, [""; 0]);
    }
}

#[test]
fn images_that_no_format_can_hold_are_refused() {
    for profile in Profile::ALL {
        for size in [0, 1, 2047, 2049, IMAGE + 1] {
            let result = choose(profile, &CompressOptions::default(), size);
            assert_eq!(result, Err(Refusal::Plan(PlanError::ImageSize { size })), "{profile}");
        }
    }
    let fix = choose(Profile::Opl, &CompressOptions::default(), 2352 * 1001).unwrap_err().fix();
    assert!(fix.contains("2352"), "{fix}");
    // A header can contain anything.
    for size in [1 << 53, 1 << 60, u64::MAX - 2047] {
        for profile in Profile::ALL {
            assert!(choose(profile, &CompressOptions::default(), size).is_err(), "{profile} {size}");
        }
    }
    for format in [OutputFormat::Dax, OutputFormat::Jso] {
        let refusal = choose(
            Profile::Any,
            &CompressOptions { to: Some(format), ..CompressOptions::default() },
            5 * GIB,
        )
        .unwrap_err();
        assert!(matches!(refusal, Refusal::Plan(PlanError::TooLarge { .. })), "{refusal:?}");
    }
}

#[test]
fn profile_for_a_disc() {
    let disc = |console| Disc { console, ..Disc::default() };
    assert_eq!(Profile::for_disc(&disc(Some(Console::Psp))), Some(Profile::Psp));
    assert_eq!(Profile::for_disc(&disc(Some(Console::Ps2))), Some(Profile::Opl));
    assert_eq!(Profile::for_disc(&disc(None)), None);
}

#[test]
fn names_lead_back_to_profiles() {
    for profile in Profile::ALL {
        assert_eq!(Profile::from_name(profile.name()), Some(profile));
    }
    assert_eq!(Profile::from_name("PSP"), None);
}

/// Every refusal gives the requested value, the reason, and what to do.
#[test]
fn refusals_have_reason_and_fix() {
    let cases: [(Profile, CompressOptions, u64, &[&str]); 8] = [
        (
            Profile::Psp,
            CompressOptions { to: Some(OutputFormat::Zso), ..CompressOptions::default() },
            IMAGE,
            &["psp", "ZSO", "--to cso"],
        ),
        (
            Profile::Opl,
            CompressOptions { to: Some(OutputFormat::Cso), ..CompressOptions::default() },
            IMAGE,
            &["opl", "1.2+ does not read CSO", "--to zso"],
        ),
        (
            Profile::Psp,
            CompressOptions { block_size: Some(8192), ..CompressOptions::default() },
            IMAGE,
            &["8192", "2048", "Leave out -b", "--for ark, ppsspp or cisor."],
        ),
        (
            Profile::Opl,
            CompressOptions { block_size: Some(4096), ..CompressOptions::default() },
            IMAGE,
            &["4096", "crashes", "--for pcsx2."],
        ),
        (
            Profile::Ark,
            CompressOptions { block_size: Some(16384), ..CompressOptions::default() },
            IMAGE,
            &["16384", "8192", "2048 to 8192"],
        ),
        (Profile::Psp, CompressOptions::default(), 4 * GIB, &["4294967296", "4 GiB", "--for"]),
        (
            Profile::Any,
            CompressOptions {
                to: Some(OutputFormat::Dax),
                optimize: Optimize::Load,
                ..CompressOptions::default()
            },
            IMAGE,
            &["DAX", "plain", "--optimize"],
        ),
        (
            Profile::Opl,
            CompressOptions { align: Some(4096), ..CompressOptions::default() },
            IMAGE,
            &["4096", "2048", "--align"],
        ),
    ];
    for (profile, options, size, words) in cases {
        let refusal = choose(profile, &options, size).unwrap_err();
        let text = format!("{refusal}. {}", refusal.fix());
        for word in words {
            assert!(text.contains(word), "{word:?} is missing: {text}");
        }
    }
}

prop_compose! {
    fn any_wishes()(
        to in prop::option::of(prop::sample::select(&OutputFormat::ALL[..])),
        block_size in prop::option::of((10u32..21).prop_map(|power| 1 << power)),
        level in prop::option::of(1u8..=9),
        percent in prop::option::of(1u8..=100),
        align in prop::option::of((0u32..22).prop_map(|power| 1 << power)),
        load in any::<bool>(),
        ignore_limits in any::<bool>(),
        threads in 1usize..=16,
    ) -> CompressOptions {
        CompressOptions {
            to,
            block_size,
            level: level.and_then(Level::new).unwrap_or(Level::Best),
            threshold: percent.and_then(Threshold::new),
            optimize: if load { Optimize::Load } else { Optimize::Size },
            align,
            ignore_limits,
            threads: NonZeroUsize::new(threads).unwrap(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Whatever is chosen, its readers can use it, and the profiles' own rules leave nothing for the
    /// safeguard to refuse.
    #[test]
    fn every_choice_is_read(
        profile in prop::sample::select(&Profile::ALL[..]),
        compress_options in any_wishes(),
        // Up to a terabyte, small and large ones alike.
        sectors in (0u32..29).prop_flat_map(|bits| 0u64..1 << bits),
    ) {
        let image_size = sectors * 2048;
        match choose(profile, &compress_options, image_size) {
            Ok(Choice { plan, notes }) => {
                prop_assert_eq!(plan.check(image_size), Ok(()));
                prop_assert!(profile.formats().contains(&plan.format));
                let facts = crate::readers::Facts::from_plan(&plan, image_size);
                let Some(facts) = facts else {
                    // No profile with readers writes it.
                    prop_assert!(plan.format == OutputFormat::Chd && profile.readers().is_empty());
                    return Ok(());
                };
                for &reader in profile.readers() {
                    match crate::readers::verdict(reader, &facts) {
                        crate::readers::Verdict::Reads => {}
                        crate::readers::Verdict::Caution(why) | crate::readers::Verdict::Unknown(why) => {
                            prop_assert!(notes.iter().any(|note| note.contains(&why)), "{} {}", reader, why);
                        }
                        crate::readers::Verdict::Refuses(why) => prop_assert!(false, "{} {}", reader, why),
                    }
                }
                if profile.rules().index == rules::Index::Below4Gib {
                    prop_assert!(plan.index_shift <= 1 && facts.file_len < 1 << 32);
                }
            }
            Err(Refusal::Reader { reader, why }) => prop_assert!(false, "{} {}", reader, why),
            Err(refusal) => {
                prop_assert!(!refusal.to_string().is_empty() && !refusal.fix().is_empty());
            }
        }
    }
}
