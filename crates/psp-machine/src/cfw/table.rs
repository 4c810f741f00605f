//! The table of firmwares. Places are repository, file and function. Repositories: ARK-4 is
//! PSP-Archive/ARK-4, ARK-5 PSP-Arkfive/ARK-5, PRO MrColdbird/procfw, TheFlow TheOfficialFloW/Adrenaline,
//! isage isage/Adrenaline, ME PSP-Archive/minimum_edition, SDK pspdev/psp-cfw-sdk.

use super::sources::{Sources, assumed, read, reported, run};
use super::{Expected, Row};

const FIRMWARE_660: u32 = 0x0606_0010;
const FIRMWARE_661: u32 = 0x0606_0110;

const KEYS_VSH: u32 = 0x100;
const KEYS_UPDATER: u32 = 0x110;
const KEYS_GAME: u32 = 0x200;
const KEYS_POPS: u32 = 0x300;

const INFERNO: &[&str] = &["PRO_Inferno_Driver", "sceIsofs_driver"];
const STICK: &[&str] = &["mscmhc0:", "fatms0:"];
const IMAGE: &str = "ms0:/ISO/Game with a long name [v1.01].cso";
const IMAGE_INTERNAL: &str = "ef0:/ISO/Game.cso";
/// The driver of Inferno, March33 and ME.
const UMD9660: Option<(&str, &str)> = Some(("umd", "UMD9660"));
/// Sony's own driver for images: also "umd".
const NP9660: Option<(&str, &str)> = Some(("umd", "NP9660"));

/// `sctrlHENFindDriver`, `sctrlHENFindFunction` and `GetUmdFile`, which all of them export to the kernel.
const PORTABLE: &[u32] = &[0x78E4_6415, 0x159A_F5CC, 0xAC56_B90B];
/// The same plus `sctrlSEGetUmdFile`.
const WITH_SE: &[u32] = &[0x78E4_6415, 0x159A_F5CC, 0xAC56_B90B, 0xBA21_998E];

const ARK4: Row = Row {
    name: "ARK-4, PSP",
    model: 1,
    firmware: FIRMWARE_661,
    modules: INFERNO,
    apitypes: &[0x123, 0x124],
    key_config: KEYS_GAME,
    path: IMAGE,
    path_alignment: 2,
    driver: UMD9660,
    system_control: 0,
    exports: WITH_SE,
    status_devices: STICK,
    expected: Expected::TakesOver,
    sources: Sources {
        modules: read("ARK-4 core/inferno/main.c, PSP_MODULE_INFO"),
        apitypes: read("ARK-4 core/vshctrl/virtual_pbp.c, vpbp_loadexec; common/include/pspinit.h"),
        path: read("ARK-4 common/include/rebootconfig.h, iso_path at 10; core/systemctrl/src/sctrl_se.c"),
        driver: run("ARK-4 core/inferno/iodrv_funcs.c, g_iodrv"),
        functions: read("ARK-4 core/systemctrl/exports.exp, SystemCtrlForKernel, 0"),
    },
};

const ARK5: Row = Row {
    name: "ARK-5, PSP",
    sources: Sources {
        modules: read("ARK-5 Core/Inferno/main.c, PSP_MODULE_INFO"),
        apitypes: read("ARK-5 Core/VSHControl/src/vshpatch.c, umdLoadExec"),
        path: run("SDK include/rebootexconfig.h, RebootexConfigARK; ARK-5 Core/SystemControl/src/sctrl_se.c"),
        driver: run("ARK-5 Core/Inferno/src/iodrv_funcs.c, g_iodrv"),
        functions: run("ARK-5 Core/SystemControl/exports.exp, SystemCtrlForKernel, 0"),
    },
    ..ARK4
};

const PRO: Row = Row {
    name: "PRO, PSP-1000",
    model: 0,
    firmware: FIRMWARE_660,
    apitypes: &[0x120],
    path_alignment: 0,
    sources: Sources {
        modules: read("PRO ISODrivers/Inferno/main.c, PSP_MODULE_INFO"),
        apitypes: read("PRO Vshctrl/vshpatch.c, umdLoadExec; Vshctrl/virtual_pbp.c"),
        path: assumed(
            "PRO SystemControl/isoload.c has a char array of its own; compilers align it to a word",
        ),
        driver: read("PRO ISODrivers/Inferno/iodrv_funcs.c, g_iodrv"),
        functions: read("PRO SystemControl/exports.exp, SystemCtrlForKernel, 0"),
    },
    ..ARK4
};

const THEFLOW: Row = Row {
    name: "Adrenaline by TheFlow, Inferno",
    model: 2,
    apitypes: &[0x120],
    path_alignment: 0,
    exports: PORTABLE,
    sources: Sources {
        modules: read("TheFlow cef/inferno/main.c, PSP_MODULE_INFO"),
        apitypes: read("TheFlow cef/vshctrl/main.c, LoadExecVSHCommonPatched"),
        path: read("TheFlow RebootexConfig, umdfilename at 28; cef/systemctrl/systemctrl.c"),
        driver: run("TheFlow cef/inferno/iodrv_funcs.c, g_iodrv"),
        functions: read("TheFlow cef/systemctrl/exports.exp, SystemCtrlForKernel, 0"),
    },
    ..ARK4
};

const ISAGE: Row = Row {
    name: "Adrenaline by isage, Inferno",
    model: 2,
    modules: &["EPI-InfernoDriver", "sceIsofs_driver"],
    path_alignment: 0,
    sources: Sources {
        modules: read("isage cef/iso_drivers/inferno/src/main.c, PSP_MODULE_INFO"),
        apitypes: read("isage cef/core/vshctrl/src/patch_vsh.c, LoadExecVSHCommonPatched"),
        path: read("SDK include/rebootexconfig.h, RebootexConfigEPI, umdfilename at 32"),
        driver: read("isage cef/iso_drivers/inferno/src/iodrv_funcs.c, g_iodrv"),
        functions: read("isage cef/core/systemctrl/exports.exp, SystemCtrlForKernel, 0"),
    },
    ..ARK4
};

const ME: Row = Row {
    name: "ME and LME, image with their own driver",
    model: 1,
    firmware: FIRMWARE_660,
    modules: &["sceIsofs_driver"],
    apitypes: &[0x120, 0x160],
    path_alignment: 0,
    exports: PORTABLE,
    expected: Expected::Declines("ME has no Inferno: its drivers are dax9660 and isotope"),
    sources: Sources {
        modules: read("ME rebootex/main.c: isotope.prx and dax9660.prx; their modules' names are not known"),
        apitypes: read("ME vshctrl/main.c, LoadExecVSHCommonPatched"),
        path: assumed(
            "ME systemctrl/iso/umd9660_driver.c has a buffer of 128 bytes; compilers align it to a word",
        ),
        driver: read("ME systemctrl/iso/umd9660_driver.c, umd9660_driver"),
        functions: read("ME systemctrl/exports.exp, SystemCtrlForKernel, 0"),
    },
    ..ARK4
};

/// Without an image: a disc in the drive.
const DISC: Row = Row {
    name: "ARK-5, disc in the drive",
    modules: &["sceUmdMan_driver", "sceUmd9660_driver", "sceUmd_driver", "sceIsofs_driver"],
    apitypes: &[0x120, 0x160],
    path: "",
    driver: Some(("umd", "UMD9660")),
    expected: Expected::Declines("no image driver, and no path"),
    sources: Sources {
        modules: read("uofw: names of Sony's modules; ARK-5 removes them only where an image is started"),
        apitypes: read("ARK-5 Core/VSHControl/src/vshpatch.c, umdLoadExec: 0x120, with PBOOT 0x160"),
        path: read("ARK-5 Core/VSHControl/src/vshpatch.c, umdLoadExec: sctrlSESetUmdFile(\"\")"),
        driver: assumed("that Sony's driver is called \"umd\" too"),
        functions: ARK5.sources.functions,
    },
    ..ARK5
};

/// Not an image for us: Sony's driver for bought games.
const BOUGHT: Row = Row {
    name: "ARK-4, bought game by np9660",
    modules: &["sceNp9660_driver", "sceIsofs_driver"],
    apitypes: &[0x123, 0x125],
    path: "",
    driver: NP9660,
    expected: Expected::Declines("no image driver, and no path"),
    sources: Sources {
        modules: read("ARK-4 core/rebootex: np9660 is removed only where an image is started"),
        apitypes: read("ARK-4 common/include/pspinit.h, UMDEMU_MS1 and UMDEMU_EF1"),
        path: assumed("that nobody sets a path for it"),
        driver: reported("ONElua/AdrenalineBubbleManager issue 163: name umd, description NP9660"),
        functions: ARK4.sources.functions,
    },
    ..ARK4
};

/// Without an image: a program from the card.
const HOMEBREW: Row = Row {
    name: "Adrenaline by isage, program with an empty drive",
    apitypes: &[0x141],
    path: "",
    expected: Expected::Declines("a program, and no path"),
    sources: Sources {
        path: read("isage cef/core/systemctrl/src/systemctrl.c, sctrlKernelLoadExecVSHWithApitype"),
        apitypes: read("isage cef/core/systemctrl/src/systemctrl.c, sctrlKernelLoadExecVSHWithApitype"),
        ..ISAGE.sources
    },
    ..ISAGE
};

/// All rows.
pub static ROWS: &[Row] = &[
    ARK4,
    Row { name: "ARK-4, PSP-1000", model: 0, firmware: FIRMWARE_660, ..ARK4 },
    Row {
        name: "ARK-4, PSP Go, internal storage",
        model: 4,
        apitypes: &[0x125, 0x126],
        path: IMAGE_INTERNAL,
        status_devices: &["mscmhcemu0:", "mscmhc0:"],
        ..ARK4
    },
    Row {
        name: "ARK-4, image started by another program",
        apitypes: &[0x120],
        sources: Sources {
            apitypes: read(
                "Rinnegatamante/lua-player-plus trunk/ISOLoader/main.c, startISO: 0x120, \"game\"",
            ),
            ..ARK4.sources
        },
        ..ARK4
    },
    Row {
        name: "ARK-4 on a Vita",
        model: 2,
        status_devices: &["mscmhc0:"],
        sources: Sources { apitypes: assumed("that the same code starts images there"), ..ARK4.sources },
        ..ARK4
    },
    ARK5,
    Row {
        name: "ARK-5, PSP Go, internal storage",
        model: 4,
        apitypes: &[0x125, 0x126],
        path: IMAGE_INTERNAL,
        status_devices: &["mscmhcemu0:", "mscmhc0:"],
        ..ARK5
    },
    Row {
        name: "ARK-5 on a Vita",
        model: 2,
        status_devices: &["mscmhc0:"],
        sources: Sources { apitypes: assumed("that the same code starts images there"), ..ARK5.sources },
        ..ARK5
    },
    PRO,
    Row { name: "PRO, PSP-2000 and 3000", model: 1, ..PRO },
    Row {
        name: "PRO, PSP Go",
        model: 4,
        apitypes: &[0x123, 0x125],
        path: IMAGE_INTERNAL,
        status_devices: &["mscmhcemu0:", "mscmhc0:"],
        ..PRO
    },
    THEFLOW,
    ISAGE,
    Row {
        name: "Adrenaline by isage, March33",
        modules: &["EPI-March33Driver", "sceIsofs_driver"],
        sources: Sources {
            modules: read(
                "isage cef/core/systemctrl/src/systemctrl.c, sctrlSESetUmdFile; main.c of the driver",
            ),
            driver: read("isage cef/iso_drivers/march33/src/umd9660.c, g_umd_driver"),
            ..ISAGE.sources
        },
        ..ISAGE
    },
    Row {
        name: "Adrenaline by isage, ME",
        modules: &["EPI-MEisoDriver", "sceIsofs_driver"],
        sources: Sources {
            modules: read("isage cef/iso_drivers/minimal_edition/src/main.c, PSP_MODULE_INFO"),
            driver: read("isage cef/iso_drivers/minimal_edition/src/umd9660_march_driver.c, umd9660_driver"),
            ..ISAGE.sources
        },
        ..ISAGE
    },
    ME,
    Row {
        name: "ME and LME, image by Inferno, if some version has it",
        modules: INFERNO,
        expected: Expected::TakesOver,
        sources: Sources {
            modules: assumed("that a later LME has PRO's driver under its name"),
            ..ME.sources
        },
        ..ME
    },
    DISC,
    Row {
        name: "PRO, disc in the drive, path left from before",
        path: IMAGE,
        apitypes: &[0x120],
        expected: Expected::Declines("no image driver"),
        sources: Sources {
            apitypes: PRO.sources.apitypes,
            path: assumed("PRO Vshctrl/vshpatch.c, umdLoadExec does not clear the path"),
            functions: PRO.sources.functions,
            ..DISC.sources
        },
        ..DISC
    },
    BOUGHT,
    Row {
        name: "Adrenaline by isage, image by np9660 and Galaxy",
        model: 2,
        modules: &["EPI-GalaxyController", "sceNp9660_driver", "sceIsofs_driver"],
        apitypes: &[0x123],
        path: IMAGE,
        path_alignment: 0,
        expected: Expected::Declines("Sony's driver reads the image, with tables of its own"),
        sources: Sources {
            modules: read("isage cef/iso_drivers/galaxy/src/main.c, PSP_MODULE_INFO"),
            apitypes: ISAGE.sources.apitypes,
            path: ISAGE.sources.path,
            driver: BOUGHT.sources.driver,
            functions: ISAGE.sources.functions,
        },
        ..BOUGHT
    },
    HOMEBREW,
    Row {
        name: "ARK-4, program with Inferno loaded and a path left from before",
        path: IMAGE,
        path_alignment: 2,
        modules: INFERNO,
        apitypes: &[0x141, 0x152],
        expected: Expected::Declines("a program"),
        sources: Sources {
            path: assumed("that nobody clears the path; none was found that does"),
            apitypes: read("ARK-4 common/include/pspinit.h, MS2 and EF2"),
            ..ARK4.sources
        },
        ..ARK4
    },
    Row {
        name: "ARK-4 on a Vita, program with an empty drive",
        model: 2,
        path: "",
        apitypes: &[0x141],
        status_devices: &["mscmhc0:"],
        expected: Expected::Declines("a program, and no path"),
        sources: Sources {
            path: read("ARK-4 core/compat/vita/syspatch.c, sctrlKernelLoadExecVSHWithApitypeWithUMDemu"),
            apitypes: read("ARK-4 core/compat/vita/syspatch.c, sctrlKernelLoadExecVSHWithApitypeWithUMDemu"),
            ..ARK4.sources
        },
        ..ARK4
    },
    Row {
        name: "ARK-4, XMB with a mounted UMD video",
        apitypes: &[0x210, 0x220],
        key_config: KEYS_VSH,
        expected: Expected::Declines("the XMB"),
        sources: Sources { apitypes: read("ARK-4 common/include/pspinit.h, VSH1 and VSH2"), ..ARK4.sources },
        ..ARK4
    },
    Row {
        name: "ARK-4, update on a mounted image",
        apitypes: &[0x121],
        key_config: KEYS_UPDATER,
        expected: Expected::Declines("an update"),
        sources: Sources {
            apitypes: read("ARK-4 common/include/pspinit.h, DISC_UPDATER; core/vshctrl/vshpatch.c"),
            ..ARK4.sources
        },
        ..ARK4
    },
    Row {
        name: "PS1 game",
        modules: &["scePops_Manager"],
        apitypes: &[0x144, 0x155],
        key_config: KEYS_POPS,
        path: "",
        driver: None,
        expected: Expected::Declines("a PS1 game"),
        sources: Sources {
            modules: assumed("Sony's module for PS1 games"),
            apitypes: read("ARK-4 common/include/pspinit.h, MS5 and EF5"),
            path: assumed("that nobody sets a path for it"),
            driver: assumed("that no driver of a disc is loaded"),
            functions: ARK4.sources.functions,
        },
        ..ARK4
    },
];
