// Gives the shared precompiled headers a target to live in (clarion_pch_std, _awaitable).
