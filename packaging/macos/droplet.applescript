-- Passes the files and folders that are dropped onto this app to Cisor, in a window of Terminal that stays open.
-- make-droplets.sh replaces @PROGRAM@ and @ACTION@.
on open theItems
	set theNames to ""
	repeat with anItem in theItems
		set theNames to theNames & " " & quoted form of POSIX path of anItem
	end repeat
	tell application "Terminal"
		activate
		do script quoted form of "@PROGRAM@" & " drop @ACTION@ --wait --" & theNames
	end tell
end open

on run
	display dialog "Drop disc images or folders onto this app." buttons {"OK"} default button 1
end run
