#!/bin/sh
# Makes apps next to this script that take dropped disc images: "Compress for PSP.app" and its neighbours. They call the
# program where it is now, so run this again after moving the folder.
set -eu
cd "$(dirname "$0")"
program=$(pwd)/cisor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make() {
    name=$1
    action=$2
    # In a string of AppleScript, quotes and backslashes are escaped; for sed, its own characters too.
    path=$(printf '%s' "$program" | sed -e 's/[\\"]/\\&/g' | sed -e 's/[\\&|]/\\&/g')
    sed -e "s|@PROGRAM@|$path|" -e "s|@ACTION@|$action|" droplet.applescript >"$work/droplet.applescript"
    rm -rf "$name.app"
    osacompile -o "$name.app" "$work/droplet.applescript"
    # osacompile signs what it makes on some systems; the change below would break that signature.
    /usr/libexec/PlistBuddy -c "Delete :CFBundleDocumentTypes" "$name.app/Contents/Info.plist" 2>/dev/null || true
    /usr/libexec/PlistBuddy -c "Merge document-types.plist" "$name.app/Contents/Info.plist"
    codesign --force --sign - "$name.app"
    echo "$name.app"
}

make "Compress for PSP" "--for psp"
make "Compress for PS2 (OPL)" "--for opl"
make "Compress for PPSSPP" "--for ppsspp"
make "Extract to ISO" "--extract"
make "Verify" "--verify"
