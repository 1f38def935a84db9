// The modes of clarion-bench: each one measures one thing and says it in the report.
// One file each: mode_idle.cpp, mode_chat.cpp, …; hibernation and resume share mode_resume.cpp.
#pragma once

#include "base/result.h"
#include "tools/bench/loop.h"
#include "tools/bench/report.h"
#include "tools/bench/settings.h"

namespace clarion::bench {

/// Writes one "localpart@domain<TAB>password" per line: what clarionctl user import reads. Or makes
/// the accounts in a database.
Result<void> write_accounts(const Settings& settings);

/// What an idle session costs: the server's memory before, at half and with all of them; CPU while
/// nothing happens; what is left when they are gone.
Result<void> run_idle(const Settings& settings, Loop& loop, Report& report);

/// Sessions 2i and 2i+1 send each other messages. Every message carries when it was sent, so loss,
/// order and latency are known without asking the server.
Result<void> run_chat(const Settings& settings, Loop& loop, Report& report);

/// Sessions read their whole archives, page by page, from end to end and back.
Result<void> run_mam(const Settings& settings, Loop& loop, Report& report);

/// Accounts publish (XEP-0163): how soon that is answered, which means durable, how soon contacts
/// hear of it, and how many notifications the server does.
Result<void> run_pep(const Settings& settings, Loop& loop, Report& report);

/// Sessions fill a node of their accounts and page through it.
Result<void> run_items(const Settings& settings, Loop& loop, Report& report);

/// All sessions are in one room (XEP-0045), and some speak at a fixed rate: how soon all have heard,
/// and what a delivery, an occupant and entering cost.
Result<void> run_room(const Settings& settings, Loop& loop, Report& report);

/// Phones that are offline or hibernating, and a gateway: from a message handed to the server to
/// its publish arriving, at a fixed rate; or how many publishes the server does.
Result<void> run_push(const Settings& settings, Loop& loop, Report& report);

/// The gateway is not there when each phone gets a message: what waiting costs the server, and how
/// what waits goes out when the gateway attaches.
Result<void> run_outage(const Settings& settings, Loop& loop, Report& report);

/// Sessions begin to hibernate, get messages, and are written down for run_resume().
Result<void> run_sleep(const Settings& settings, Loop& loop, Report& report);

/// Resumes the sessions of the state file, so many at a time; the server may have been restarted.
/// Every message that run_sleep() sent must come, and once.
Result<void> run_resume(const Settings& settings, Loop& loop, Report& report);

}  // namespace clarion::bench
