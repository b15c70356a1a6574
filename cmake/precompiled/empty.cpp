// A precompiled header set needs a target, and a target a source file.
