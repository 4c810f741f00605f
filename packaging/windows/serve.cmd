@echo off
rem Drop a folder with disc images onto this file. It needs cisor.exe in the same folder.
setlocal EnableExtensions EnableDelayedExpansion
rem Windows does not quote names with & or ^: see the other .cmd files.
set "CISOR_COMMAND_LINE=!cmdcmdline!"
setlocal DisableDelayedExpansion
if not exist "%~dp0cisor.exe" goto missing
"%~dp0cisor.exe" drop --script "%~f0" --was-dropped
if errorlevel 1 goto typed
"%~dp0cisor.exe" serve --script "%~f0"
set "CISOR_CODE=%ERRORLEVEL%"
pause
exit %CISOR_CODE%
:typed
"%~dp0cisor.exe" serve -- %*
exit /b %ERRORLEVEL%
:missing
echo cisor.exe has to be in the same folder as this file.
pause
exit /b 2
